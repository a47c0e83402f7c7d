"""Checkpoints: an interrupted painting goes on after its last finished scale, and is the same as without the interruption."""

import json
import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image

from nst.domain import Init, KeepColours, Mode, StyleParams
from nst.engine import Progress, Region, Result, checkpoints, memory_budget, stylize
from tests.support.encoder import TinyEncoder
from tests.support.pictures import picture

CASES: dict[str, dict[str, Any]] = {
    "quick": {"params": {"mode": "quick", "size": 256}},
    "optimised": {"params": {"size": 256}},
    "without passes": {"params": {"size": 160, "scales": 3, "iterations": 3, "init": "noise", "seed": 5}},
    "adam": {"params": {"size": 160, "optimiser": "adam", "scales": 2, "iterations": 2}},
    "recoloured": {"params": {"mode": "quick", "size": 256, "keep_colours": "recolour"}},
    "larger": {"params": {"size": 240}, "earlier": True},
    "regions": {"params": {"mode": "quick", "size": 256}, "regions": True},
}


SMALL: dict[str, Any] = {"params": {"size": 64, "scales": 2, "iterations": 2}}


class Interrupted(Exception):
    """What ends a rendering here, as a signal ends a process."""


def rendered(photo: Image.Image, style: Image.Image, case: dict[str, Any], **how: Any) -> Result:
    more = {"earlier": picture(48, 32)} if case.get("earlier") else {}
    mask = Image.new("L", (12, 8))
    mask.paste(255, (0, 0, 6, 8))
    regions = [Region(mask, [picture(40, 40, seed=3)])] if case.get("regions") else []
    params = StyleParams.from_dict(case["params"])
    return stylize(photo, [style], params, regions=regions, encoder=TinyEncoder(), **more, **how)


def interrupted(photo: Image.Image, style: Image.Image, case: dict[str, Any], scales: int, **how: Any) -> bytes:
    """The checkpoint of a rendering that is interrupted after so many scales."""
    kept: list[bytes] = []

    def on_progress(progress: Progress) -> None:
        if progress.checkpoint is not None:
            kept.append(progress.checkpoint())
            if len(kept) == scales:
                raise Interrupted

    with pytest.raises(Interrupted):
        rendered(photo, style, case, on_progress=on_progress, **how)
    return kept[-1]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_painting_that_goes_on_equals_one_without_interruption(photo: Image.Image, style: Image.Image, case: dict[str, Any]) -> None:
    whole: list[Progress] = []
    expected = rendered(photo, style, case, on_progress=whole.append)
    scales = whole[-1].scales
    assert [progress.scale for progress in whole if progress.checkpoint] == list(range(1, scales))
    seen: list[Progress] = []
    found = rendered(photo, style, case, checkpoint=interrupted(photo, style, case, scales - 1), on_progress=seen.append)
    assert (seen[0].scale, {progress.scale for progress in seen[1:]}) == (scales - 1, {scales})
    assert found.picture.tobytes() == expected.picture.tobytes()
    assert {**found.recipe, "seconds": 0} == {**expected.recipe, "seconds": 0}


def test_progress_and_time_go_on_from_what_was_done(photo: Image.Image, style: Image.Image) -> None:
    case = CASES["without passes"]
    kept = interrupted(photo, style, case, 2)
    facts = facts_of(kept)
    seen: list[Progress] = []
    result = rendered(photo, style, case, checkpoint=changed(kept, seconds=1000.0), on_progress=seen.append)
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert fractions[0] > 0.2
    assert fractions[-1] == pytest.approx(1)
    assert 0 < facts["seconds"] < 1000 < result.recipe["seconds"]
    assert seen[0].preview(64).size == (64, 43)
    assert seen[0].checkpoint is not None  # it may be kept again


def test_a_painting_may_be_stopped_before_it_goes_on(photo: Image.Image, style: Image.Image) -> None:
    case = CASES["without passes"]
    result = rendered(photo, style, case, checkpoint=interrupted(photo, style, case, 1), should_stop=lambda: True)
    assert result.stopped
    assert result.picture.size == (80, 53)


