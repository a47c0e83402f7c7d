"""Which programs may see which jobs, by key, by id and by signature; and the quota of a key."""

import hmac
from dataclasses import replace

import pytest

from nst.domain import Outcome
from nst.errors import PasticheError, TooManyUploads, UnknownJob
from nst.gateway.answers import ImageAnswer
from nst.gateway.auth import Principal, anonymous_owner, find_job
from nst.gateway.media import Media
from nst.gateway.urls import result_url
from nst.store.ports import Quota
from tests.support.gateway import an_order
from tests.support.studio import Studio


def test_an_id_grants_access_to_a_private_painting_and_not_to_a_published_one(studio: Studio) -> None:
    nobody = Principal("here")
    private, public = "a" * 32, "b" * 32
    studio.service.submit(anonymous_owner(private), an_order(private))
    studio.service.submit(anonymous_owner(public), replace(an_order(public), public=True))
    assert find_job(studio.service, nobody, public).owner == anonymous_owner(public)
    studio.paint()
    studio.paint()
    assert find_job(studio.service, nobody, private).owner == anonymous_owner(private)
    assert find_job(studio.service, nobody, public).owner == ""
    studio.backend.feed.hide(public, True)
    with pytest.raises(UnknownJob):
        find_job(studio.service, nobody, public)


def test_the_id_of_a_browsers_painting_grants_no_access_after_it_was_public(studio: Studio) -> None:
    job = studio.painted(owner="browser", public=True)
    studio.service.make_private(job.id, "browser")
    for principal in (Principal("here"), Principal("here", "key:other")):
        with pytest.raises(UnknownJob):
            find_job(studio.service, principal, job.id)


def test_the_photo_of_a_painting_that_was_published_alone_is_not_served(studio: Studio) -> None:
    job, media = studio.painted(), Media(studio.service)
    published = studio.service.publish(job.id, "anna")
    shown = ImageAnswer.of(studio.service.feed().entries[0], "", studio.service.public_url)
    assert shown.before == shown.result == f"/api/media/{published.output_key}"
    for key in (published.output_key, f"public/input/{job.id}.jpg"):
        assert media.picture(key, None, None).data == b"painting"
    with pytest.raises(PasticheError):
        media.picture(job.input_key, None, None)


def test_a_keys_quota_replaces_the_default_one(studio: Studio) -> None:
    narrow = Quota(uploads_per_minute=1, active=9, queued=9)
    studio.service.submit("shop", an_order("a" * 32), narrow)
    with pytest.raises(TooManyUploads):
        studio.service.submit("shop", an_order("b" * 32), narrow)
    studio.service.submit("shop", an_order("b" * 32))


def test_a_signature_grants_access_to_one_painting_until_it_expires(studio: Studio) -> None:
    job, other = studio.painted(owner="anna"), studio.painted(owner="anna", token="other")
    until, signature = studio.service.view(job.id, "anna").sign(300.0)
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
        studio.service.view(job.id, "eve").sign(300.0)
    studio.now += 301
    with pytest.raises(UnknownJob):
        studio.service.signed_result(job.id, until, signature)


def test_a_link_cannot_be_made_from_what_strangers_know(studio: Studio) -> None:
    job_id = "a" * 32
    studio.service.submit(anonymous_owner(job_id), replace(an_order(job_id), public=True))
    studio.paint()
    until = int(studio.now) + 200
    signed = hmac.new(anonymous_owner(job_id).encode(), f"{job_id} {until}".encode(), "sha256").hexdigest()
    studio.backend.feed.hide(job_id, True)
    with pytest.raises(UnknownJob):
        studio.service.signed_result(job_id, until, signed)


def test_a_link_to_a_painting_that_is_hidden_opens_nothing(studio: Studio) -> None:
    job = studio.painted(owner="key:shop", public=True)
    link = studio.service.view(job.id, "key:shop").sign()
    studio.backend.feed.hide(job.id, True)
    with pytest.raises(UnknownJob):
        studio.service.signed_result(job.id, *link)
    assert result_url(studio.service.view(job.id, "key:shop"), "https://here") == f"https://here/api/jobs/{job.id}/result"


def test_a_link_is_not_valid_for_longer_than_links_are(studio: Studio) -> None:
    job = studio.painted(owner="anna")
    for seconds in (301.0, 2.0**50):
        with pytest.raises(UnknownJob):
            studio.service.signed_result(job.id, *studio.service.view(job.id, "anna").sign(seconds))


def test_a_link_that_another_secret_has_signed_opens_nothing(studio: Studio) -> None:
    job = studio.painted(owner="anna")
    link = studio.service.view(job.id, "anna").sign()
    assert Studio({}, studio.now, studio.backend).service.signed_result(job.id, *link) == b"painting"
    with pytest.raises(UnknownJob):
        Studio({"secret": "another secret " * 3}, studio.now, studio.backend).service.signed_result(job.id, *link)


def test_a_signature_of_a_failed_job_grants_access_to_nothing(studio: Studio) -> None:
    job = studio.submit(owner="anna")
    studio.paint(Outcome.failed("No."))
    until, signature = studio.service.view(job.id, "anna").sign(300.0)
    with pytest.raises(PasticheError):
        studio.service.signed_result(job.id, until, signature)
