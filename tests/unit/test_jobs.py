"""nst.domain: jobs, their states and their keys."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nst.domain import (
    JobState,
    Mode,
    Preset,
    StyleParams,
    cost_of,
    input_key_of,
    is_key,
    longest_seconds,
    media_type,
    new_id,
    object_key,
    output_key_of,
)
from nst.domain.keys import preview_key, style_key, with_visibility
from nst.errors import WrongState
from tests.support.jobs import a_job

LEGAL = {
    ("queued", "running"),
    ("queued", "cancelled"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("running", "cancelled"),
    ("running", "queued"),
}

FINAL = {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}


@pytest.mark.parametrize("target", JobState)
@pytest.mark.parametrize("source", JobState)
def test_a_job_takes_only_the_steps_of_the_table(source: JobState, target: JobState) -> None:
    job = a_job(state=source)
    if (source, target) in LEGAL:
        assert job.transition(target).state is target
    else:
        with pytest.raises(WrongState):
            job.transition(target)


@given(st.lists(st.sampled_from(list(JobState)), max_size=20))
def test_no_operation_leaves_a_final_state(states: list[JobState]) -> None:
    job = a_job()
    for state in states:
        if job.state.may_become(state):
            job = job.transition(state)
        elif job.state.is_terminal:
            with pytest.raises(WrongState):
                job.transition(state)
    assert not job.state.is_terminal or job.state in FINAL


def test_final_states_are_those_without_a_next_one() -> None:
    assert {state for state in JobState if state.is_terminal} == FINAL


def test_ids_are_random_and_of_128_bits() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"[a-z0-9]{20,32}", job_id) and len(bytes.fromhex(job_id)) == 16 for job_id in ids)


@pytest.mark.parametrize("public", [True, False])
def test_the_photo_and_the_painting_are_found_from_each_other(public: bool) -> None:
    key = object_key(new_id(), "input", ".png", public=public)
    assert key.startswith("public/input/" if public else "private/input/")
    assert input_key_of(output_key_of(key)) == key
    assert all(is_key(each) for each in (key, output_key_of(key), with_visibility(key, public=not public)))
    assert with_visibility(with_visibility(key, public=not public), public=public) == key


def test_previews_and_styles_have_keys_and_pictures_a_media_type() -> None:
    job_id = new_id()
    assert is_key(preview_key(job_id))
    assert is_key(style_key(job_id, 0))
    assert media_type(preview_key(job_id)) == "image/jpeg"
    assert media_type(object_key(job_id, "output", ".png", public=True)) == "image/png"


def test_work_is_measured_in_drafts() -> None:
    assert [cost_of(StyleParams(preset=preset)) for preset in Preset] == [1, 1.75, 4.75, 64.75]
    assert cost_of(StyleParams(size=512)) == 1.75
    for params in (StyleParams(preset=preset, mode=mode) for preset in Preset for mode in (Mode.QUICK, Mode.INSTANT)):
        assert cost_of(params) < cost_of(replace(params, mode=Mode.OPTIMISED))
    assert cost_of(StyleParams(size=4096), is_larger=True) < cost_of(StyleParams(size=2048))


@pytest.mark.parametrize(
    ("params", "seconds"),
    [
        (StyleParams(preset=Preset.DRAFT), 1800),
        (StyleParams(preset=Preset.HIGH), 1800),
        (StyleParams(size=2048), 1800),
        (StyleParams(size=4096), 7200),
        (StyleParams(preset=Preset.ULTRA), 7200),
        (StyleParams(preset=Preset.ULTRA, size=600), 1800),
        (StyleParams(size=8192), 28_800),
    ],
)
def test_a_large_painting_may_take_longer(params: StyleParams, seconds: float) -> None:
    assert longest_seconds(params, 1800) == seconds
