"""Download of VGG-19's weights, which are not part of the package: once, with a hash check.

Import it only where weights are needed: its libraries take a while to load.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from filelock import FileLock
from safetensors.torch import load_file, save_file

from nst.engine.bundled_weights import State
from nst.errors import WeightsUnavailable
from nst.web import FetchedResponse, FetchError, fetch

VGG19_FILE = "vgg19_features.safetensors"
# Seconds to connect, and between two chunks.
_TIMEOUT = 30.0
# Bytes of a download; torchvision's file has 575 million.
_MAX_BYTES = 1_000_000_000
# Index of each convolution in torchvision's `features`, by the name of its activation.
VGG19_INDEX = {
    "relu1_1": 0, "relu1_2": 2, "relu2_1": 5, "relu2_2": 7, "relu3_1": 10, "relu3_2": 12, "relu3_3": 14, "relu3_4": 16,
    "relu4_1": 19, "relu4_2": 21, "relu4_3": 23, "relu4_4": 25, "relu5_1": 28,
}  # fmt: skip

# Called with (bytes so far, bytes in all).
OnBytes = Callable[[int, int], None]


@dataclass(frozen=True)
class Source:
    """A file to download, and the first digits of its SHA-256."""

    url: str
    digest_prefix: str


def torchvision_vgg19() -> Source:
    """torchvision's ImageNet weights, whose file name has the first digits of its hash."""
    from torchvision.models import VGG19_Weights  # takes a second to import, and only a download needs it

    url: str = VGG19_Weights.IMAGENET1K_V1.url
    return Source(url, url.rsplit("-", 1)[1].removesuffix(".pth"))


def load_vgg19(folder: Path) -> tuple[State, str]:
    """Load VGG-19's features, downloaded into `folder` on first use, with the SHA-256 of their file.

    Raises:
        WeightsUnavailable: as `fetch_vgg19`.
    """
    path = fetch_vgg19(folder)
    return load_file(path), digest_of(path)


def fetch_vgg19(folder: Path, *, source: Source | None = None, on_bytes: OnBytes | None = None) -> Path:
    """Download torchvision's VGG-19, check its hash and keep its features without the classifier; do nothing when they are there already.

    Two processes may do so at once, and either may be killed halfway.

    Raises:
        WeightsUnavailable: when the server cannot be reached, or what it sends is truncated or has the wrong hash.
    """
    kept = folder / VGG19_FILE
    if kept.exists():
        return kept
    wanted = source or torchvision_vgg19()

    def download(path: Path) -> None:
        try:
            _stream(wanted.url, path, on_bytes)
        except FetchError as error:
            raise WeightsUnavailable(f"{error} {_unreachable(wanted, folder)}") from error
        except OSError as error:
            raise WeightsUnavailable(_unreachable(wanted, folder)) from error

    return _keep(folder, download, wanted)


def import_vgg19(file: Path, folder: Path, *, digest_prefix: str | None = None) -> Path:
    """Keep the features of torchvision's file, downloaded by other means.

    Raises:
        WeightsUnavailable: when the file cannot be read or has the wrong hash.
    """
    wanted = Source(str(file), digest_prefix or torchvision_vgg19().digest_prefix)

    def copy(path: Path) -> None:
        try:
            shutil.copyfile(file, path)
        except OSError as error:
            raise WeightsUnavailable(f"{file} cannot be read.") from error

    return _keep(folder, copy, wanted)


def _keep(folder: Path, obtain: Callable[[Path], None], source: Source) -> Path:
    """Obtain torchvision's file, check it and store its features in `folder`, atomically."""
    kept = folder / VGG19_FILE
    _prepare(folder)
    with FileLock(folder / f"{VGG19_FILE}.lock"), tempfile.TemporaryDirectory(dir=folder) as scratch:
        if kept.exists():  # another process was quicker
            return kept
        whole, partial = Path(scratch) / "vgg19.pth", Path(scratch) / VGG19_FILE
        obtain(whole)
        _check(whole, source)
        save_file(vgg19_features(torch.load(whole, map_location="cpu", weights_only=True)), partial)
        partial.replace(kept)
    return kept


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WeightsUnavailable(f"The folder for weights, {folder}, cannot be written: set NST_WEIGHTS_DIR to one that can.") from error


def _unreachable(source: Source, folder: Path) -> str:
    return (
        f"VGG-19's weights could not be fetched from {source.url}. Fetch that file by other means (its SHA-256 begins with "
        f"{source.digest_prefix}) and run `python -m nst weights fetch --from FILE`; they are kept in {folder}. "
        "The embedded encoder, compact, needs no download."
    )


def _stream(url: str, path: Path, on_bytes: OnBytes | None) -> None:
    def write(response: FetchedResponse) -> None:
        with path.open("wb") as file:
            for piece in response.chunks(_MAX_BYTES):
                file.write(piece)
                if on_bytes:
                    on_bytes(file.tell(), response.total)

    fetch(url, write, timeout=_TIMEOUT, retry_transient=True)


def _check(path: Path, source: Source) -> None:
    digest = digest_of(path)
    if not digest.startswith(source.digest_prefix):
        raise WeightsUnavailable(
            f"{source.url} does not hold VGG-19's weights, or not all of them: the SHA-256 is {digest}, and should begin with "
            f"{source.digest_prefix}. Nothing was kept; try again later."
        )


def vgg19_features(saved: State) -> State:
    """torchvision's state of VGG-19 without its classifier, with convolutions named after their activations."""
    return {
        f"convs.{layer}.{part}": saved[f"features.{index}.{part}"].contiguous()
        for layer, index in VGG19_INDEX.items()
        for part in ("weight", "bias")
    }
