"""The gateway's parts alone: what is cut down, what is counted, who opens what."""

import asyncio
import os
import threading
from dataclasses import replace

import pytest

from nst import errors
from nst.domain import Cursor, Outcome
from nst.errors import InvalidRequest, JobIdTaken, PasticheError, ServerBusy, TooManyJobs, TooManyUploads, UnknownJob
from nst.gateway.callers import Caller, bearer, find
from nst.gateway.codes import code_of, refusal, status_of
from nst.gateway.contract import Submission, cursor_of, cursor_text, parse
from nst.gateway.desk import Desk
from nst.gateway.limits import Addresses, Bucket, neighbourhood
from nst.gateway.room import SMALL
from nst.gateway.sieve import OVERSIZED, TANGLED, sifted, sifted_payload
from nst.service import Order, StyleChoice
from nst.settings import Settings
from nst.store.ports import Quota
from tests.gateway.conftest import a_submission
from tests.unit.service.conftest import Studio, picture_bytes


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def order(job_id: str) -> Order:
    return Order(picture_bytes(), [StyleChoice("starlit-swirl")], f"gateway-{job_id}", job_id=job_id)


def test_a_bucket_gives_three_seconds_worth_at_once_and_then_its_rate() -> None:
    clock = Clock()
    bucket = Bucket(10, clock)
    assert sum(bucket.take() for _ in range(100)) == 30
    assert bucket.seconds_to_next() == pytest.approx(0.1)
    clock.now = 1.0
    assert sum(bucket.take() for _ in range(100)) == 10


def test_an_address_has_its_share_of_uploads_and_of_jobs_under_way() -> None:
    clock, under_way = Clock(), {"one", "two"}
    addresses = Addresses(per_minute=3, active=2, clock=clock)

    def submit(job_id: str, address: str = "here") -> None:
        with addresses.counted(address, job_id, under_way.__contains__):
            pass

    submit("one")
    submit("two")
    with pytest.raises(TooManyJobs):
        submit("three")
    submit("three", "elsewhere")
    under_way.clear()
    submit("three")
    with pytest.raises(TooManyUploads):
        submit("four")
    clock.now = 61.0
    submit("four")


def test_what_fails_is_not_counted() -> None:
    addresses = Addresses(per_minute=1, active=9, clock=Clock())
    with pytest.raises(InvalidRequest), addresses.counted("here", "one", lambda _: False):
        raise InvalidRequest
    with addresses.counted("here", "two", lambda _: False):
        pass


def test_what_is_still_being_read_is_under_way() -> None:
    """The store knows nothing of it yet."""
    addresses = Addresses(per_minute=9, active=1, clock=Clock())
    one, two = (addresses.counted("here", job_id, lambda _: False) for job_id in ("one", "two"))
    with one, pytest.raises(TooManyJobs), two:
        pass
    with addresses.counted("here", "three", lambda _: False):
        pass


