"""Draw the bundled style pictures and their catalogue: `python -m training.styles [--only ID ...] [--out FOLDER]`."""

import argparse
import time
from pathlib import Path

from training.styles.catalogue import STYLES, save, write_catalogue

HOME = Path(__file__).resolve().parents[2] / "nst" / "styles"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.styles", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="ID", choices=[style.id for style in STYLES], help="draw just these")
    parser.add_argument("--out", type=Path, default=HOME, help="folder for catalogue.json and pictures/ (default: nst/styles)")
    options = parser.parse_args()
    pictures = options.out / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    for style in STYLES:
        if not options.only or style.id in options.only:
            start = time.perf_counter()
            save(style, pictures)
            print(f"{style.id}: {time.perf_counter() - start:.0f} s", flush=True)
    write_catalogue(pictures, options.out / "catalogue.json")


if __name__ == "__main__":
    main()
