"""VGG-19's weights, which are not embedded: fetched once, checked and kept.

Imported by those who fetch alone, since the libraries for it take a while to load.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import torch
from filelock import FileLock
from safetensors.torch import load_file, save_file
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from nst.engine.weights import State
from nst.errors import WeightsUnavailable

VGG19_FILE = "vgg19_features.safetensors"
# Index of each convolution in torchvision's `features`, by the name of its activation.
VGG19_INDEX = {
    "relu1_1": 0, "relu1_2": 2, "relu2_1": 5, "relu2_2": 7, "relu3_1": 10, "relu3_2": 12, "relu3_3": 14, "relu3_4": 16,
    "relu4_1": 19, "relu4_2": 21, "relu4_3": 23, "relu4_4": 25, "relu5_1": 28,
}  # fmt: skip

OnBytes = Callable[[int, int], None]
"""Hears of (bytes so far, bytes in all)."""


@dataclass(frozen=True)
class Source:
    """A file to fetch, and how its SHA-256 begins."""

    url: str
    digest_prefix: str


def torchvision_vgg19() -> Source:
    """torchvision's ImageNet weights, whose file name carries the first digits of its hash."""
    from torchvision.models import VGG19_Weights  # takes a second to import, and only a download needs it

    url: str = VGG19_Weights.IMAGENET1K_V1.url
    return Source(url, url.rsplit("-", 1)[1].removesuffix(".pth"))


def fetched(folder: Path) -> tuple[State, str]:
    """VGG-19's features, fetched into `folder` on first use, and the SHA-256 of their file.

    Raises:
        WeightsUnavailable: as `fetch_vgg19`.
    """
    path = fetch_vgg19(folder)
    return load_file(path), digest_of(path)


def fetch_vgg19(folder: Path, *, source: Source | None = None, on_bytes: OnBytes | None = None) -> Path:
    """Downloads torchvision's VGG-19, checks its hash and keeps its features alone; does nothing when they are there already.

    Safe against a second process doing the same, and against being killed halfway.

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
        except (httpx.HTTPError, OSError) as error:
            raise WeightsUnavailable(_unreachable(wanted, folder)) from error

    return _keep(folder, download, wanted)


def import_vgg19(file: Path, folder: Path, *, digest_prefix: str | None = None) -> Path:
    """Keeps the features of torchvision's file, fetched by other means.

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
    """Obtains torchvision's file, checks it and leaves its features in `folder`: whole, or not at all."""
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


@retry(retry=retry_if_exception_type(httpx.TransportError), stop=stop_after_attempt(3), wait=wait_exponential(multiplier=0.2), reraise=True)
def _stream(url: str, path: Path, on_bytes: OnBytes | None) -> None:
    with httpx.stream("GET", url, follow_redirects=True, timeout=30) as response, path.open("wb") as file:
        response.raise_for_status()
        total = int(response.headers.get("content-length", 0))
        for chunk in response.iter_bytes(1 << 20):
            file.write(chunk)
            if on_bytes:
                on_bytes(file.tell(), total)


def _check(path: Path, source: Source) -> None:
    digest = digest_of(path)
    if not digest.startswith(source.digest_prefix):
        raise WeightsUnavailable(
            f"{source.url} does not hold VGG-19's weights, or not all of them: the SHA-256 is {digest}, and should begin with "
            f"{source.digest_prefix}. Nothing was kept; try again later."
        )


def vgg19_features(saved: State) -> State:
    """torchvision's VGG-19 with its classifier left out and its convolutions named after their activations."""
    return {
        f"convs.{layer}.{part}": saved[f"features.{index}.{part}"].contiguous()
        for layer, index in VGG19_INDEX.items()
        for part in ("weight", "bias")
    }