@pytest.mark.parametrize(
    ("address", "known_as"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(address: str, known_as: str) -> None:
    assert neighbourhood(address) == known_as


@pytest.mark.parametrize(
    ("packet", "left"),
    [
        ('420["A",1]', '420["A",1]'),
        ('4217["TRANSFER_STYLE","' + "x" * 300, f'4217["{OVERSIZED}"]'),
        ('42["TRANSFER_STYLE","' + "x" * 300, f'42["{OVERSIZED}"]'),
        ('42/room,8["TRANSFER_STYLE","' + "x" * 300, f'428["{OVERSIZED}"]'),
        ('451-3["TRANSFER_STYLE"]', '451-3["TRANSFER_STYLE"]'),
        ('4599-3["TRANSFER_STYLE"]', f'423["{OVERSIZED}"]'),
        ("4" + "x" * 300, f'42["{OVERSIZED}"]'),
    ],
)
def test_what_is_too_large_is_cut_down_to_what_its_sender_waits_for(packet: str, left: str) -> None:
    assert sifted(packet, 100) == left


def test_of_several_packets_in_one_request_only_the_large_ones_are_cut_down() -> None:
    body = b'421["A"]\x1e422["B","' + b"x" * 300 + b"\x1e3"
    assert sifted_payload(body, 100) == f'421["A"]\x1e422["{OVERSIZED}"]\x1e3'.encode()


def test_a_large_packet_that_waits_for_bytes_brings_them_in_the_same_request_or_is_refused() -> None:
    packet = b'451-9["TRANSFER_STYLE","' + b"x" * SMALL + b'"]'
    assert sifted_payload(packet + b"\x1eb" + b"AAAA", 10 * SMALL) == packet + b"\x1ebAAAA"
    assert sifted_payload(packet + b"\x1e3", 10 * SMALL) == f'429["{OVERSIZED}"]\x1e3'.encode()


def test_a_packet_of_many_parts_is_cut_down_before_it_is_parsed() -> None:
    assert sifted('427["LIST_IMAGES",' + "[]," * 10_000 + "1]", 100_000) == f'427["{TANGLED}"]'


def test_a_submission_that_others_are_before_for_too_long_is_refused(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nst.gateway.desk._TURN_SECONDS", 0.05)
    desk, may_end = Desk(studio.service, Settings()), threading.Event()
    monkeypatch.setattr(desk, "_submit", lambda *_: may_end.wait(60))

    async def submit_to_a_busy_desk() -> None:
        submission = parse(Submission, a_submission())
        others = [asyncio.create_task(desk.submit(Caller("here"), submission, "http://here")) for _ in range(os.cpu_count() or 2)]
        await asyncio.sleep(0)
        with pytest.raises(ServerBusy):
            await desk.submit(Caller("here"), submission, "http://here")
        may_end.set()
        await asyncio.gather(*others, return_exceptions=True)

    asyncio.run(submit_to_a_busy_desk())
    desk.close()


def test_every_error_has_a_code_a_status_and_its_sentence() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PasticheError)]
    codes = {code_of(kind("")) for kind in kinds}
    assert len(codes) == len(kinds)
    assert {"too_many_jobs", "not_a_picture", "unknown_style", "job_id_taken"} <= codes
    assert refusal(UnknownJob("Gone.")) == {"error": "Gone.", "code": "unknown_job"}
    assert status_of(UnknownJob()) == 404


def test_what_nobody_foresaw_is_a_sentence_without_details(caplog: pytest.LogCaptureFixture) -> None:
    answer = refusal(KeyError("/home/somebody/secret.py"))
    assert answer["code"] == "internal"
    assert "secret" not in answer["error"]
    assert "secret.py" in caplog.text


def test_a_cursor_survives_the_way_there_and_back() -> None:
    cursor = Cursor(1795520351.5484242, "0" * 32)
    assert cursor_of(cursor_text(cursor)) == cursor
    assert cursor_of(None) is None
    for text in ("", "_", "1e5_a", "nan_a", "1.0_../..", "1.0", "٣_a"):
        with pytest.raises(InvalidRequest):
            cursor_of(text)


def test_the_id_is_the_key_to_a_private_painting_and_to_no_public_one(studio: Studio) -> None:
    nobody = Caller("here")
    private, public = "a" * 32, "b" * 32
    studio.service.submit(bearer(private), order(private))
    studio.service.submit(bearer(public), replace(order(public), public=True))
    assert find(studio.service, nobody, public)[1] == bearer(public)
    studio.paint()
    studio.paint()
    assert find(studio.service, nobody, private)[1] == bearer(private)
    assert find(studio.service, nobody, public)[1] == ""
    studio.backend.feed.hide(public, True)
    with pytest.raises(UnknownJob):
        find(studio.service, nobody, public)


def test_a_browsers_painting_that_was_public_once_is_not_opened_by_its_id(studio: Studio) -> None:
    job = studio.painted(owner="browser", public=True)
    studio.service.make_private(job.id, "browser")
    for caller in (Caller("here"), Caller("here", "key:other")):
        with pytest.raises(UnknownJob):
            find(studio.service, caller, job.id)


def test_an_id_that_another_painting_has_is_refused_and_nothing_is_stored(studio: Studio) -> None:
    job = studio.submit(owner="anna", public=True)
    before = {key: studio.backend.objects.get(key) for key in studio.stored()}
    with pytest.raises(JobIdTaken):
        studio.service.submit("eve", order(job.id))
    assert {key: studio.backend.objects.get(key) for key in studio.stored()} == before


def test_a_submission_that_is_sent_again_is_owed_its_webhook(studio: Studio) -> None:
    """The first time, the gateway died behind the job and before the webhook."""
    job_id, wanted = "a" * 32, {"url": "http://127.0.0.1:9/hook", "secret": "whsec_" + "a" * 32}
    studio.service.submit(bearer(job_id), order(job_id))
    desk = Desk(studio.service, Settings(webhooks_inside=True))

    def owed_when_sent_again() -> list[str]:
        submission = parse(Submission, a_submission(requestId=job_id, webhook=wanted))
        asyncio.run(desk.submit(Caller("here"), submission, "http://here"))
        return [webhook.url for webhook in studio.service.webhooks.owed(studio.now, 9)]

    assert owed_when_sent_again() == [wanted["url"]]
    studio.paint()
    studio.service.webhooks.settle(job_id)
    assert owed_when_sent_again() == [], "of one that has ended, the answer tells"
    desk.close()


def test_a_quota_of_ones_own_takes_the_place_of_everybodys(studio: Studio) -> None:
    narrow = Quota(uploads_per_minute=1, active=9, queued=9)
    studio.service.submit("shop", order("a" * 32), narrow)
    with pytest.raises(TooManyUploads):
        studio.service.submit("shop", order("b" * 32), narrow)
    studio.service.submit("shop", order("b" * 32))


def test_a_signature_opens_one_painting_until_its_time(studio: Studio) -> None:
    job, other = studio.painted(owner="anna"), studio.painted(owner="anna", token="other")
    until, signature = studio.service.sign(job.id, "anna", 300.0)
    assert studio.service.signed_result(job.id, until, signature) == b"painting"
    for job_id, moment, signed in (
        (other.id, until, signature),
        (job.id, until + 1, signature),
        (job.id, until, ""),
        ("0" * 32, until, signature),
    ):
        with pytest.raises(UnknownJob):
            studio.service.signed_result(job_id, moment, signed)
    with pytest.raises(UnknownJob):
        studio.service.sign(job.id, "eve", 300.0)
    studio.now += 301
    with pytest.raises(UnknownJob):
        studio.service.signed_result(job.id, until, signature)


def test_a_failed_painting_has_no_signature_that_opens_anything(studio: Studio) -> None:
    job = studio.submit(owner="anna")
    studio.paint(Outcome.failed("No."))
    until, signature = studio.service.sign(job.id, "anna", 300.0)
    with pytest.raises(PasticheError):
        studio.service.signed_result(job.id, until, signature)
