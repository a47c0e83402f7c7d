"""What `nst.store.ports.ObjectStore` promises."""

import errno
import os
from pathlib import Path

import pytest

from nst.domain import new_id
from nst.errors import ObjectMissing, StoreFull
from nst.store.files import FileObjects
from nst.store.ports import Backend

KEY = f"private/input/{'a1' * 16}.jpg"
OTHER = f"public/input/{'a1' * 16}.jpg"
BAD_KEYS = [
    "",
    "/etc/passwd",
    "../secrets.jpg",
    f"private/input/../../{'a' * 32}.jpg",
    f"private/input/{'a' * 32}.html",
    f"private/input/{'a' * 32}.jpg\n",
    f"private/input/{'a' * 32}.jpg\0.png",
    f"private/input/{'a' * 19}.jpg",
    f"private/input/{'A' * 32}.jpg",
    f"secret/input/{'a' * 32}.jpg",
    "style/../x.jpg",
    "style/.hidden.jpg",
]


def test_what_is_put_is_got_until_it_is_deleted(backend: Backend) -> None:
    backend.objects.put(KEY, b"one")
    backend.objects.put(KEY, b"two")
    assert backend.objects.get(KEY) == b"two"
    backend.objects.delete([KEY, OTHER])
    with pytest.raises(ObjectMissing):
        backend.objects.get(KEY)


def test_a_copy_stands_by_itself(backend: Backend) -> None:
    backend.objects.put(KEY, b"one")
    backend.objects.copy(KEY, OTHER)
    backend.objects.delete([KEY])
    assert backend.objects.get(OTHER) == b"one"
    with pytest.raises(ObjectMissing):
        backend.objects.copy(KEY, OTHER)


def test_everything_is_listed_with_its_size(backend: Backend) -> None:
    backend.objects.put(KEY, b"one")
    backend.objects.put("style/tide-wash.jpg", b"style")
    assert {(found.key, found.size) for found in backend.objects.listing()} == {(KEY, 3), ("style/tide-wash.jpg", 5)}


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_of_another_form_is_refused(backend: Backend, key: str) -> None:
    for action in (lambda: backend.objects.put(key, b""), lambda: backend.objects.get(key), lambda: backend.objects.delete([key])):
        with pytest.raises(ObjectMissing) as caught:
            action()
        assert "/" not in str(caught.value)


def test_new_ids_make_keys_and_never_the_same(backend: Backend) -> None:
    keys = {f"private/input/{new_id()}.jpg" for _ in range(50)}
    for key in keys:
        backend.objects.put(key, b"")
    assert {found.key for found in backend.objects.listing()} == keys
    assert len(keys) == 50


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"secret")
    objects = FileObjects(tmp_path / "objects")
    objects.put(KEY, b"one")
    (tmp_path / "objects" / KEY).unlink()
    (tmp_path / "objects" / KEY).symlink_to(secret)
    with pytest.raises(ObjectMissing):
        objects.get(KEY)
    objects.put(KEY, b"two")
    assert secret.read_bytes() == b"secret"
    (tmp_path / "objects" / "public").symlink_to(tmp_path)
    with pytest.raises(ObjectMissing):
        objects.put(OTHER, b"")


def test_what_killed_processes_were_writing_is_cleared_away_in_time(tmp_path: Path) -> None:
    FileObjects(tmp_path).put(KEY, b"whole")
    (folder,) = (path for path in tmp_path.iterdir() if path.name.startswith("."))
    old, young = folder / "old", folder / "young"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    FileObjects(tmp_path)
    assert (old.exists(), young.exists()) == (False, True)
    assert [found.key for found in FileObjects(tmp_path).listing()] == [KEY]


def test_a_write_that_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = FileObjects(tmp_path)
    objects.put(KEY, b"whole")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("nst.store.files.os.fsync", full)
    with pytest.raises(StoreFull, match="no space"):
        objects.put(KEY, b"half")
    assert objects.get(KEY) == b"whole"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / KEY]
