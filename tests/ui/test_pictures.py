"""Where pictures are, and how large they are shown."""

import pytest

from nst.domain import PRESET_SIZES, Preset
from nst.ui import pictures
from tests.ui.conftest import DiskStudio


@pytest.mark.parametrize("preset", Preset)
def test_a_painting_is_shown_little_larger_than_it_is(studio: DiskStudio, preset: Preset) -> None:
    job = studio.submit(preset=preset)
    assert pictures.shape(studio.service, job, job.owner).width <= 1.5 * PRESET_SIZES[preset]
