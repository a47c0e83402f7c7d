"""How large pictures are shown."""

from dataclasses import replace

import pytest

from nst import images
from nst.domain import PRESET_SIZES, Preset
from nst.ui import thumbnails
from tests.support.pages import DiskStudio


@pytest.mark.parametrize("preset", Preset)
def test_a_painting_is_shown_only_a_little_larger_than_it_is(studio: DiskStudio, preset: Preset) -> None:
    job = studio.submit(preset=preset)
    assert thumbnails.display_size(studio.service, job, job.owner).width == max(560, round(1.5 * PRESET_SIZES[preset]))


def test_a_photo_is_not_decoded_for_its_size_unless_the_record_is_of_an_earlier_version(
    studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, another = studio.submit(), studio.submit()
    size = thumbnails.display_size(studio.service, job, job.owner)
    monkeypatch.setattr(images, "transcode", None)
    monkeypatch.setattr(images, "decode", None)
    assert thumbnails.display_size(studio.service, another, job.owner) == size
    monkeypatch.undo()
    assert thumbnails.display_size(studio.service, replace(job, width=None, height=None), job.owner) == size
