"""nst.samples: sample photos, without network."""

import subprocess
import sys

import pytest

from nst import samples
from nst.errors import FileUnreadable, InvalidParams


@pytest.mark.parametrize("sample", samples.SAMPLES, ids=lambda sample: sample.name)
def test_every_sample_is_a_photo_with_a_credit(sample: samples.Sample) -> None:
    photo = samples.load(sample.name)
    assert photo.mode == "RGB"
    assert min(photo.size) >= 300
    assert sample.title
    assert sample.credit


def test_an_unknown_sample_is_refused_with_a_list_of_all() -> None:
    with pytest.raises(InvalidParams, match="no sample photo called 'dog'; there are astronaut, cat, coffee, rocket"):
        samples.load("dog")


def test_without_scikit_image_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "find_spec", lambda _: None)
    with pytest.raises(FileUnreadable, match="come with scikit-image"):
        samples.load("cat")


def test_scikit_image_is_not_imported() -> None:
    program = "import sys; from nst import samples; samples.load('cat'); sys.exit('skimage' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
