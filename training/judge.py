"""Paint pairs that were not trained on with the instant network, and score them.

    python -m training.judge --data FOLDER --quality QUALITY.PY [--weights FILE] [--out FOLDER]

Every style of `held_out.txt` paints two photos: those of the data folder's classics, and those of `held_out.txt`. The judge is a program
from outside that offers `read_image(path, size)`, `scores(weights, content, style, result)` and `ENCODER`, the weights' path.
"""

import argparse
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import torch
from safetensors.torch import load_file

from nst.engine.instant import InstantNetwork
from nst.engine.instantly import Instant, load_instant
from nst.engine.pictures import to_picture
from training.pairs import HELD_OUT

SIZE = 512
CPU = torch.device("cpu")


def pairs(data: Path) -> Iterator[tuple[Path, Path]]:
    """(photo, style), each style twice."""
    held_out = [data / name for name in HELD_OUT.read_text().split()]
    styles = [path for path in held_out if path.parent.name == "styles"]
    photos = sorted(path for path in (data / "classics").glob("*.jpg") if not path.name.startswith("style_"))
    photos += [path for path in held_out if path.parent.name == "photos"]
    return zip(photos, styles + styles, strict=False)


def loaded(weights: Path | None) -> Instant:
    if weights is None:
        return load_instant(CPU)
    network = InstantNetwork()
    network.load_state_dict({name: value.float() for name, value in load_file(weights).items()})
    return Instant(network, "", CPU)


def imported(path: Path) -> ModuleType:
    spec = spec_from_file_location("quality", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no Python program.")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--quality", type=Path, required=True)
    parser.add_argument("--weights", type=Path, help="by default the embedded ones")
    parser.add_argument("--strength", type=float, default=1.0)
    parser.add_argument("--out", type=Path, help="a folder for the paintings")
    options = parser.parse_args()
    judge, instant = imported(options.quality), loaded(options.weights)
    encoder, found = load_file(judge.ENCODER), []
    for photo_path, style_path in pairs(options.data):
        photo, style = (judge.read_image(path, SIZE) for path in (photo_path, style_path))
        code = instant.code(style_path, lambda style=style: style)
        painting = instant.paint(photo_path, lambda photo=photo: photo, code, options.strength).clamp(0, 1)
        found.append(judge.scores(encoder, photo, style, (painting * 255).round() / 255))
        print("style {:.3f}  content {:.3f}  noise {:.2f}".format(*found[-1]), photo_path.stem, style_path.stem, flush=True)
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            to_picture(painting).save(options.out / f"{photo_path.stem}-{style_path.stem}.png")
    means = (sum(column) / len(found) for column in zip(*found, strict=True))
    print("mean of {}: style {:.4f}  content {:.4f}  noise {:.2f}".format(len(found), *means))


if __name__ == "__main__":
    main()
