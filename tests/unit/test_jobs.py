"""nst.domain: jobs, their states and their keys."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nst.domain import FINAL_STATES, JobState, Preset, StyleParams, before_of, cost_of, is_key, media_type, new_id, object_key, result_key
from nst.domain.keys import preview_key, style_key, with_visibility
from nst.errors import WrongState
from tests.builders import a_job

LEGAL = {
    ("queued", "running"),
    ("queued", "cancelled"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("running", "cancelled"),
    ("running", "queued"),
}


@pytest.mark.parametrize("target", JobState)
@pytest.mark.parametrize("source", JobState)
def test_a_job_takes_only_the_steps_of_the_table(source: JobState, target: JobState) -> None:
    job = a_job(state=source)
    if (source, target) in LEGAL:
        assert job.moved(target).state is target
    else:
        with pytest.raises(WrongState):
            job.moved(target)


@given(st.lists(st.sampled_from(list(JobState)), max_size=20))
def test_whatever_is_tried_a_final_state_is_never_left(wishes: list[JobState]) -> None:
    job = a_job()
    for wish in wishes:
        if job.state.may_become(wish):
            job = job.moved(wish)
        elif job.state.is_terminal:
            with pytest.raises(WrongState):
                job.moved(wish)
    assert job.state in FINAL_STATES or not job.state.is_terminal


def test_final_states_are_those_without_a_next_one() -> None:
    assert {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED} == FINAL_STATES


def test_ids_are_random_and_of_128_bits() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"[a-z0-9]{20,32}", job_id) and len(bytes.fromhex(job_id)) == 16 for job_id in ids)


@pytest.mark.parametrize("public", [True, False])
def test_the_photo_and_the_painting_are_found_from_each_other(public: bool) -> None:
    key = object_key(new_id(), "input", ".png", public=public)
    assert key.startswith("public/input/" if public else "private/input/")
    assert before_of(result_key(key)) == key
    assert all(is_key(each) for each in (key, result_key(key), with_visibility(key, public=not public)))
    assert with_visibility(with_visibility(key, public=not public), public=public) == key


def test_previews_and_styles_have_keys_and_pictures_a_media_type() -> None:
    job_id = new_id()
    assert is_key(preview_key(job_id))
    assert is_key(style_key(job_id, 0))
    assert media_type(preview_key(job_id)) == "image/jpeg"
    assert media_type(object_key(job_id, "output", ".png", public=True)) == "image/png"


def test_work_is_measured_in_drafts() -> None:
    assert [cost_of(StyleParams(preset=preset)) for preset in Preset] == [1, 4, 16, 256]
    assert cost_of(StyleParams(size=128)) == 0.25
