"""nst.service.visitors: which cookies count, and whose they are."""

import pytest

from nst.service.visitors import Visitor, hash_owners, new_token, owner_of
from tests.support.studio import Studio


def test_a_cookie_says_whose_browser_it_is_and_since_when(studio: Studio) -> None:
    token = new_token()
    cookie = studio.service.visitors.issue(token)
    studio.now += 500
    assert studio.service.visitors.read(cookie) == Visitor(owner_of(token), 1000.0)
    assert token not in owner_of(token)


def test_a_cookie_that_this_studio_has_not_issued_is_nobodys(studio: Studio) -> None:
    cookie = studio.service.visitors.issue()
    token, issued, signature = cookie.split(".")
    for forged in (f"{new_token()}.{issued}.{signature}", f"{token}.1.{signature}", f"{token}.{issued}.{'0' * 64}", token, "", "..", "é"):
        assert studio.service.visitors.read(forged) is None
    assert Studio({}).service.visitors.read(cookie) is None


def test_a_token_without_a_signature_counts_where_it_has_a_job_from_before(studio: Studio) -> None:
    token, visitors = new_token(), studio.service.visitors
    assert visitors.read(token) is None
    studio.now -= 1
    job = studio.submit(owner=token)
    studio.now += 1
    assert visitors.read(token) == Visitor(owner_of(token), studio.now)
    assert [mine.id for mine in studio.service.mine(owner_of(token))] == [job.id]
    assert visitors.read(visitors.renew(token)) == Visitor(owner_of(token), studio.now)
    assert visitors.read(visitors.renew("a" * 43)) != visitors.read(visitors.renew("a" * 43))


@pytest.mark.parametrize("is_from_before", [True, False])
def test_a_token_whose_jobs_are_all_new_needs_its_signature(studio: Studio, is_from_before: bool) -> None:
    """Otherwise a site that can set a cookie could set the token of a visitor of today."""
    token = new_token()
    studio.service.visitors.issue()
    studio.now += -10 if is_from_before else 10
    studio.submit(owner=owner_of(token))
    assert (studio.service.visitors.read(token) is not None) == is_from_before


def test_tokens_in_records_are_replaced_by_their_hashes(studio: Studio) -> None:
    token, reporter = new_token(), new_token()
    job, other = studio.painted(owner=token, public=True), studio.submit(owner="key:shop")
    studio.backend.feed.report(job.id, reporter, "", studio.now)
    assert hash_owners(studio.backend.jobs) == 2
    assert hash_owners(studio.backend.jobs) == 0
    assert studio.service.get(job.id, owner_of(token)).owner == owner_of(token)
    assert studio.service.get(other.id, "key:shop")
    assert studio.backend.feed.report(job.id, owner_of(reporter), "", studio.now) == 1
