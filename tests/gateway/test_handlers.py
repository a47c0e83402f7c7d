"""Submissions, error bodies and cursors, without a server."""

import asyncio
import os
import socket
import threading

import pytest

from nst import errors
from nst.domain import Cursor
from nst.errors import InvalidRequest, JobIdTaken, PasticheError, ServerBusy, StoreUnavailable, TooManyUploads, UnknownJob
from nst.gateway.auth import Principal, anonymous_owner
from nst.gateway.error_codes import error_body, http_status
from nst.gateway.handlers import Handlers
from nst.gateway.pools import ThreadPools
from nst.gateway.requests import Submission, cursor_text, parse, parse_cursor
from nst.gateway.webhooks.safe_http import PublicHttpClient
from nst.images import Limits
from nst.service import RegionChoice, StyleChoice
from nst.settings import Settings
from tests.support.gateway import a_submission, an_order, data_url
from tests.support.pictures import half_mask, picture_bytes
from tests.support.studio import Studio


def make_handlers(studio: Studio, pools: ThreadPools) -> Handlers:
    return Handlers(studio.service, Settings(), pools, PublicHttpClient(allow_private=True))


def test_a_submission_that_waits_too_long_for_a_thread_is_refused(studio: Studio) -> None:
    pools, may_end = ThreadPools(turn_seconds=0.05), threading.Event()

    async def submit_while_all_threads_are_busy() -> None:
        others = [asyncio.create_task(pools.submit(may_end.wait, 60)) for _ in range(os.cpu_count() or 2)]
        await asyncio.sleep(0)
        with pytest.raises(ServerBusy):
            await make_handlers(studio, pools).submit(Principal("here"), parse(Submission, a_submission()), "http://here")
        may_end.set()
        await asyncio.gather(*others, return_exceptions=True)

    asyncio.run(submit_while_all_threads_are_busy())
    pools.close()


def test_every_error_has_a_code_a_status_and_its_sentence() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PasticheError)]
    codes = {kind.code for kind in kinds}
    # All kinds of StoreUnavailable have one code.
    assert len(codes) == len([kind for kind in kinds if kind is StoreUnavailable or not issubclass(kind, StoreUnavailable)])
    assert {"too_many_jobs", "not_a_picture", "unknown_style", "job_id_taken"} <= codes
    assert error_body(UnknownJob("Gone.")) == {"error": "Gone.", "code": "unknown_job"}
    assert http_status(UnknownJob()) == 404


def test_an_unexpected_error_becomes_a_sentence_without_details(caplog: pytest.LogCaptureFixture) -> None:
    answer = error_body(KeyError("/home/somebody/secret.py"))
    assert answer["code"] == "internal"
    assert "secret" not in answer["error"]
    assert "secret.py" in caplog.text


def test_a_cursor_survives_a_round_trip() -> None:
    cursor = Cursor(1795520351.5484242, "0" * 32)
    assert parse_cursor(cursor_text(cursor)) == cursor
    assert parse_cursor(None) is None
    for text in ("", "_", "1e5_a", "nan_a", "1.0_../..", "1.0", "٣_a"):
        with pytest.raises(InvalidRequest):
            parse_cursor(text)


def test_regions_are_read_as_pictures_and_styles_are() -> None:
    regions = [
        {"mask": data_url(half_mask()), "styles": [{"style": "tide-wash.jpg", "share": 2}, {"style": data_url()}], "strength": 0.25},
        {"mask": "sky", "styles": [{"style": "tide-wash", "part": data_url(half_mask(9, 90))}, {"style": "tide-wash", "part": "dark"}]},
    ]
    submission = parse(Submission, a_submission(regions=regions))
    order = submission.order(submission.image, Limits.of(Settings()), "a" * 32)
    assert list(order.regions) == [
        RegionChoice(half_mask(), [StyleChoice("tide-wash", 2.0), StyleChoice(picture_bytes())], 0.25),
        RegionChoice("sky", [StyleChoice("tide-wash", part=half_mask(9, 90)), StyleChoice("tide-wash", part="dark")]),
    ]


def test_an_id_that_another_painting_has_is_refused_and_nothing_is_stored(studio: Studio) -> None:
    job = studio.submit(owner="anna", public=True)
    before = {key: studio.backend.objects.get(key) for key in studio.stored()}
    with pytest.raises(JobIdTaken):
        studio.service.submit("eve", an_order(job.id))
    assert {key: studio.backend.objects.get(key) for key in studio.stored()} == before


def test_a_repeated_submission_stores_its_webhook_until_the_job_ends(studio: Studio) -> None:
    """The first time, the gateway died after it had stored the job and before it had stored the webhook."""
    job_id, wanted = "a" * 32, {"url": "http://127.0.0.1:9/hook", "secret": "whsec_" + "a" * 32}
    studio.service.submit(anonymous_owner(job_id), an_order(job_id))
    pools = ThreadPools()
    handlers = make_handlers(studio, pools)

    def pending_after_repetition() -> list[str]:
        submission = parse(Submission, a_submission(requestId=job_id, webhook=wanted))
        asyncio.run(handlers.submit(Principal("here"), submission, "http://here"))
        return [webhook.url for webhook in studio.service.webhooks.pending(studio.now, 9)]

    assert pending_after_repetition() == [wanted["url"]]
    studio.paint()
    studio.service.webhooks.settle(job_id)
    assert pending_after_repetition() == [], "the answer has the end of the job"
    pools.close()


def test_no_name_is_resolved_for_a_program_that_has_used_up_its_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    studio, pools, looked_up = Studio({"uploads_per_minute": 1}), ThreadPools(), []
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: looked_up.append(host) or [(0, 0, 0, "", ("127.0.0.1", 443))])
    handlers = Handlers(studio.service, Settings(), pools, PublicHttpClient(allow_private=True))
    webhook = {"url": "https://receiver.example/", "secret": "whsec_" + "a" * 32}

    async def submit() -> None:
        await handlers.submit(Principal("here"), parse(Submission, a_submission(webhook=webhook)), "http://here")

    asyncio.run(submit())
    with pytest.raises(TooManyUploads):
        asyncio.run(submit())
    assert looked_up == ["receiver.example"]
    pools.close()
