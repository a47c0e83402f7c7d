"""The pictures that every benchmark paints: a sample photo and a bundled style."""

from PIL import Image

from nst import samples
from nst.images import Limits
from nst.settings import Settings
from nst.styles import Catalogue


def photo() -> Image.Image:
    return samples.load("coffee")


def style() -> Image.Image:
    return Catalogue(Limits.of(Settings())).picture("starlit-swirl")
