"""nst.styles: the bundled styles, and a folder of own styles."""

import re
from pathlib import Path

import pytest
from PIL import Image

from nst.errors import FileUnreadable, UnknownStyle
from nst.images import Limits
from nst.styles import Catalogue, StyleEntry
from nst.styles.names import slug

LIMITS = Limits(max_bytes=20_000_000, max_pixels=50_000_000, min_side=32)
BUNDLED = Catalogue(LIMITS).entries()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of own styles, with a picture of each colour."""
    for name in ("my_red picture.png", "blue.jpg"):
        Image.new("RGB", (64, 64), "red" if "red" in name else "blue").save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture", encoding="utf-8")
    (tmp_path / ".hidden.jpg").write_text("no picture either", encoding="utf-8")
    return tmp_path


class TestBundledStyles:
    def test_there_are_at_least_twelve(self) -> None:
        assert len(BUNDLED) >= 12
        assert len({entry.id for entry in BUNDLED}) == len(BUNDLED)

    @pytest.mark.parametrize("entry", BUNDLED, ids=lambda entry: entry.id)
    def test_each_is_described_and_has_a_picture(self, entry: StyleEntry) -> None:
        assert entry.id == slug(entry.id)
        assert entry.title
        assert entry.line
        assert "CC0" in entry.credit
        assert len(entry.palette) == 5
        assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in entry.palette)
        assert min(Catalogue(LIMITS).picture(entry.id).size) >= 512


class TestOwnStyles:
    def test_they_follow_the_bundled_ones(self, folder: Path) -> None:
        own = Catalogue(LIMITS, folder).entries()[len(BUNDLED) :]
        assert [(entry.id, entry.title) for entry in own] == [("blue", "Blue"), ("my-red-picture", "My red picture")]
        assert Catalogue(LIMITS, folder).entries()[: len(BUNDLED)] == BUNDLED

    def test_their_pictures_are_read(self, folder: Path) -> None:
        assert Catalogue(LIMITS, folder).picture("my-red-picture").getpixel((0, 0)) == (255, 0, 0)

    def test_they_cannot_stand_in_for_a_bundled_style(self, folder: Path) -> None:
        bundled = BUNDLED[0].id
        for ending in ("png", "webp"):
            Image.new("RGB", (64, 64), "red").save(folder / f"{bundled}.{ending}")
        catalogue = Catalogue(LIMITS, folder)
        assert catalogue.get(bundled) == BUNDLED[0]
        own = [entry.id for entry in catalogue.entries() if entry.title == BUNDLED[0].title.capitalize()]
        assert len({*own, bundled}) == 3

    def test_a_broken_one_is_reported_when_it_is_requested_and_hides_no_other(self, folder: Path) -> None:
        (folder / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0")
        Image.new("RGB", (3, 3)).save(folder / "tiny.png")
        catalogue = Catalogue(LIMITS, folder)
        with pytest.raises(UnknownStyle, match="damaged"):
            catalogue.picture("torn")
        with pytest.raises(UnknownStyle, match="3 x 3 pixels"):
            catalogue.picture("tiny")
        assert catalogue.picture("blue").size == (64, 64)

    def test_a_removed_one_is_unknown(self, folder: Path) -> None:
        catalogue = Catalogue(LIMITS, folder)
        (folder / "blue.jpg").unlink()
        with pytest.raises(UnknownStyle):
            catalogue.picture("blue")

    def test_a_missing_folder_is_reported(self, tmp_path: Path) -> None:
        with pytest.raises(FileUnreadable, match="NST_STYLES_DIR"):
            Catalogue(LIMITS, tmp_path / "nowhere")


class TestUnknownStyles:
    def test_similar_ids_are_suggested(self) -> None:
        known = BUNDLED[0].id
        with pytest.raises(UnknownStyle, match=f"Did you mean {known}"):
            Catalogue(LIMITS).get(known[:-1] + "x")

    def test_a_title_suggests_its_id(self) -> None:
        with pytest.raises(UnknownStyle, match=f"Did you mean {BUNDLED[0].id}"):
            Catalogue(LIMITS).get(BUNDLED[0].title)

    def test_without_a_similar_id_all_are_listed(self) -> None:
        with pytest.raises(UnknownStyle) as caught:
            Catalogue(LIMITS).get("0")
        assert all(entry.id in str(caught.value) for entry in BUNDLED)


@pytest.mark.parametrize(("text", "id"), [("Der Schrei (1893)", "der-schrei-1893"), ("Été_à_Paris", "ete-a-paris"), ("神奈川", "style")])
def test_a_name_becomes_an_id(text: str, id: str) -> None:
    assert slug(text) == id
