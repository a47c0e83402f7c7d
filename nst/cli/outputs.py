"""Where paintings and recipes are written: destinations are chosen and checked before the rendering, and nothing is lost afterwards.

A painting and its recipe are planned together. A run replaces a file only where it may, and only if the file has not changed since that was
decided: a file that another run has written in the meantime stays, and the painting gets a number.
"""

import os
import stat
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import typer
from PIL import Image

from nst import images
from nst.cli import files, recipes
from nst.cli.terminal import reason_of
from nst.domain import PRINT_DPI
from nst.errors import CannotWrite
from nst.images import Format

STDOUT = Path("-")
"""Standard output as a planned path. No planned file has this path, since each has an extension."""

_PROBE = bytes(65_536)
_EXTENSIONS = list(images.OUTPUT_SUFFIXES)


@dataclass(frozen=True)
class Target:
    """Where a painting goes.

    Attributes:
        painting: its path, or STDOUT.
        recipe: the path of its recipe; None for standard output.
        replaceable: the files that may be replaced, if they are unchanged.
    """

    painting: Path
    recipe: Path | None = None
    replaceable: frozenset[files.FileIdentity] = frozenset()


@dataclass(frozen=True)
class OutputRequest:
    """A painting that needs a target.

    Attributes:
        stem: its photo's name without extension.
        instead_of: the earlier painting that it replaces.
    """

    stem: str
    instead_of: Path | None = None


def plan(
    out: str | None, requests: Sequence[OutputRequest], style: str, *, overwrite: bool = False, originals: Collection[Path] = ()
) -> list[Target]:
    """A target for each painting, in a folder that exists and can be written.

    Args:
        out: a file (for a single photo) or a folder; None is the working folder, "-" is standard output. An existing folder, and a name
            without an extension, mean a folder.
        requests: one for each photo.
        style: added to the photos' names to make the paintings' names.
        overwrite: whether a generated name may be an existing painting's, instead of getting a number; and whether a file named by `out`
            may be replaced although no recipe shows that it is a painting.
        originals: photos and styles. They are never replaced, under whatever name.

    Raises:
        CannotWrite: when the folder cannot be written, the file extension is unknown, or an existing file may not be replaced.
    """
    if out == str(STDOUT):
        _check_stdout(len(requests))
        return [Target(STDOUT)]
    folder = folder_of(out)
    check_writable(folder)
    files.remove_stale_partials(folder)
    try:
        if is_folder(out):
            return _NameGenerator(folder, overwrite, _inodes(originals)).targets(requests, style)
        return [_named_target(Path(str(out)), len(requests), overwrite, _inodes(originals))]
    except OSError as error:
        raise _cannot_write(error.filename or folder, error) from error


def is_folder(out: str | None) -> bool:
    """Whether paintings get generated names in a folder."""
    return out is None or os.path.isdir(out) or out.endswith(os.sep) or not Path(out).suffix  # noqa: PTH112  # Path.is_dir may raise


def is_one_of(path: Path, originals: Collection[Path]) -> bool:
    """Whether it is one of these files, under whatever name."""
    return _inode(path) in _inodes(originals)


def folder_of(out: str | None) -> Path:
    path = Path(out or ".")
    return path if is_folder(out) else path.parent


