"""The first page: the form, and a painting in each of its states."""

import re
import time

import pytest
from streamlit.testing.v1 import AppTest

from nst.domain import JobProgress, JobState, KeepColours, Outcome, Preset
from nst.service import Service
from nst.store.ports import WorkerInfo
from nst.ui import draft, settings_form, texts
from tests.ui.conftest import BERT, DiskStudio, OpenPage, keys, words
from tests.unit.service.conftest import picture_bytes


def test_a_photo_and_a_style_become_a_job_with_its_id_in_the_address(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page()
    page.file_uploader(key="photo").upload("me.png", picture_bytes(), "image/png").run()
    page.button(key="style_cathedral-glass").click().run()
    page.segmented_control(key="preset").select(Preset.DRAFT).run()
    page.slider(key="strength").set_value(0.8).run()
    page.checkbox(key="public").check().run()
    page.button(key="submit").click().run()
    (job,) = studio.service.mine(page.session_state["passing_owner"])
    assert page.query_params["job"] == job.id
    assert [style.name for style in job.styles] == ["cathedral-glass"]
    assert (job.params.preset, job.params.strength, job.public) == (Preset.DRAFT, 0.8, True)
    assert "cancel" in keys(page)


def test_paintings_are_private_unless_it_is_ticked(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.button(key="submit").click().run()
    (job,) = studio.service.mine(page.session_state["passing_owner"])
    assert not job.public


def test_without_a_photo_there_is_a_sentence_and_no_job(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page()
    page.button(key="submit").click().run()
    assert "Choose a photo first" in words(page)
    assert studio.service.status().counts == {}


def test_a_text_file_called_jpg_gets_its_sentence_at_once(open_page: OpenPage) -> None:
    page = open_page()
    page.file_uploader(key="photo").upload("me.jpg", b"dear diary", "image/jpeg").run()
    assert "This is not a JPEG, PNG or WebP picture" in words(page)
    assert not page.exception


def test_the_last_photo_chosen_counts_and_the_field_holds_no_other(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page()
    page.file_uploader(key="photo").upload("me.png", picture_bytes(), "image/png").run()
    assert "<figcaption>me.png</figcaption>" in words(page)
    page.button(key="sample_cat").click().run()
    assert "<figcaption>Chelsea the cat</figcaption>" in words(page)
    assert page.file_uploader(key="photo").value is None
    page.file_uploader(key="photo").upload("<b>.png", picture_bytes(), "image/png").run()
    assert "<figcaption>&lt;b&gt;.png</figcaption>" in words(page)


def test_what_was_refused_is_no_word_of_what_is_chosen_then(open_page: OpenPage) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.file_uploader(key="photo").upload("me.jpg", b"dear diary", "image/jpeg").run()
    assert "chosen-photo" not in said_of_photo(page)
    page.file_uploader(key="photo").upload("me.png", picture_bytes(), "image/png").run()
    assert "This is not" not in words(page)
    page.file_uploader(key="photo").upload("me.jpg", b"dear diary", "image/jpeg").run()
    page.button(key="sample_cat").click().run()
    assert "This is not" not in words(page)
    page.file_uploader(key="style_upload").upload("me.jpg", b"dear diary", "image/jpeg").run()
    page.button(key="style_tide-wash").click().run()
    assert "This is not" not in words(page)


def said_of_photo(page: AppTest) -> str:
    return "".join(str(element.proto.body) for element in page.get("html") if "figure" in element.proto.body)


def test_nothing_is_counted_for_a_form(open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    job = studio.submit()
    monkeypatch.delattr(Service, "status")
    assert "on the long side" in words(open_page())
    assert "waking up" in open_page(job=job.id).get("progress")[0].proto.text


def test_a_limit_is_told_in_a_sentence_and_the_form_stays_as_it_was(
    open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NST_QUEUE_LENGTH", "1")
    studio.submit(owner=BERT)
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.button(key="style_tide-wash").click().run()
    page.button(key="submit").click().run()
    assert "in the queue" in words(page)
    assert "✓ Tide Wash" in [button.label for button in page.button]
    assert "chosen-photo" in words(page)


def test_styles_are_found_by_what_they_look_like(open_page: OpenPage) -> None:
    page = open_page()
    page.text_input(key="style_search").set_value("waves").run()
    assert {key for key in keys(page) if key.startswith("style_")} == {"style_woodblock-surf"}
    page.text_input(key="style_search").set_value("xyzzy").run()
    assert "No style is called so" in words(page)


def test_two_styles_are_mixed_by_a_slider(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.button(key="style_tide-wash").click().run()
    page.toggle(key="mix").set_value(True).run()
    page.button(key="style_copperplate").click().run()
    page.slider(key="share").set_value(30).run()
    page.button(key="submit").click().run()
    (job,) = studio.service.mine(page.session_state["passing_owner"])
    assert [(style.name, style.share) for style in job.styles] == [("tide-wash", 70), ("copperplate", 30)]


def test_a_style_of_ones_own_is_chosen_when_it_is_uploaded(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.file_uploader(key="style_upload").upload("mine.png", picture_bytes(colour="red"), "image/png").run()
    assert "✓ Your picture" in [button.label for button in page.button]
    page.button(key="submit").click().run()
    (job,) = studio.service.mine(page.session_state["passing_owner"])
    assert job.styles[0].is_upload


def test_what_was_prepared_is_still_there_after_a_visit_to_another_page(open_page: OpenPage) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.button(key="style_tide-wash").click().run()
    page.slider(key="strength").set_value(0.9).run()
    page.switch_page("pages/gallery.py").run()
    page.switch_page("pages/create.py").run()
    assert page.slider(key="strength").value == 0.9
    assert "chosen-photo" in words(page)
    assert "✓ Tide Wash" in [button.label for button in page.button]


def test_who_waits_sees_his_place_and_can_cancel(open_page: OpenPage, studio: DiskStudio) -> None:
    studio.submit(owner=BERT)
    job = studio.submit()
    page = open_page(job=job.id)
    assert "waking up" in page.get("progress")[0].proto.text
    page.button(key="cancel").click().run()
    assert studio.service.get(job.id, job.owner).state is JobState.CANCELLED
    assert "You stopped this painting" in words(page)


def test_a_painting_under_way_shows_stage_time_left_and_what_there_is(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.submit()
    studio.begin(JobProgress(0.4, "scale 2 of 5", 12.0))
    page = open_page(job=job.id)
    bar = page.get("progress")[0].proto
    assert (bar.value, bar.text) == (40, "Scale 2 of 5 · About 10 seconds left")
    assert any("data:image/jpeg" in str(element.proto) for element in page.get("bidi_component"))


def test_a_worker_that_has_fallen_silent_is_told_and_its_estimate_is_not(open_page: OpenPage, studio: DiskStudio) -> None:
    job, now = studio.submit(), time.time()
    lease = studio.backend.queue.claim("dead", now, lease_seconds=10.0)
    assert lease is not None
    studio.backend.jobs.advance(lease.job.ticket, JobProgress(0.4, "scale 2 of 5", 12.0), None)
    page = open_page(job=job.id)
    assert page.get("progress")[0].proto.text == "Scale 2 of 5"
    assert "The worker has fallen silent. Your painting is safe" in words(page)
    studio.backend.roster.report(WorkerInfo("other", started=now, seen=now))
    assert "taken up again by another one within 25 seconds" in words(open_page(job=job.id))


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING, JobState.FAILED, JobState.CANCELLED])
def test_every_state_has_its_heading(open_page: OpenPage, studio: DiskStudio, state: JobState) -> None:
    job = studio.submit()
    if state is not JobState.QUEUED:
        begun = studio.begin()
    if state.is_terminal:
        studio.end(begun, Outcome(state, "It rained."))
    page = open_page(job=job.id)
    assert re.findall("<h1.*?>(.*)</h1>", words(page)) == [texts.HEADINGS[state]]


def test_a_failed_painting_says_why_and_can_be_tried_again(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.submit()
    studio.end(studio.begin(), Outcome.failed("It rained into the paint."))
    page = open_page(job=job.id)
    assert "It rained into the paint." in words(page)
    page.button(key="retry").click().run()
    assert page.query_params["job"] != job.id
    assert len(studio.service.mine(job.owner)) == 2


def test_a_finished_painting_can_be_taken_along_published_and_made_private(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.painted()
    page = open_page(job=job.id)
    assert {"download", "download_jpeg"} <= keys(page, "download_button")
    assert "opens in this browser alone" in words(page)
    page.button(key="publish").click().run()
    assert [entry.job_id for entry in studio.service.feed().entries] == [job.id]
    assert f"/?job={job.id}" in page.code[0].value
    page.button(key="make_private").click().run()
    assert studio.service.feed().entries == ()


def test_again_begins_with_everything_as_it_was(open_page: OpenPage, studio: DiskStudio) -> None:
    own = picture_bytes(colour="red")
    job = studio.painted(style=own, strength=0.9, keep_colours=KeepColours.LUMINANCE, preset=Preset.HIGH)
    page = open_page(job=job.id)
    page.button(key="again").click().run()
    assert "job" not in page.query_params
    assert page.slider(key="strength").value == 0.9
    assert page.segmented_control(key="preset").value == Preset.HIGH
    assert page.selectbox(key="param_keep_colours").value == KeepColours.LUMINANCE
    assert "✓ Your picture" in [button.label for button in page.button]
    page.button(key="submit").click().run()
    again = next(found for found in studio.service.mine(job.owner) if found.id != job.id)
    assert again.params == job.params
    assert again.styles[0].is_upload


def test_a_private_painting_is_unknown_to_strangers(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page(job=studio.painted().id, owner=BERT)
    assert "There is no such painting" in words(page)
    assert ">No such painting</h1>" in words(page)
    assert not any("/pictures/" in str(element.proto) or "data:image" in str(element.proto) for element in page.get("bidi_component"))


def test_a_stranger_sees_a_published_painting_without_its_owners_buttons(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.painted(public=True)
    page = open_page(job=job.id, owner=BERT)
    assert {"publish", "make_private", "again", "cancel"}.isdisjoint(keys(page))
    page.button(key=f"like_{job.id}").click().run()
    assert "✓ Tide Wash" in [button.label for button in page.button]


def test_what_nobody_foresaw_is_an_apology_and_a_log_with_the_jobs_id(
    open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret path /var/lib")

    monkeypatch.setattr(type(studio.service), "get", broken)
    page = open_page(job="abc")
    assert "Something went wrong on our side" in words(page)
    assert "secret" not in words(page)
    assert "page failed, job abc" in caplog.text


def test_every_parameter_but_two_is_offered() -> None:
    shown = {"preset", "strength", *settings_form.SLIDERS, *settings_form.CHOICES, *settings_form.NUMBERS}
    assert shown == set(draft.OFFERED)
