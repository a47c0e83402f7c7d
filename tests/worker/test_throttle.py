"""worker.throttle."""

from collections.abc import Callable

from nst.domain import JobProgress, Ticket
from worker.messages import Advanced, Failed, FromChild
from worker.throttle import Throttle

TICKET = Ticket("job", 1)


def advanced(fraction: float) -> Callable[[], Advanced]:
    return lambda: Advanced(TICKET, JobProgress(fraction), b"")


def test_progress_comes_at_most_twice_a_second_and_the_end_always() -> None:
    sent: list[FromChild] = []
    now = 0.0
    throttle = Throttle(sent.append, 0.5, lambda: now)
    for step in range(100):
        now = step / 50
        throttle.advance(advanced(step / 100))
    throttle.finish(Failed(TICKET, "It rained."))
    assert [message.progress.fraction for message in sent if isinstance(message, Advanced)] == [0.0, 0.25, 0.5, 0.75]
    assert sent[-1] == Failed(TICKET, "It rained.")


def test_what_is_not_sent_is_not_made() -> None:
    throttle = Throttle(lambda _: None, 0.5, lambda: 0.0)
    throttle.advance(advanced(0.0))
    throttle.advance(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
