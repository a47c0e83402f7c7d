"""A folder of own styles: ids that do not depend on other files, and no unusable pictures on offer."""

import logging
import os
import threading
from collections.abc import Callable, Iterable
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from unicodedata import normalize

import pytest
from PIL import Image

from nst import images
from nst.errors import FileUnreadable, StyleChanged, UnknownStyle
from nst.images import Limits
from nst.styles import Catalogue, StyleEntry
from tests.support.files import named

LIMITS = Limits(max_bytes=100_000, max_pixels=1_000_000, min_side=32)
BUNDLED = {entry.id for entry in Catalogue(LIMITS).entries()}
COLOURS = ("red", "green", "blue", "yellow", "purple", "orange", "teal", "pink")

BEYOND_LATIN = (
    "北斎.jpg",
    "広重.jpg",
    "アジサイ.png",
    "Θάλασσα.webp",
    "🎨.png",
    "🌊.png",
    "___.jpg",
    "!?.jpg",
    "北斎 waves.jpg",
    "広重 waves.jpg",
)
ALIKE = ("a.jpg", "a.png", "a.webp", "A.jpg", "á.jpg", "a!.jpg", "straße.jpg", "strae.jpg", "starlit-swirl.png", "starlit-swirl.webp")


def paint(path: Path, colour: str = "red") -> str:
    """Makes a picture and returns its digest."""
    path = path.with_name(named(path.name))
    Image.new("RGB", (64, 64), colour).save(path)
    return sha256(path.read_bytes()).hexdigest()


def fill(folder: Path, names: Iterable[str]) -> None:
    for number, name in enumerate(names):
        paint(folder / name, COLOURS[number % len(COLOURS)])


def own(folder: Path) -> dict[str, StyleEntry]:
    """The styles of the folder by file name, as a new process sees them."""
    return {name_of(entry): entry for entry in Catalogue(LIMITS, folder).entries() if entry.id not in BUNDLED}


def name_of(entry: StyleEntry) -> str:
    """The file's name, whatever the locale."""
    return os.fsencode(entry.path.name).decode("utf-8", "surrogateescape")


def ids(folder: Path) -> dict[str, str]:
    return {file: entry.id for file, entry in own(folder).items()}


