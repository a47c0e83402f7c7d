"""Evaluate paintings of held-out pairs, in any mode.

    python -m training.evaluate --data FOLDER --metrics FOLDER [--mode M] [--strength S ...] [--weights FILE] [--pairs N] [--out FOLDER]

Every style of `held_out.txt` is applied to two photos: those of the data folder's classics, and those of `held_out.txt`. The metrics are
two modules outside the repository, in one folder: `quality.py` has `read_image(path, size)`, `scores(weights, content, style, result)` and
`ENCODER`, the path of its weights; `regional.py` has `regional(weights, style, result)` and `dull(style, result)`. The first row scores
the untouched photos, since single numbers can be gamed.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from nst.domain import Mode, StyleParams
from nst.engine import InstantStylizer, load_instant, stylize
from nst.engine.instant.network import InstantNetwork
from training.dataset import HELD_OUT

# Long side of a painting in pixels.
SIZE = 512
CPU = torch.device("cpu")
SCORES = ("regional", "worst quarter", "dull", "style", "content", "noise")
Scores = tuple[float, ...]


def pairs(data: Path) -> Iterator[tuple[Path, Path]]:
    """(photo, style), each style twice."""
    held_out = [data / name for name in HELD_OUT.read_text(encoding="utf-8").split()]
    styles = [path for path in held_out if path.parent.name == "styles"]
    photos = sorted(path for path in (data / "classics").glob("*.jpg") if not path.name.startswith("style_"))
    photos += [path for path in held_out if path.parent.name == "photos"]
    return zip(photos, styles + styles, strict=False)


def load_stylizer(weights: Path | None) -> InstantStylizer:
    """The instant network with weights from a file; by default the embedded ones."""
    if weights is None:
        return load_instant(CPU)
    network = InstantNetwork()
    network.load_state_dict({name: value.float() for name, value in load_file(weights).items()})
    return InstantStylizer(network, "", CPU)


class Metrics:
    """The two modules of metrics, with the weights of their encoder."""

    def __init__(self, folder: Path) -> None:
        sys.path.insert(0, str(folder))
        self._quality, self._regional = self._imported("quality"), self._imported("regional")
        self._weights: dict[str, torch.Tensor] = load_file(self._quality.ENCODER)

    def _imported(self, name: str) -> ModuleType:
        try:
            return import_module(name)
        except ImportError as error:
            raise SystemExit(f"The folder of metrics has no {name}.py.") from error

    @torch.no_grad()
    def scores(self, photo: Path, style: Path, painting: Image.Image) -> Scores:
        """In the order of `SCORES`."""
        content, wanted = (self._quality.read_image(path, SIZE) for path in (photo, style))
        result = torch.from_numpy(np.array(painting.convert("RGB"))).permute(2, 0, 1)[None].float() / 255
        regional = self._regional.regional(self._weights, wanted, result)
        return (*regional, self._regional.dull(wanted, result), *self._quality.scores(self._weights, content, wanted, result))

    def picture(self, path: Path) -> Image.Image:
        """A picture as the metrics read it."""
        levels = self._quality.read_image(path, SIZE)[0].permute(1, 2, 0).mul(255).round().byte()
        return Image.fromarray(levels.numpy())


def print_scores(metrics: Metrics, found: list[tuple[Path, Path]], paint: Callable[[Path, Path], Image.Image], name: str) -> None:
    """Paint and score pairs, and print the means as a row of a table."""
    rows = [metrics.scores(photo, style, paint(photo, style)) for photo, style in found]
    means = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    print(f"| {name} |", " | ".join(f"{mean:.3f}" for mean in means), "|", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--metrics", type=Path, required=True, help="folder with quality.py and regional.py")
    parser.add_argument("--mode", type=Mode, default=Mode.INSTANT, choices=list(Mode))
    parser.add_argument("--strength", type=float, nargs="+", default=[0.25, 0.5, 0.75, 1.0])
    parser.add_argument("--weights", type=Path, help="of the instant network; by default the embedded ones")
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--out", type=Path, help="folder for the paintings")
    options = parser.parse_args()
    metrics, instant, found = Metrics(options.metrics), load_stylizer(options.weights), list(pairs(options.data))[: options.pairs]
    print(f"| {len(found)} pairs, {SIZE} px |", " | ".join(SCORES), "|\n|", " | ".join(["---"] * (len(SCORES) + 1)), "|")
    print_scores(metrics, found, lambda photo, _: metrics.picture(photo), "the untouched photos")
    for strength in options.strength:
        params = StyleParams(mode=options.mode, size=SIZE, strength=strength)

        def paint(photo: Path, style: Path, params: Any = params) -> Image.Image:
            picture = stylize(metrics.picture(photo), [metrics.picture(style)], params, instant=instant).picture
            if options.out:
                options.out.mkdir(parents=True, exist_ok=True)
                picture.save(options.out / f"{photo.stem}-{style.stem}-{params.strength:g}.png")
            return picture

        print_scores(metrics, found, paint, f"{options.mode}, strength {strength:g}")


if __name__ == "__main__":
    main()
