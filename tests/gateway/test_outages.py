"""The gateway's background tasks during an outage of the store: every event is sent afterwards, and once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from nst.domain import JobState
from nst.errors import StoreMisconfigured, StoreUnavailable
from nst.gateway.notifier import JobNotifier
from nst.gateway.pools import ThreadPools
from nst.gateway.webhooks.delivery import WebhookSender
from nst.gateway.webhooks.safe_http import PublicHttpClient
from nst.service import JobView, Service
from nst.store.ports import Webhook
from tests.support.memory_store import MemoryFeed, MemoryJobs
from tests.support.memory_store.pending import MemoryWebhooks
from tests.support.studio import Studio

BASE = "http://here"


class FakeConnections:
    """Fake `Connections` that record what is sent."""

    def __init__(self, *names: str) -> None:
        self.names, self.sent = names, list[tuple[str, str]]()

    def base_of(self, connection: str) -> str | None:
        return BASE if connection in self.names else None

    def bases(self) -> list[str]:
        return [BASE]

    async def send(self, connection: str, event: str, _body: dict[str, Any]) -> None:
        self.sent.append((connection, event.partition("::")[0]))

    async def broadcast(self, base: str, event: str, _body: dict[str, Any]) -> None:
        self.sent.append((base, event))


@pytest.fixture
def pools() -> Iterator[ThreadPools]:
    pools = ThreadPools()
    yield pools
    pools.close()


@contextmanager
def outage(monkeypatch: pytest.MonkeyPatch, *calls: tuple[type, str], kind: type[StoreUnavailable] = StoreUnavailable) -> Iterator[None]:
    def unavailable(*_: object, **__: object) -> object:
        raise kind("unavailable")

    with monkeypatch.context() as patched:
        for owner, name in calls:
            patched.setattr(owner, name, unavailable)
        yield


async def attempt(action: Callable[[], Awaitable[None]]) -> None:
    with suppress(StoreUnavailable):
        await action()


@pytest.mark.parametrize("kind", [StoreUnavailable, StoreMisconfigured])
def test_a_client_that_watches_during_an_outage_receives_events_afterwards(
    pools: ThreadPools, studio: Studio, monkeypatch: pytest.MonkeyPatch, kind: type[StoreUnavailable]
) -> None:
    job, connections = studio.submit(), FakeConnections("anna")
    notifier = JobNotifier(studio.service, pools, connections, lambda _: None)

    async def watch() -> None:
        with outage(monkeypatch, (MemoryJobs, "get"), kind=kind):
            await attempt(lambda: notifier._subscribe("anna", job.id, "anna"))
            await attempt(notifier._refresh_all)
        assert connections.sent == []
        await notifier._refresh_all()
        studio.paint()
        await notifier._refresh_all()

    asyncio.run(watch())
    assert connections.sent == [("anna", "TRANSFER_STYLE_PROGRESS"), ("anna", "TRANSFER_STYLE_COMPLETED")]


def test_an_end_that_reached_some_watchers_is_sent_to_the_others_later(
    pools: ThreadPools, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, connections = studio.submit(), FakeConnections("one", "two", "three")
    notifier = JobNotifier(studio.service, pools, connections, lambda _: None)
    sign, allowed = JobView.sign, [True]

    def sign_once(*words: Any) -> tuple[int, str]:
        if allowed:
            allowed.pop()
            return sign(*words)
        raise StoreUnavailable("unavailable")

    async def watch() -> None:
        for name in connections.names:
            await notifier._subscribe(name, job.id, "anna")
        connections.sent.clear()
        studio.paint()
        with monkeypatch.context() as patched:
            patched.setattr(JobView, "sign", sign_once)
            await attempt(notifier._refresh_all)
        assert len(connections.sent) == 1
        await notifier._refresh_all()
        await notifier._refresh_all()

    asyncio.run(watch())
    assert sorted(connections.sent) == [(name, "TRANSFER_STYLE_COMPLETED") for name in sorted(connections.names)]


def test_a_gateway_that_started_in_an_outage_does_not_announce_older_paintings(
    pools: ThreadPools, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.painted(token="old", public=True)
    connections = FakeConnections()
    notifier = JobNotifier(studio.service, pools, connections, lambda _: None)

    async def live() -> None:
        with outage(monkeypatch, (MemoryFeed, "page")):
            await attempt(notifier._read_gallery)
            await attempt(notifier._poll_gallery)
        await notifier._poll_gallery()
        assert connections.sent == []
        studio.now += 1
        studio.painted(token="new", public=True)
        await notifier._poll_gallery()

    asyncio.run(live())
    assert connections.sent == [(BASE, "TRANSFER_STYLE_COMPLETED")]


@pytest.mark.parametrize("call", [(Service, "get"), (MemoryWebhooks, "settle"), (MemoryWebhooks, "pending"), (MemoryWebhooks, "claim")])
def test_a_webhook_survives_an_outage_and_is_sent_once(
    pools: ThreadPools, studio: Studio, monkeypatch: pytest.MonkeyPatch, call: tuple[type, str]
) -> None:
    job = studio.painted()
    assert job.state is JobState.SUCCEEDED
    studio.service.webhooks.put(Webhook(job.id, "anna", "http://there", "whsec_AAAA", BASE), 0.0)
    called: list[str] = []

    async def post(url: str, *_: object) -> int:
        called.append(url)
        return 200

    client = PublicHttpClient(allow_private=True)
    monkeypatch.setattr(client, "post", post)

    async def deliver() -> None:
        webhooks = WebhookSender(studio.service, pools, client, first_pause=0.01)
        running = asyncio.create_task(webhooks.run())
        with outage(monkeypatch, call):
            webhooks.wake()
            await asyncio.sleep(0.2)
        while await pools.read(studio.service.webhooks.pending, float("inf"), 9):
            webhooks.wake()
            await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(deliver())
    assert called == ["http://there"]