class TestIds:
    def test_a_name_beyond_latin_has_the_same_id_whatever_else_is_there(self, tmp_path: Path) -> None:
        fill(tmp_path, BEYOND_LATIN)
        together = ids(tmp_path)
        assert len(set(together.values())) == len(BEYOND_LATIN)
        for number, (first, second) in enumerate(combinations(BEYOND_LATIN, 2)):
            folder = tmp_path / str(number)
            folder.mkdir()
            fill(folder, (first, second))
            assert ids(folder) == {first: together[first], second: together[second]}

    def test_ids_are_valid_in_urls_and_object_keys(self, tmp_path: Path) -> None:
        fill(tmp_path, (*BEYOND_LATIN, *ALIKE, f"{'x' * 200}.jpg", f"{'x' * 201}.jpg", f"{'水' * 80}.jpg"))
        found = list(ids(tmp_path).values())
        assert len(set(found)) == len(found) == len(BEYOND_LATIN) + len(ALIKE) + 3
        assert all(len(each) <= 64 and each.strip("abcdefghijklmnopqrstuvwxyz0123456789-") == "" and each[0] != "-" for each in found)

    @pytest.mark.parametrize(
        ("file", "id"),
        [
            ("my-style.jpg", "my-style"),
            ("My Style.png", "my-style"),
            ("my_style.webp", "my-style"),
            ("Été_à_Paris.jpg", "ete-a-paris"),
            ("Der Schrei (1893).jpeg", "der-schrei-1893"),
            ("Wasser \N{EN DASH} bei Nacht.jpg", "wasser-bei-nacht"),
        ],
    )
    def test_a_latin_name_keeps_the_id_that_it_always_had(self, tmp_path: Path, file: str, id: str) -> None:
        fill(tmp_path, (file, "北斎.jpg"))
        assert ids(tmp_path)[file] == id

    @pytest.mark.parametrize(("file", "former"), [("北斎 waves.jpg", "waves"), ("straße.jpg", "strae"), (f"{'x' * 90}.jpg", "x" * 90)])
    def test_the_id_of_an_earlier_version_is_still_found(self, tmp_path: Path, file: str, former: str) -> None:
        digest = paint(tmp_path / file)
        catalogue = Catalogue(LIMITS, tmp_path)
        assert former not in {entry.id for entry in catalogue.entries()}
        assert former in catalogue
        assert (name_of(catalogue.get(former)), catalogue.get(former).digest) == (file, digest)

    def test_an_ambiguous_former_id_is_unknown(self, tmp_path: Path) -> None:
        fill(tmp_path, ("北斎 waves.jpg", "広重 waves.jpg"))
        catalogue = Catalogue(LIMITS, tmp_path)
        with pytest.raises(UnknownStyle, match=r"Did you mean waves-[0-9a-f]{8} or waves-[0-9a-f]{8}"):
            catalogue.get("waves")

    @pytest.mark.parametrize(("first", "second"), [*combinations(ALIKE, 2)])
    def test_similar_names_have_different_ids(self, tmp_path: Path, first: str, second: str) -> None:
        """In whatever order they were added. A stored id with its digest finds its picture, whichever picture has the id now."""
        alone, digests, both = {}, {}, tmp_path / "both"
        both.mkdir()
        for file, colour in ((second, "blue"), (first, "red")):
            folder = tmp_path / named(file)
            folder.mkdir()
            digests[file] = paint(folder / file, colour)
            alone[file] = ids(folder)[file]
            paint(both / file, colour)
        together, catalogue = ids(both), Catalogue(LIMITS, both)
        assert len(set(together.values())) == 2
        for file in (first, second):
            assert name_of(catalogue.get(alone[file], digests[file])) == file
            assert name_of(catalogue.get(together[file])) == file

    def test_the_full_id_finds_its_picture_whatever_else_is_there(self, tmp_path: Path) -> None:
        fill(tmp_path, ("a.jpg", "a.png"))
        full = ids(tmp_path)["a.png"]
        assert ids(tmp_path)["a.jpg"] == "a" != full
        (tmp_path / "a.jpg").unlink()
        assert Catalogue(LIMITS, tmp_path).get(full).path.name == "a.png"

    def test_two_spellings_of_a_name_in_unicode_are_one_name(self, tmp_path: Path) -> None:
        for form in ("NFC", "NFD"):
            (tmp_path / form).mkdir()
            fill(tmp_path / form, [normalize(form, name) for name in ("が.jpg", "é.jpg")])
        composed, decomposed = (set(ids(tmp_path / form).values()) for form in ("NFC", "NFD"))
        assert composed == decomposed

    def test_both_spellings_in_one_folder_are_two_styles(self, tmp_path: Path) -> None:
        names = [normalize(form, name) for name in ("が.jpg", "é.jpg") for form in ("NFC", "NFD")]
        fill(tmp_path, names)
        if len(list(tmp_path.iterdir())) < 4:
            pytest.skip("this file system, as on macOS, treats both spellings as one file name")
        alone = tmp_path / "alone"
        alone.mkdir()
        fill(alone, names[::2])
        assert len(set(ids(tmp_path).values())) == 4
        assert {name: ids(tmp_path)[name] for name in names[::2]} == ids(alone)

    def test_a_title_in_any_script_suggests_its_id(self, tmp_path: Path) -> None:
        fill(tmp_path, ("北斎.jpg", "広重.jpg"))
        with pytest.raises(UnknownStyle, match=f"Did you mean {ids(tmp_path)['北斎.jpg']}?"):
            Catalogue(LIMITS, tmp_path).get("北斎")

    def test_an_own_style_never_stands_in_for_a_bundled_one(self, tmp_path: Path) -> None:
        digest = paint(tmp_path / "starlit-swirl.png")
        catalogue = Catalogue(LIMITS, tmp_path)
        assert catalogue.get("starlit-swirl") == Catalogue(LIMITS).get("starlit-swirl")
        assert catalogue.get("starlit-swirl", digest).path.name == "starlit-swirl.png"

    @pytest.mark.parametrize(
        ("file", "title"),
        [
            ("北斎.jpg", "北斎"),
            ("🎨.png", "🎨"),
            ("my_red picture.png", "My red picture"),
            ("___.jpg", "___"),
            (normalize("NFD", "é.jpg"), "É"),
        ],
    )
    def test_a_title_is_the_files_name_in_its_own_script(self, tmp_path: Path, file: str, title: str) -> None:
        fill(tmp_path, [file])
        assert own(tmp_path)[file].title == title

    def test_a_name_that_is_not_utf8_can_be_shown(self, tmp_path: Path) -> None:
        paint(tmp_path / "x.jpg")
        (tmp_path / "x.jpg").rename(tmp_path / os.fsdecode(b"caf\xe9.jpg"))
        (entry,) = own(tmp_path).values()
        assert entry.title.encode() == "Caf\N{REPLACEMENT CHARACTER}".encode()


