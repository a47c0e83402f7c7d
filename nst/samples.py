"""Sample photos in the public domain. They come with scikit-image, and are found on disk without importing it and without network."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from nst import images
from nst.errors import FileUnreadable, InvalidParams
from nst.images import Limits


@dataclass(frozen=True)
class Sample:
    """A photo that anyone may use."""

    name: str
    title: str
    credit: str
    file: str


SAMPLES = (
    Sample("astronaut", "Astronaut Eileen Collins", "NASA, public domain", "astronaut.png"),
    Sample("cat", "Chelsea the cat", "Stéfan van der Walt, CC0", "chelsea.png"),
    Sample("coffee", "A cup of coffee", "Rachel Michetti, CC0", "coffee.png"),
    Sample("rocket", "Falcon 9 lifts off", "SpaceX, public domain", "rocket.jpg"),
)

_LIMITS = Limits(max_bytes=2_000_000, max_pixels=1_000_000, min_side=32)


def load(name: str, max_side: int | None = None) -> Image.Image:
    """The sample photo in RGB, reduced to a long side of `max_side` pixels.

    Raises:
        InvalidParams: when no sample has that name.
        FileUnreadable: when scikit-image is not installed, or without its pictures.
    """
    for sample in SAMPLES:
        if sample.name == name:
            return images.read(_folder() / sample.file, _LIMITS, max_side=max_side)
    raise InvalidParams(f"There is no sample photo called {name!r}; there are {', '.join(sample.name for sample in SAMPLES)}.")


def _folder() -> Path:
    package = find_spec("skimage")  # does not import it, which would take a second
    if package is None or package.origin is None:
        raise FileUnreadable("The sample photos come with scikit-image, which is not installed. Install it, or use a photo of your own.")
    return Path(package.origin).parent / "data"
