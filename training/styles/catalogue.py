"""Which pictures there are, what a visitor reads about them, and how they become files."""

import importlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from training.styles.palettes import dominant

CREDIT = "Pastiche, CC0"
HEAVIEST = 340_000  # bytes of one JPEG


@dataclass(frozen=True)
class Style:
    """One bundled picture; its program is the module of the same name, with underscores."""

    id: str
    title: str
    line: str

    def draw(self) -> np.ndarray:
        return importlib.import_module("training.styles." + self.id.replace("-", "_")).draw()


STYLES = (
    Style("starlit-swirl", "Starlit Swirl", "Thick ridges of night blue wheel around burning stars."),
    Style("woodblock-surf", "Woodblock Surf", "Striped Prussian-blue waves break into claws of foam, printed from cherry wood."),
    Style("cathedral-glass", "Cathedral Glass", "Panes of ruby, amber and cobalt burn between lines of lead."),
    Style("sunday-dots", "Sunday Dots", "A noon by the river in pure dots of colour that mix in your eye."),
    Style("golden-tesserae", "Golden Tesserae", "A Byzantine wall of lapis and gold, laid stone by stone."),
    Style("knife-harvest", "Knife Harvest", "Sundown over a lake, spread in slabs with a palette knife."),
    Style("ottoman-marble", "Ottoman Marble", "Floating inks, combed and curled, then lifted onto paper."),
    Style("copperplate", "Copperplate", "Hills of engraved lines that swell in the shade, in black and rust on cream."),
    Style("paper-garden", "Paper Garden", "Seaweed, stars and pebbles cut with scissors from painted paper."),
    Style("tide-wash", "Tide Wash", "Wet washes of watercolour that bloom, bleed and dry with a dark rim."),
    Style("circle-rhythm", "Circle Rhythm", "Turning discs of contrasting colour, brushed along every arc."),
    Style("linocut-thicket", "Linocut Thicket", "Leaves gouged out of black, warm inks glowing in every cut."),
    Style("night-chalk", "Night Chalk", "Chrysanthemums in soft pastel, bright on midnight paper."),
    Style("silk-thread", "Silk Thread", "A folk garden in satin stitch, each silk thread catching the light."),
    Style("cubist-table", "Cubist Table", "Bottles and strings broken into ochre and slate facets."),
    Style("gilded-spirals", "Gilded Spirals", "Branches of hammered gold wind through eyes, bars and jewels."),
)


def jpeg(pixels: np.ndarray) -> bytes:
    """The best JPEG that is not too heavy."""
    for quality in range(90, 40, -4):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
        if buffer.tell() <= HEAVIEST:
            break
    return buffer.getvalue()


def save(style: Style, pictures: Path) -> None:
    (pictures / f"{style.id}.jpg").write_bytes(jpeg(style.draw()))


def write_catalogue(pictures: Path, target: Path) -> None:
    """List every picture that is there, with the palette it really has."""
    entries = [entry(style, pictures / f"{style.id}.jpg") for style in STYLES if (pictures / f"{style.id}.jpg").exists()]
    target.write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def entry(style: Style, picture: Path) -> dict[str, str | list[str]]:
    palette = dominant(np.asarray(Image.open(picture).convert("RGB")))
    return {"id": style.id, "title": style.title, "line": style.line, "palette": palette, "credit": CREDIT}