class TestIdentity:
    def test_a_replaced_picture_is_not_found_by_the_old_digest(self, tmp_path: Path) -> None:
        meant = paint(tmp_path / "own.png", "red")
        catalogue = Catalogue(LIMITS, tmp_path)
        assert catalogue.get("own", meant).digest == meant
        paint(tmp_path / "own.png", "blue")
        for ask in (catalogue.get, catalogue.file, catalogue.picture):
            with pytest.raises(StyleChanged, match="has changed since"):
                ask("own", meant)
        assert catalogue.picture("own").getpixel((0, 0)) == (0, 0, 255)

    def test_a_removed_picture_is_reported(self, tmp_path: Path) -> None:
        meant = paint(tmp_path / "own.png")
        catalogue = Catalogue(LIMITS, tmp_path)
        (tmp_path / "own.png").unlink()
        for ask in (catalogue.get, catalogue.file):
            with pytest.raises(StyleChanged, match="not there any more"):
                ask("own", meant)

    def test_a_replacement_of_the_same_size_and_time_is_noticed(self, tmp_path: Path) -> None:
        path, other = tmp_path / "own.png", tmp_path / "other"
        meant = paint(path, "red")
        catalogue, before = Catalogue(LIMITS, tmp_path), path.stat()
        assert catalogue.get("own").digest == meant
        Image.new("RGB", (64, 64), "blue").save(other, "PNG")
        other.write_bytes(other.read_bytes()[: before.st_size].ljust(before.st_size, b" "))
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        other.replace(path)
        assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
        with pytest.raises(StyleChanged):
            catalogue.get("own", meant)

    def test_a_bundled_style_has_a_digest_too(self) -> None:
        entry = Catalogue(LIMITS).get("tide-wash")
        assert entry.digest == sha256(Catalogue(LIMITS).file("tide-wash")).hexdigest()
        with pytest.raises(StyleChanged):
            Catalogue(LIMITS).file("tide-wash", "0" * 64)

    def test_a_sites_limits_do_not_apply_to_bundled_styles(self) -> None:
        assert Catalogue(Limits(max_bytes=1000, max_pixels=1000, min_side=4000)).picture("tide-wash").size >= (512, 512)


def no_picture(path: Path) -> None:
    path.write_bytes(b"dear diary")


def empty(path: Path) -> None:
    path.touch()


def truncated(path: Path) -> None:
    Image.effect_noise((256, 256), 50).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:4000])


def too_small(path: Path) -> None:
    Image.new("RGB", (8, 8)).save(path)


def too_many_pixels(path: Path) -> None:
    Image.new("RGB", (2100, 2100)).save(path)


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10**12)


def heic(path: Path) -> None:
    path.write_bytes(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(200))


def folder(path: Path) -> None:
    path.mkdir()


def dangling(path: Path) -> None:
    path.symlink_to("nowhere.jpg")


def pipe(path: Path) -> None:
    os.mkfifo(path)


KINDS = (no_picture, empty, truncated, too_small, too_many_pixels, huge, heic, folder, dangling, pipe)
Spoil = Callable[[Path], None]


