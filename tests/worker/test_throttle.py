"""How often a model's process reports progress."""

from collections.abc import Callable

from nst.domain import FencingToken, JobProgress
from nst.model_process.child import Throttle
from nst.model_process.messages import Advanced, FromChild

TOKEN = FencingToken("job", 1)


def advanced(fraction: float) -> Callable[[], Advanced]:
    return lambda: Advanced(TOKEN, JobProgress(fraction), b"")


def test_progress_is_sent_at_most_twice_a_second() -> None:
    sent: list[FromChild] = []
    now = 0.0
    throttle = Throttle(sent.append, 0.5, lambda: now)
    for step in range(100):
        now = step / 50
        throttle.send(advanced(step / 100))
    assert [message.progress.fraction for message in sent if isinstance(message, Advanced)] == [0.0, 0.25, 0.5, 0.75]


def test_what_is_not_sent_is_not_made() -> None:
    throttle = Throttle(lambda _: None, 0.5, lambda: 0.0)
    throttle.send(advanced(0.0))
    throttle.send(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
