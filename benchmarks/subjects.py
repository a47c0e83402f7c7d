"""The pictures that every benchmark paints: a sample photo and a bundled style."""

from PIL import Image

from nst import samples
from nst.settings import Settings
from nst.styles import Catalogue


def photo() -> Image.Image:
    return samples.load("coffee")


def style() -> Image.Image:
    return Catalogue(Settings()).picture("starlit-swirl")