class TestBrokenPictures:
    @pytest.mark.parametrize("spoil", KINDS, ids=lambda spoil: spoil.__name__)
    def test_an_unusable_picture_is_left_out_and_logged_once(self, tmp_path: Path, spoil: Spoil, caplog: pytest.LogCaptureFixture) -> None:
        spoil(tmp_path / "torn.jpg")
        paint(tmp_path / "good.jpg")
        catalogue = Catalogue(LIMITS, tmp_path)
        for _ in range(3):
            assert [entry.id for entry in catalogue.entries() if entry.id not in BUNDLED] == ["good"]
            assert "torn" not in catalogue
            with pytest.raises(UnknownStyle, match="cannot be used"):
                catalogue.picture("torn")
        (left_out,) = catalogue.left_out()
        assert left_out.file == "torn.jpg"
        assert str(left_out.error)
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        assert "torn.jpg" in caplog.text
        assert str(tmp_path) not in caplog.text

    @pytest.mark.parametrize("spoil", KINDS, ids=lambda spoil: spoil.__name__)
    def test_a_repaired_picture_is_offered_without_a_restart(self, tmp_path: Path, spoil: Spoil) -> None:
        spoil(tmp_path / "own.jpg")
        catalogue = Catalogue(LIMITS, tmp_path)
        assert "own" not in catalogue
        (tmp_path / "own.jpg").rmdir() if spoil is folder else (tmp_path / "own.jpg").unlink()
        paint(tmp_path / "own.jpg")
        assert "own" in catalogue
        assert not catalogue.left_out()

    def test_a_picture_that_breaks_later_is_no_longer_offered(self, tmp_path: Path) -> None:
        paint(tmp_path / "own.jpg")
        catalogue = Catalogue(LIMITS, tmp_path)
        assert "own" in {entry.id for entry in catalogue.entries()}
        (tmp_path / "own.jpg").write_bytes((tmp_path / "own.jpg").read_bytes()[:200])
        assert "own" not in {entry.id for entry in catalogue.entries()}

    def test_a_picture_is_decoded_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        fill(tmp_path, ("a.jpg", "b.jpg"))
        seen = []
        decode = images.decode
        monkeypatch.setattr(images, "decode", lambda data, limits, **how: (seen.append(data), decode(data, limits, **how))[1])
        catalogue = Catalogue(LIMITS, tmp_path)
        for _ in range(3):
            catalogue.entries()
            catalogue.get("a")
        assert len(seen) == 2

    def test_an_unexpected_error_leaves_the_picture_out(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def decode(*_: object, **__: object) -> None:
            raise RuntimeError("a bug")

        paint(tmp_path / "own.jpg")
        monkeypatch.setattr(images, "decode", decode)
        catalogue = Catalogue(LIMITS, tmp_path)
        assert {entry.id for entry in catalogue.entries()} == BUNDLED
        assert [left.file for left in catalogue.left_out()] == ["own.jpg"]

    def test_no_call_waits_for_pictures_that_take_long(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        paint(tmp_path / "own.jpg")
        may_go_on, decode = threading.Event(), images.decode
        monkeypatch.setattr(images, "decode", lambda data, limits, **how: (may_go_on.wait(60), decode(data, limits, **how))[1])
        catalogue = Catalogue(LIMITS, tmp_path)
        assert {entry.id for entry in catalogue.entries(timeout=0)} == BUNDLED
        assert {entry.id for entry in catalogue.entries(timeout=0.01)} == BUNDLED
        may_go_on.set()
        assert {entry.id for entry in catalogue.entries()} == {*BUNDLED, "own"}

    def test_checking_one_picture_checks_no_other(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        no_picture(tmp_path / "torn.jpg")
        paint(tmp_path / "own.jpg")
        assert Catalogue(LIMITS, tmp_path).get("own").digest
        assert not caplog.records


class TestFolders:
    @pytest.mark.parametrize("make", [lambda _path: None, no_picture], ids=["missing", "file"])
    def test_a_missing_folder_is_reported_at_the_start(self, tmp_path: Path, make: Spoil) -> None:
        make(tmp_path / "styles")
        with pytest.raises(FileUnreadable, match="NST_STYLES_DIR"):
            Catalogue(LIMITS, tmp_path / "styles")

    def test_a_folder_that_is_lost_later_is_logged_once_and_comes_back(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        there, away = tmp_path / "styles", tmp_path / "away"
        there.mkdir()
        paint(there / "own.jpg")
        catalogue = Catalogue(LIMITS, there)
        there.rename(away)
        for _ in range(3):
            assert {entry.id for entry in catalogue.entries()} == BUNDLED
        assert [record.levelno for record in caplog.records] == [logging.ERROR]
        away.rename(there)
        assert "own" in catalogue
