"""What `nst.store.ports.Webhooks` promises."""

from nst.store.ports import Backend, Webhook


def a_webhook(job_id: str = "1" * 32, url: str = "https://example.org/hook") -> Webhook:
    return Webhook(job_id, viewer="anna", url=url, secret="a secret of theirs", base="http://here")


def test_a_webhook_is_given_to_one_sender_at_a_time(backend: Backend) -> None:
    backend.webhooks.put(a_webhook(), 1.0)
    assert backend.webhooks.pending(1.0, 10) == [a_webhook()]
    assert backend.webhooks.claim("1" * 32, 2.0, 60.0) == a_webhook()
    assert backend.webhooks.claim("1" * 32, 3.0, 60.0) is None
    assert backend.webhooks.pending(3.0, 10) == []


def test_a_webhook_whose_sender_died_is_free_again(backend: Backend) -> None:
    backend.webhooks.put(a_webhook(), 1.0)
    backend.webhooks.claim("1" * 32, 2.0, 60.0)
    assert backend.webhooks.pending(62.0, 10) == [a_webhook()]
    assert backend.webhooks.claim("1" * 32, 62.0, 60.0) == a_webhook()


def test_a_settled_webhook_is_forgotten(backend: Backend) -> None:
    backend.webhooks.put(a_webhook(), 1.0)
    backend.webhooks.settle("1" * 32)
    backend.webhooks.settle("1" * 32)
    assert backend.webhooks.claim("1" * 32, 2.0, 60.0) is None
    assert backend.webhooks.pending(2.0, 10) == []


def test_a_job_has_one_webhook_the_last(backend: Backend) -> None:
    backend.webhooks.put(a_webhook(), 1.0)
    backend.webhooks.put(a_webhook(url="https://example.org/other"), 2.0)
    assert backend.webhooks.claim("1" * 32, 3.0, 60.0) == a_webhook(url="https://example.org/other")


def test_the_oldest_webhooks_are_named_first_and_no_more_than_asked(backend: Backend) -> None:
    for number in (3, 1, 2):
        backend.webhooks.put(a_webhook(str(number) * 32), float(number))
    assert backend.webhooks.pending(9.0, 2) == [a_webhook("1" * 32), a_webhook("2" * 32)]