def check_writable(folder: Path) -> None:
    """Create a folder if it is missing, and write a probe to it.

    Raises:
        CannotWrite: when that fails, for instance on a full disk.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(_PROBE)
            probe.flush()
    except OSError as error:
        raise _cannot_write(folder, error) from error


def check(target: Target) -> None:
    """Check again that a target can be written: the disk may have filled up since it was planned.

    Raises:
        CannotWrite: when it cannot.
    """
    if target.painting != STDOUT:
        check_writable(target.painting.parent)


def save(painting: Image.Image, recipe: dict[str, Any], target: Target, dpi: int = PRINT_DPI) -> Target:
    """Write a painting and its recipe. To standard output, only the painting is written.

    Args:
        dpi: that the file carries.

    Returns:
        The target, or one with a number if the planned names are no longer free.

    Raises:
        CannotWrite: when the disk is full, or the folder is gone.
    """
    if target.painting == STDOUT:
        _write_to_stdout(images.encode(painting, Format.PNG, dpi=dpi))
        return target
    folder = target.painting.parent
    try:
        data = images.encode(painting, images.OUTPUT_SUFFIXES[target.painting.suffix.lower()], dpi=dpi)
        partial = files.write_partial(folder, data)
        try:
            with files.locked(folder):
                return _place(partial, recipe, target)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot_write(target.painting, error) from error


def _place(partial: Path, recipe: dict[str, Any], target: Target) -> Target:
    for candidate in chain([target], _numbered(target.painting)):
        if _is_free(candidate):
            try:
                files.move_into_place(partial, candidate.painting, candidate.replaceable)
            except FileExistsError:  # another program has just created it
                continue
            _write_recipe(recipe, candidate)
            return candidate
    raise AssertionError("numbers do not end")


def _write_recipe(recipe: dict[str, Any], target: Target) -> None:
    """The painting is kept if this fails: it may have taken hours."""
    assert target.recipe is not None, "a file has a recipe"  # noqa: S101
    try:
        partial = files.write_partial(target.recipe.parent, recipes.encode({"painting": target.painting.name, **recipe}))
        try:
            files.move_into_place(partial, target.recipe, target.replaceable)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise CannotWrite(f"{target.painting} was saved, but its recipe could not be written ({reason_of(error)}).") from error


def _is_free(target: Target) -> bool:
    found = [files.identity(path) for path in (target.painting, target.recipe) if path]
    return all(one is None or one in target.replaceable for one in found)


def _numbered(painting: Path) -> Iterator[Target]:
    return (Target(path, path.with_suffix(".json")) for path in files.numbered(painting))


@dataclass
class _NameGenerator:
    """Chooses names in one folder for one run.

    Attributes:
        protected: device and inode of files that are never replaced.
    """

    folder: Path
    overwrite: bool
    protected: Collection[tuple[int, int]]

    def targets(self, requests: Sequence[OutputRequest], style: str) -> list[Target]:
        self._taken: set[str] = set()
        return [self._target(request, style) for request in requests]

    def _target(self, request: OutputRequest, style: str) -> Target:
        if request.instead_of is not None:
            target = _replacing(request.instead_of)
        else:
            stem = files.portable_stem(self.folder, files.painting_stem(request.stem, style, self.folder))
            first = self.folder / f"{stem}.png"
            target = next(filter(None, map(self._unless_taken, chain([first], files.numbered(first)))))
        self._taken |= self._keys(target.painting)
        return target

    def _unless_taken(self, painting: Path) -> Target | None:
        if self._keys(painting) & self._taken:
            return None
        target = Target(painting, painting.with_suffix(".json"))
        if _is_free(target):
            return target
        return _replacing(painting) if self.overwrite and _may_be_replaced(painting, self.protected) else None

    def _keys(self, painting: Path) -> set[str]:
        return {files.collision_key(painting.with_suffix(".json")), files.collision_key(painting)}


def _may_be_replaced(painting: Path, protected: Collection[tuple[int, int]]) -> bool:
    """Whether a file of a generated name may be replaced, together with the recipe next to it."""
    recipe = painting.with_suffix(".json")
    if _inode(painting) in protected or (os.path.lexists(painting) and not _is_file(painting)):
        return False
    return not os.path.lexists(recipe) or recipes.is_for(recipe, painting)


def _named_target(painting: Path, photos: int, overwrite: bool, protected: Collection[tuple[int, int]]) -> Target:
    """The target that --output names. An existing file is replaced if it is an earlier painting, is empty, or with `overwrite`."""
    _check_single(painting, photos)
    if _inode(painting) in protected:
        raise CannotWrite(f"{painting} is one of the photos or styles, which are never replaced. Choose another name with --output.")
    if files.portable_stem(painting.parent, painting.stem) != painting.stem:
        raise CannotWrite(f"{painting.name} has characters that this file system does not allow. Choose another name with --output.")
    known = recipes.find(painting)
    if files.identity(painting) and not (known or _is_empty(painting) or (overwrite and _is_file(painting))):
        raise CannotWrite(f"{painting} exists, and no recipe shows that it is a painting. Choose another name, or add --overwrite.")
    for recipe in [known[0]] if known else recipes.candidate_paths(painting):
        if files.identity(recipe) is None or recipes.is_for(recipe, painting):
            return _replacing(painting, recipe)
    paths = " and ".join(map(str, recipes.candidate_paths(painting)))
    raise CannotWrite(f"{paths} are not recipes of this painting, and are not replaced. Choose another name with --output.")


def _replacing(painting: Path, recipe: Path | None = None) -> Target:
    known = recipes.find(painting)
    recipe = recipe or (known[0] if known else painting.with_suffix(".json"))
    return Target(painting, recipe, frozenset(filter(None, (files.identity(painting), files.identity(recipe)))))


def _inodes(originals: Collection[Path]) -> set[tuple[int, int]]:
    """Device and inode of each file, which are the same for all links to it."""
    return {inode for original in originals if (inode := _inode(original))}


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _is_file(path: Path) -> bool:
    return path.is_symlink() or path.is_file()


def _is_empty(path: Path) -> bool:
    status = path.lstat()
    return stat.S_ISREG(status.st_mode) and status.st_size == 0


def _check_stdout(photos: int) -> None:
    if photos > 1:
        raise CannotWrite(f"Standard output can take one painting, but there are {photos} photos. Use a folder instead.")
    if sys.stdout.isatty():
        raise CannotWrite("A terminal cannot show a painting. Redirect standard output, as in `--output - > painting.png`.")


def _check_single(path: Path, photos: int) -> None:
    if path.suffix.lower() not in _EXTENSIONS:
        extensions = ", ".join(_EXTENSIONS)
        raise CannotWrite(f"{path.name} has an unknown file extension. Paintings end in {extensions}; a folder's name can end in {os.sep}.")
    if photos > 1:
        raise CannotWrite(f"{path.name} is one file, but there are {photos} photos. Use a folder instead.")


def _write_to_stdout(data: bytes) -> None:
    stream, rest = typer.get_binary_stream("stdout"), memoryview(data)
    try:
        while rest:  # unbuffered, a write to a disk that fills up takes a part, and only the next one fails
            rest = rest[stream.write(rest) :]
        stream.flush()
    except OSError as error:
        raise _cannot_write("Standard output", error) from error


def _cannot_write(place: Path | str, error: OSError) -> CannotWrite:
    return CannotWrite(f"{place} cannot be written ({reason_of(error)}). Choose another destination with --output.")