def test_a_painting_goes_on_by_tiles_where_less_memory_is_free(
    photo: Image.Image, style: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES["quick"]
    kept = interrupted(photo, style, case, 1)
    monkeypatch.setattr(memory_budget, "PIXELS_AT_ONCE", 1)
    seen: list[Progress] = []
    assert rendered(photo, style, case, checkpoint=kept, on_progress=seen.append).picture.size == (256, 171)
    assert {progress.scale for progress in seen[1:]} == {2, 3}


OTHERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "strength": lambda case: {**case, "params": {**case["params"], "strength": 0.75}},
    "size": lambda case: {**case, "params": {**case["params"], "size": 72}},
    "regions": lambda case: {**case, "regions": True},
    "earlier": lambda case: {**case, "earlier": True},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_checkpoint_of_other_parameters_or_inputs_is_ignored(
    photo: Image.Image, style: Image.Image, other: Callable[[dict[str, Any]], dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    kept = interrupted(photo, style, SMALL, 1)
    case = other(SMALL)
    seen: list[Progress] = []
    found = rendered(photo, style, case, checkpoint=kept, on_progress=seen.append)
    assert seen[0].scale == 1
    assert found.picture.tobytes() == rendered(photo, style, case).picture.tobytes()
    assert "a checkpoint is not used: it is of another version, or of a rendering with other inputs" in caplog.text


def test_a_checkpoint_of_another_photo_style_or_version_is_ignored(
    photo: Image.Image, style: Image.Image, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept = interrupted(photo, style, SMALL, 1)
    rendered(picture(96, 64, seed=9), style, SMALL, checkpoint=kept)
    rendered(photo, picture(64, 64, seed=9), SMALL, checkpoint=kept)
    monkeypatch.setattr("nst.__version__", "0.0.1")
    rendered(photo, style, SMALL, checkpoint=kept)
    assert caplog.text.count("it is of another version") == 3


def facts_of(kept: bytes) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(safetensors.numpy.load(kept)["facts"].tobytes())
    return facts


def changed(kept: bytes, **facts: Any) -> bytes:
    described = np.frombuffer(json.dumps({**facts_of(kept), **facts}).encode(), dtype=np.uint8)
    return safetensors.numpy.save({"picture": safetensors.numpy.load(kept)["picture"], "facts": described})


SIZES = [(8, 12), (16, 24), (32, 48)]


@pytest.fixture
def kept() -> bytes:
    import torch

    return checkpoints.encode(checkpoints.Checkpoint(torch.rand(1, 3, 16, 24), 2, 3.5, [["lbfgs"], []], {"style": 0.5}), "mine")


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut off": lambda kept: kept[:-1],
    "longer": lambda kept: kept + b"\0",
    "much longer": lambda kept: kept + bytes(10**6),
    "a picture": lambda _: b"\x89PNG\r\n\x1a\n" + bytes(100),
    "a pickle": lambda _: b"\x80\x04cos\nsystem\n(S'true'\ntR.",
    "a huge header": lambda kept: (2**60).to_bytes(8, "little") + kept[8:],
    "no facts": lambda kept: safetensors.numpy.save({"picture": safetensors.numpy.load(kept)["picture"]}),
    "no JSON": lambda kept: safetensors.numpy.save({**safetensors.numpy.load(kept), "facts": np.zeros(9, np.uint8)}),
    "deep JSON": lambda kept: safetensors.numpy.save(
        {**safetensors.numpy.load(kept), "facts": np.frombuffer(b"[" * 60_000, dtype=np.uint8)}
    ),
    "another shape": lambda kept: safetensors.numpy.save({**safetensors.numpy.load(kept), "picture": np.zeros((3, 8, 12), np.uint16)}),
    "another type": lambda kept: safetensors.numpy.save({**safetensors.numpy.load(kept), "picture": np.zeros((3, 16, 24), np.float16)}),
    "all scales": lambda kept: changed(kept, scales=3),
    "no scale": lambda kept: changed(kept, scales=0),
    "negative": lambda kept: changed(kept, scales=-1),
    "endless": lambda kept: changed(kept, seconds=float("inf")),
    "not a number": lambda kept: changed(kept, seconds=float("nan")),
    "an unknown optimiser": lambda kept: changed(kept, optimisers=[["sgd"], []]),
    "too few optimisers": lambda kept: changed(kept, optimisers=[[]]),
    "infinite losses": lambda kept: changed(kept, losses={"style": float("inf")}),
    "losses that are no numbers": lambda kept: changed(kept, losses={"style": {}}),
    "facts of another kind": lambda kept: safetensors.numpy.save(
        {**safetensors.numpy.load(kept), "facts": np.frombuffer(b"[1, 2]", dtype=np.uint8)}
    ),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_and_hostile_bytes_are_ignored(kept: bytes, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    assert checkpoints.decode(damage(kept), "mine", SIZES) is None
    assert "a checkpoint is not used" in caplog.text


def test_what_is_read_is_what_was_written(kept: bytes) -> None:
    found = checkpoints.decode(kept, "mine", SIZES)
    assert found is not None
    assert (found.scales, found.seconds, found.optimisers, found.losses) == (2, 3.5, [["lbfgs"], []], {"style": 0.5})
    assert found.picture.shape == (1, 3, 16, 24)
    again = checkpoints.decode(checkpoints.encode(found, "mine"), "mine", SIZES)
    assert again is not None
    assert bool((again.picture == found.picture).all())


@pytest.mark.parametrize("case", [{"mode": Mode.INSTANT}, {"scales": 1, "init": Init.STYLE}, {"keep_colours": KeepColours.LUMINANCE}])
def test_paintings_of_one_scale_have_none(photo: Image.Image, style: Image.Image, case: dict[str, Any]) -> None:
    seen: list[Progress] = []
    stylize(photo, [style], StyleParams(size=40, iterations=2, **case), on_progress=seen.append, checkpoint=b"nothing")
    assert [progress.checkpoint for progress in seen] == [None] * len(seen)
