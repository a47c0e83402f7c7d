"""Rendering on a GPU; skipped without one."""

import numpy as np
import pytest
import torch
from PIL import Image

from nst.domain import Mode, Precision, StyleParams
from nst.engine import load_instant, memory_budget, stylize

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")]
CPU = torch.device("cpu")


@pytest.fixture
def gpu() -> torch.device:
    return torch.device("cuda")


@pytest.mark.parametrize("mode", Mode)
def test_a_gpu_paints_what_a_cpu_paints(mode: Mode, photo: Image.Image, style: Image.Image, gpu: torch.device) -> None:
    params = StyleParams(mode=mode, size=96)
    paintings = [stylize(photo, [style], params, device=device, precision=Precision.FLOAT32) for device in (gpu, CPU)]
    there, here = (np.asarray(painting.picture, dtype=float) for painting in paintings)
    assert np.abs(there - here).mean() < 12
    assert paintings[0].recipe["device"] == "cuda"


@pytest.mark.parametrize("mode", Mode)
def test_the_same_seed_gives_nearly_the_same_painting_on_a_gpu(
    mode: Mode, photo: Image.Image, style: Image.Image, gpu: torch.device
) -> None:
    first, again = (np.asarray(stylize(photo, [style], StyleParams(mode=mode, size=96), device=gpu).picture, float) for _ in range(2))
    assert np.abs(first - again).mean() < 2  # sums on a GPU are not taken in the same order each time


def test_half_precision_may_be_chosen_on_a_gpu(photo: Image.Image, style: Image.Image, gpu: torch.device) -> None:
    painting = stylize(photo, [style], StyleParams(size=96), device=gpu, precision=Precision.BFLOAT16)
    assert painting.recipe["precision"] == "bfloat16"


def test_free_memory_is_a_part_of_a_gpus(gpu: torch.device) -> None:
    assert 0 < memory_budget.free_bytes(gpu) <= torch.cuda.get_device_properties(gpu).total_memory


def test_the_caches_work_on_a_gpu(photo: Image.Image, style: Image.Image, gpu: torch.device) -> None:
    instant = load_instant(gpu)
    first, again = (stylize(photo, [style], StyleParams(mode=Mode.INSTANT, size=96), instant=instant).picture for _ in range(2))
    assert np.abs(np.asarray(first, float) - np.asarray(again, float)).mean() < 2
