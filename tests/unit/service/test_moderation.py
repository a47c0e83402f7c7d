"""nst.service: reports of visitors, and what an administrator may do."""

import pytest
from pydantic import ValidationError

from nst.errors import NotAllowed, Refused, UnknownJob
from nst.settings import Settings
from tests.support.studio import Studio

LONG_AGO = float("-inf")  # when a visitor who may report was first here


@pytest.mark.parametrize("studio", [{"reports_to_hide": 2}], indirect=True)
def test_enough_reports_take_a_painting_out_of_the_gallery(studio: Studio) -> None:
    job = studio.painted(public=True)
    for _ in range(5):
        studio.service.report(job.id, "bert", "I do not like it", since=LONG_AGO)
    assert len(studio.service.feed().entries) == 1
    studio.service.report(job.id, "carl", since=LONG_AGO)
    assert studio.service.feed().entries == ()
    with pytest.raises(UnknownJob):
        studio.service.report(job.id, "dora", since=LONG_AGO)
    with pytest.raises(UnknownJob):
        studio.service.result(job.id, "bert")
    assert studio.service.result(job.id, "anna") == b"painting"


@pytest.mark.parametrize("studio", [{"reports_to_hide": 2}], indirect=True)
def test_reports_count_once_a_network_and_from_visitors_who_are_known(studio: Studio) -> None:
    job = studio.painted(public=True)
    studio.now = 10_000.0
    for number in range(5):
        studio.service.report(job.id, f"cookie-{number}", "", "192.0.2.1", since=0.0)
    for since in (None, 9_000.0, studio.now):
        with pytest.raises(NotAllowed):
            studio.service.report(job.id, "new", "", "192.0.2.2", since)
    assert len(studio.service.feed().entries) == 1
    studio.service.report(job.id, "known", "", "192.0.2.2", since=0.0)
    assert studio.service.feed().entries == ()


def test_a_network_reports_few_pictures_an_hour(studio: Studio) -> None:
    jobs = [studio.painted(token=str(number), public=True) for number in range(11)]
    for job in jobs[:10]:
        studio.service.report(job.id, "bert", "", "192.0.2.1", since=LONG_AGO)
    with pytest.raises(Refused, match="Please wait"):
        studio.service.report(jobs[10].id, "carl", "", "192.0.2.1", since=LONG_AGO)
    studio.now += 3601
    studio.service.report(jobs[10].id, "carl", "", "192.0.2.1", since=LONG_AGO)


@pytest.mark.parametrize("studio", [{"admin_token": "sesame-of-16-characters", "reports_to_hide": 1}], indirect=True)
def test_what_an_administrator_has_let_in_again_stays(studio: Studio) -> None:
    job = studio.painted(public=True)
    studio.service.report(job.id, "bert", since=LONG_AGO)
    assert studio.service.feed().entries == ()
    studio.service.hide(job.id, "sesame-of-16-characters", hidden=False)
    for number in range(9):
        studio.service.report(job.id, f"visitor-{number}", since=LONG_AGO)
    assert len(studio.service.feed().entries) == 1
    studio.service.hide(job.id, "sesame-of-16-characters")
    assert studio.service.feed().entries == ()


@pytest.mark.parametrize("studio", [{"admin_token": "sesame-of-16-characters"}], indirect=True)
def test_wrong_tokens_are_few_and_logged(studio: Studio, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        with pytest.raises(NotAllowed):
            studio.service.check_administrator("a guess", "192.0.2.1")
    with pytest.raises(Refused):
        studio.service.check_administrator("sesame-of-16-characters", "192.0.2.1")
    assert [record.getMessage() for record in caplog.records].count("a wrong administrator's token came from 192.0.2.1") == 5
    assert "a guess" not in caplog.text
    studio.service.check_administrator("sesame-of-16-characters", "192.0.2.2")
    studio.now += 61
    studio.service.check_administrator("sesame-of-16-characters", "192.0.2.1")


def test_a_short_administrators_token_is_refused_at_the_start() -> None:
    with pytest.raises(ValidationError):
        Settings(admin_token="sesame")


@pytest.mark.parametrize("studio", [{"admin_token": "sesame-of-16-characters"}], indirect=True)
def test_an_administrator_hides_and_shows(studio: Studio) -> None:
    job = studio.painted(public=True)
    for wrong in ("", "Sesame-of-16-characters", "anna"):
        with pytest.raises(NotAllowed):
            studio.service.hide(job.id, wrong)
    studio.service.hide(job.id, "sesame-of-16-characters")
    studio.service.make_private(job.id, "anna")
    studio.service.publish(job.id, "anna")
    assert studio.service.feed().entries == ()
    studio.service.hide(job.id, "sesame-of-16-characters", hidden=False)
    assert len(studio.service.feed().entries) == 1


@pytest.mark.parametrize("studio", [{"admin_token": "sesame-of-16-characters", "reports_to_hide": 1}], indirect=True)
def test_a_hidden_picture_is_stored_where_only_the_app_reaches_it(studio: Studio) -> None:
    def hidden() -> None:
        studio.service.hide(job.id, "sesame-of-16-characters")

    job = studio.painted(public=True)
    public, private = studio.stored(), {key.replace("public/", "private/") for key in studio.stored()}
    for hide in (lambda: studio.service.report(job.id, "bert", since=LONG_AGO), hidden):
        hide()
        assert studio.stored() == private
        assert studio.service.publish(job.id, "anna").output_key in private
        assert studio.stored() == private
        assert studio.service.result(job.id, "anna") == b"painting"
        studio.service.hide(job.id, "sesame-of-16-characters", hidden=False)
        (entry,) = studio.service.feed().entries
        assert entry.input_key is None, "the photo is shown again only if its owner publishes it again"
        assert entry.output_key in public
        studio.service.publish(job.id, "anna", with_photo=True)
        assert studio.stored() == public


@pytest.mark.parametrize("studio", [{"admin_token": "sesame-of-16-characters"}], indirect=True)
def test_a_painting_that_its_owner_keeps_private_stays_private_when_it_is_shown_again(studio: Studio) -> None:
    job = studio.painted(public=True)
    studio.service.make_private(job.id, "anna")
    for is_hidden in (True, False):
        studio.service.hide(job.id, "sesame-of-16-characters", hidden=is_hidden)
        assert {key.partition("/")[0] for key in studio.stored()} == {"private"}


def test_without_a_token_there_is_no_administrator(studio: Studio) -> None:
    for token in ("", "None"):
        with pytest.raises(NotAllowed):
            studio.service.hide(studio.submit().id, token)
