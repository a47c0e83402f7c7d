"""Whatever a stranger sends ends in a sentence or in plain pixels, with little memory and in little time."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nst import images
from nst.errors import FileUnreadable, InvalidParams, ObjectMissing, UnknownJob, UnknownStyle
from nst.images import Limits
from nst.service import Service, StyleChoice
from nst.settings import Settings
from nst.styles import Catalogue
from tests.hostile.corpus import Hostile, corpus, titles
from tests.hostile.corpus.names import NAMES
from tests.support.memory_store import memory_backend
from tests.support.studio import Studio

ROOT = Path(__file__).parents[2]
FILES = list(corpus())
MEGABYTE = 1_000_000
NOT_FOR_USERS = ("/", "\\", "traceback", "error", "exception", "pil", "zlib", "decoder", "buffer", "none")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured and limited as Linux does")


@pytest.fixture(scope="module")
def trial() -> dict[str, dict[str, Any]]:
    """What became of each file; of none that ended the process, nor of those after it."""
    child = subprocess.run([sys.executable, "-m", "tests.hostile.trial"], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=1800)
    found = [json.loads(line) for line in child.stdout.splitlines()]
    assert child.returncode == 0, f"{FILES[len(found)].name} ended the process with {child.returncode}: {child.stderr[-500:]}"
    return {each["name"]: each for each in found}


def test_the_corpus_has_at_least_a_hundred_files_with_unique_names() -> None:
    assert len({file.name for file in FILES}) == len(FILES) > 250


def test_the_corpus_is_deterministic() -> None:
    again = {file.name: file for file in corpus()}
    assert all(file.make() == again[file.name].make() for file in FILES if not file.heavy)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_hostile_file_is_refused_with_a_sentence_or_accepted_as_pixels(file: Hostile, trial: dict[str, dict[str, Any]]) -> None:
    found = trial[file.name]
    ways = [found[way] for way in ("decoded", "photo", "style") if way in found]
    assert len(ways) == (1 if file.heavy else 3)
    assert not any("escaped" in way for way in ways)
    refusals = [way["refused"] for way in ways if "refused" in way]
    assert len(refusals) in {"refused": (len(ways),), "let in": (0,), "either": (0, len(ways))}[file.outcome]
    for sentence in refusals:
        assert sentence.endswith(".")
        assert not any(word in sentence.lower() for word in NOT_FOR_USERS)
    assert found["decoded"].get("info", []) == []
    assert found["decoded"].get("exif", 0) == 0
    for way in ways[1:]:
        assert way["left"] == []
        assert not way.get("secret")
        assert not way.get("metadata")
    assert found["bytes"] < (1400 * MEGABYTE if file.heavy else 100 * MEGABYTE)


@pytest.mark.parametrize("way", ["mask", "part"])
@pytest.mark.parametrize("file", [file for file in FILES if not file.heavy], ids=lambda file: file.name)
def test_a_hostile_file_is_no_mask_or_one_in_plain_grey(file: Hostile, way: str, trial: dict[str, dict[str, Any]]) -> None:
    found = trial[file.name][way]
    assert "escaped" not in found
    assert "refused" in found or file.outcome != "refused"
    sentence = found.get("refused", "The mask is accepted.")
    assert sentence.startswith("The mask ")
    assert sentence.endswith(".")
    assert not any(word in sentence.lower() for word in NOT_FOR_USERS)
    assert (found["left"], found.get("secret", False), found.get("metadata", [])) == ([], False, [])


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
class TestNames:
    def test_no_name_leads_to_a_style_outside_the_catalogue(self, studio: Studio, name: str) -> None:
        with pytest.raises(UnknownStyle) as caught:
            studio.submit(styles=[StyleChoice(name)])
        assert len(str(caught.value)) < 1000

    def test_no_name_leads_to_a_job(self, name: str) -> None:
        settings = Settings(admin_token="sesame-of-16-characters")
        service = Service(memory_backend(), Catalogue(Limits.of(settings)), settings)
        for call in (service.get, service.result, service.photo, service.preview, service.cancel, service.delete):
            with pytest.raises(UnknownJob):
                call(name, "anna")
        with pytest.raises(UnknownJob):
            service.report(name, "anna", since=0.0)
        with pytest.raises(UnknownJob):
            service.hide(name, "sesame-of-16-characters")

    def test_no_name_leads_to_a_stored_picture(self, studio: Studio, name: str) -> None:
        for key in (name, f"private/input/{name}", f"private/input/{name}.jpg", f"style/{name}.jpg"):
            if key != "style/con.jpg":
                with pytest.raises(ObjectMissing):
                    studio.backend.objects.put(key, b"")

    def test_no_name_leads_a_visitor_to_another_ones_picture(self, studio: Studio, name: str) -> None:
        job = studio.submit()
        with pytest.raises(UnknownJob):
            studio.service.photo(job.id, name)


@pytest.mark.parametrize("name", [name for name in NAMES if "/" not in name and name.strip(".")], ids=lambda name: ascii(name[:20]))
def test_no_file_name_causes_a_traceback(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileUnreadable):
        images.read(tmp_path / name, Limits.of(Settings()))


def test_a_hostile_title_is_refused_or_kept_as_text_and_found() -> None:
    studio = Studio({})
    job, gallery = studio.painted(public=True), studio.service.gallery
    for title in titles.REFUSED:
        with pytest.raises(InvalidParams) as refusal:
            gallery.set_title(job.id, "anna", title)
        assert not any(word in str(refusal.value).lower() for word in NOT_FOR_USERS)
        gallery.page(24, query=title)
        assert studio.service.get(job.id, "anna").title is None
    for title in titles.ESCAPED:
        studio.now += 60.0
        gallery.set_title(job.id, "anna", title)
        (entry,) = gallery.page(24, query=title).entries
        assert entry.title == title
