"""The Create page: the form, and a painting in each of its states."""

import re
import time

import pytest
from streamlit.testing.v1 import AppTest

from nst.domain import Init, JobProgress, JobState, KeepColours, Loss, Mode, Optimiser, Outcome, Preset
from nst.service import Service
from nst.store.ports import WorkerInfo
from nst.ui import draft, expert_words, owner, settings_form, texts
from nst.ui.owner import Owner
from tests.support.pages import BERT, DiskStudio, keys, words
from tests.support.pictures import picture_bytes
from tests.ui.conftest import Configure, OpenPage


def test_a_photo_and_a_style_become_a_job_with_its_id_in_the_address(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page()
    page.file_uploader(key="photo").upload("me.png", picture_bytes(), "image/png").run()
    page.button(key="style_cathedral-glass").click().run()
    page.segmented_control(key="preset").select(Preset.DRAFT).run()
    page.slider(key="strength").set_value(0.8).run()
    page.button(key="submit").click().run()
    (job,) = studio.service.mine(page.session_state["temporary_owner"])
    assert page.query_params["job"] == job.id
    assert [style.name for style in job.styles] == ["cathedral-glass"]
    assert (job.params.preset, job.params.strength, job.public) == (Preset.DRAFT, 0.8, False)
    assert "cancel" in keys(page)


def test_without_a_photo_the_form_asks_for_one_and_submits_nothing(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page()
    page.button(key="submit").click().run()
    assert "Choose a photo first" in words(page)
    assert studio.service.status().counts == {}


def test_a_text_file_called_jpg_is_refused_at_once(open_page: OpenPage) -> None:
    page = open_page()
    page.file_uploader(key="photo").upload("me.jpg", b"dear diary", "image/jpeg").run()
    assert "This is not a JPEG, PNG, WebP, HEIC or AVIF picture" in words(page)
    assert not page.exception


def test_the_last_photo_chosen_counts_and_the_field_holds_no_other(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page()
    page.file_uploader(key="photo").upload("me.png", picture_bytes(), "image/png").run()
    assert "<figcaption>me.png</figcaption>" in words(page)
    page.button(key="sample_cat").click().run()
    assert "<figcaption>Chelsea the cat</figcaption>" in words(page)
    assert not page.file_uploader(key="photo").value
    page.file_uploader(key="photo").upload("<b>.png", picture_bytes(), "image/png").run()
    assert "<figcaption>&lt;b&gt;.png</figcaption>" in words(page)


def test_a_refusal_disappears_with_the_next_choice(open_page: OpenPage) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.file_uploader(key="photo").upload("me.jpg", b"dear diary", "image/jpeg").run()
    assert [error.value.partition(",")[0] for error in page.error] == ["This is not a JPEG"], "once, below the photo that stays"
    assert "Chelsea the cat" in photo_html(page)
    page.file_uploader(key="photo").upload("me.png", picture_bytes(), "image/png").run()
    assert "This is not" not in words(page)
    page.file_uploader(key="photo").upload("me.jpg", b"dear diary", "image/jpeg").run()
    page.button(key="sample_cat").click().run()
    assert "This is not" not in words(page)
    page.file_uploader(key="style_upload").upload("me.jpg", b"dear diary", "image/jpeg").run()
    page.button(key="style_tide-wash").click().run()
    assert "This is not" not in words(page)


def photo_html(page: AppTest) -> str:
    return "".join(str(element.proto.body) for element in page.get("html") if "figure" in element.proto.body)


def test_the_form_and_the_queue_need_no_status(open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    job = studio.submit()
    monkeypatch.delattr(Service, "status")
    assert "512 pixels on the long side, 4.3 cm (1.7 in) in print" in words(open_page())
    assert "starting up" in open_page(job=job.id).get("progress")[0].proto.text


def test_a_limit_is_explained_and_the_form_stays_as_it_was(open_page: OpenPage, studio: DiskStudio, configure: Configure) -> None:
    configure(queue_length=1)
    studio.submit(owner=BERT)
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.button(key="style_tide-wash").click().run()
    page.button(key="submit").click().run()
    assert "The queue is full" in words(page)
    assert "✓ Tide Wash" in [button.label for button in page.button]
    assert "chosen-photo" in words(page)


def test_styles_are_found_by_what_they_look_like(open_page: OpenPage) -> None:
    page = open_page()
    page.text_input(key="style_search").set_value("waves").run()
    assert {key for key in keys(page) if key.startswith("style_")} == {"style_woodblock-surf"}
    page.text_input(key="style_search").set_value("Van Gogh").run()
    assert {key for key in keys(page) if key.startswith("style_")} == {"style_starlit-swirl"}
    page.text_input(key="style_search").set_value("xyzzy").run()
    assert "No style is like “xyzzy”" in words(page)


def test_two_styles_are_mixed_by_a_slider(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.button(key="style_tide-wash").click().run()
    page.toggle(key="mix").set_value(True).run()
    page.button(key="style_copperplate").click().run()
    page.slider(key="share").set_value(30).run()
    page.button(key="submit").click().run()
    (job,) = studio.service.mine(page.session_state["temporary_owner"])
    assert [(style.name, style.share) for style in job.styles] == [("tide-wash", 70), ("copperplate", 30)]


def test_a_style_of_ones_own_is_chosen_when_it_is_uploaded(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.file_uploader(key="style_upload").upload("mine.png", picture_bytes(colour="red"), "image/png").run()
    assert "✓ Your picture" in [button.label for button in page.button]
    page.button(key="submit").click().run()
    (job,) = studio.service.mine(page.session_state["temporary_owner"])
    assert job.styles[0].is_upload


def test_the_draft_survives_a_visit_to_another_page(open_page: OpenPage) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.button(key="style_tide-wash").click().run()
    page.slider(key="strength").set_value(0.9).run()
    page.switch_page("pages/gallery.py").run()
    page.switch_page("pages/create.py").run()
    assert page.slider(key="strength").value == 0.9
    assert "chosen-photo" in words(page)
    assert "✓ Tide Wash" in [button.label for button in page.button]


def test_a_visitor_in_the_queue_sees_their_place_and_can_cancel(open_page: OpenPage, studio: DiskStudio) -> None:
    studio.submit(owner=BERT)
    job = studio.submit()
    page = open_page(job=job.id)
    assert "starting up" in page.get("progress")[0].proto.text
    page.button(key="cancel").click().run()
    assert studio.service.get(job.id, job.owner).state is JobState.CANCELLED
    assert "You stopped this painting" in words(page)


def test_a_painting_in_progress_shows_stage_time_left_and_preview(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.submit()
    studio.begin(JobProgress(0.4, "scale 2 of 5", 12.0))
    page = open_page(job=job.id)
    bar = page.get("progress")[0].proto
    assert (bar.value, bar.text) == (40, "Scale 2 of 5 · About 10 seconds left")
    assert any("data:image/jpeg" in str(element.proto) for element in page.get("bidi_component"))


def test_a_silent_worker_is_reported_and_its_estimate_is_not_shown(open_page: OpenPage, studio: DiskStudio) -> None:
    job, now = studio.submit(), time.time()
    lease = studio.backend.queue.claim("dead", now, lease_seconds=10.0)
    assert lease is not None
    studio.backend.jobs.advance(lease.job.fencing_token, JobProgress(0.4, "scale 2 of 5", 12.0), None)
    page = open_page(job=job.id)
    assert page.get("progress")[0].proto.text == "Scale 2 of 5"
    assert "The painter has stopped responding. Your painting is safe" in words(page)
    studio.backend.workers.report(WorkerInfo("other", started=now, seen=now))
    assert "Another one takes over your painting within 25 seconds" in words(open_page(job=job.id))


def test_a_painting_whose_worker_died_waits_and_goes_on_from_where_it_was(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.submit()
    studio.begin(JobProgress(0.4, "scale 2 of 5", 12.0))
    studio.backend.queue.requeue_lapsed(2e10)
    page = open_page(job=job.id)
    assert page.get("progress")[0].proto.text.startswith("Your painting was interrupted, and will go on. ")
    assert any("data:image/jpeg" in str(element.proto) for element in page.get("bidi_component"))  # the painting so far
    studio.begin(JobProgress(0.4, "scale 2 of 5", 12.0))
    bar = open_page(job=job.id).get("progress")[0].proto
    assert (bar.value, bar.text) == (40, "Scale 2 of 5 · About 10 seconds left")


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


def test_a_finished_painting_can_be_downloaded_published_and_made_private(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.painted()
    page = open_page(job=job.id)
    assert {"download", "download_jpeg"} <= keys(page, "download_button")
    assert "only this browser can open it" in words(page)
    page.button(key=f"publish_now_{job.id}").click().run()
    assert [(entry.job_id, entry.input_key) for entry in studio.service.feed().entries] == [(job.id, None)]
    assert any(f"/?job={job.id}" in str(element.proto) for element in page.get("bidi_component"))
    page.button(key=f"make_private_{job.id}").click().run()
    assert studio.service.feed().entries == ()
    page.radio(key=f"publish_what_{job.id}").set_value(True)
    page.button(key=f"publish_now_{job.id}").click().run()
    assert studio.service.feed().entries[0].input_key


def test_a_private_painting_says_until_when_it_is_kept(open_page: OpenPage, studio: DiskStudio) -> None:
    studio.ends = iter([1_772_000_000])
    job = studio.painted()
    assert "it is kept until 4 March" in words(open_page(job=job.id))
    assert "kept until 4 March" in words(open_page("my_pictures"))
    studio.service.publish(job.id, job.owner)
    assert "kept until" not in words(open_page("my_pictures"))


def test_again_opens_the_form_with_everything_as_it_was(open_page: OpenPage, studio: DiskStudio) -> None:
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
    assert {f"publish_now_{job.id}", f"make_private_{job.id}", "again", "cancel"}.isdisjoint(keys(page))
    page.button(key=f"like_{job.id}").click().run()
    assert "✓ Tide Wash" in [button.label for button in page.button]


def test_a_stranger_reports_a_painting_on_its_own_page(open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    job = studio.painted(public=True)
    monkeypatch.setattr(owner, "current", lambda: Owner(BERT, has_cookie=True, since=0.0))
    page = open_page(job=job.id, owner=BERT)
    page.text_input(key=f"reason_{job.id}").set_value("rude")
    page.button(key=f"report_now_{job.id}").click().run()
    assert studio.service.feed().entries == ()


def test_a_painting_that_is_published_alone_is_shown_alone(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.painted()
    studio.service.publish(job.id, job.owner)
    for name, query in (("create", {"job": job.id}), ("gallery", {})):
        page = open_page(name, owner=BERT, **query)
        shown = "".join(str(element.proto) for kind in ("bidi_component", "html") for element in page.get(kind))
        assert f"/pictures/{job.id}/" in shown
        assert not re.search(rf"/pictures/{job.id}/(small-)?before", shown)


def test_an_unexpected_error_is_an_apology_and_a_log_with_the_jobs_id(
    open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret path /var/lib")

    monkeypatch.setattr(type(studio.service), "get", broken)
    page = open_page(job="a" * 32)
    assert "Something went wrong on our side" in words(page)
    assert "secret" not in words(page)
    assert f"page failed, job {'a' * 32}" in caplog.text


def test_every_parameter_but_two_is_offered() -> None:
    shown = {"preset", "strength", *settings_form.SLIDERS, *settings_form.CHOICES, *settings_form.NUMBERS}
    assert shown == set(draft.OFFERED)


def test_settings_for_experts_are_in_words_of_painting_and_their_help_has_the_technical_terms(open_page: OpenPage) -> None:
    page = open_page()
    choices = {"mode": Mode, "init": Init, "loss": Loss, "optimiser": Optimiser, "keep_colours": KeepColours}
    for name, kind in choices.items():
        field = page.selectbox(key=draft.key_of(name))
        terms = {value.replace("lbfgs", "l-bfgs") for value in kind} - {"photo", "off"}
        seen = " ".join([field.label, *field.options]).lower()
        assert not [term for term in terms - {"style"} if term in seen]
        assert not [term for term in terms if term not in field.help.lower()]
    for name in ("seed", "size", "iterations", "scales"):
        number = page.number_input(key=draft.key_of(name))
        assert number.label == expert_words.LABELS[name]
        assert f"({name})" in number.help


def test_a_choice_in_words_is_kept_as_its_value(open_page: OpenPage) -> None:
    page = open_page()
    page.selectbox(key=draft.key_of("optimiser")).set_value(Optimiser.ADAM).run()
    assert not page.exception
    assert page.session_state["draft"].values == {"optimiser": Optimiser.ADAM}


def test_size_and_time_are_beside_every_preset_before_anything_was_painted(open_page: OpenPage, studio: DiskStudio) -> None:
    seconds = {
        Mode.OPTIMISED: {Preset.DRAFT: 4.2, Preset.STANDARD: 6.1, Preset.HIGH: 20.3, Preset.ULTRA: 400.0},
        Mode.QUICK: {Preset.DRAFT: 2.0, Preset.HIGH: 4.0},
    }
    now = time.time()
    studio.backend.workers.report(WorkerInfo("painter", started=now, seen=now, seconds=seconds))
    page = open_page()
    assert presets(page) == ["256 px about 4 s", "512 px about 6 s", "1024 px about 20 s", "4096 px about 7 min"]
    page.selectbox(key=draft.key_of("mode")).set_value(Mode.QUICK).run()
    assert presets(page) == ["256 px about 2 s", "512 px about 5 s", "1024 px about 4 s", "4096 px about 25 s"]
    page.selectbox(key=draft.key_of("mode")).set_value(Mode.INSTANT).run()
    assert presets(page) == ["256 px", "512 px", "1024 px", "4096 px"]


def presets(page: AppTest) -> list[str]:
    entries = re.findall(r"<li><span.*?</span>(.*?)</li>", words(page))
    return [entry.replace("<br>", " ").replace("&nbsp;", " ").replace("\u00a0", " ").strip() for entry in entries]
