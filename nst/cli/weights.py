"""`weights`: the encoders' weights, those that are here and those that have to be fetched."""

from pathlib import Path
from typing import Annotated

import typer

from nst.cli.bars import download_bar
from nst.cli.configuration import settings
from nst.cli.edge import AsJson, say

app = typer.Typer(no_args_is_help=True, help="Fetches and lists the encoders' weights.")

Source = Annotated[Path | None, typer.Option("--from", metavar="FILE", help="torchvision's file, fetched by other means.")]


def fetch_weights(folder: Path, *, quiet: bool) -> Path:
    """Fetches VGG-19's weights into a folder under a progress bar, unless they are there.

    Raises:
        WeightsUnavailable: when they cannot be had.
    """
    from nst.engine.fetching import fetch_vgg19

    with download_bar("VGG-19", quiet=quiet) as on_bytes:
        return fetch_vgg19(folder, on_bytes=on_bytes)


@app.command()
def fetch(source: Source = None, as_json: AsJson = False) -> None:
    """Fetches VGG-19's weights ahead of time, or takes them from a file, and keeps its features in NST_WEIGHTS_DIR."""
    from nst.engine.fetching import import_vgg19

    folder = settings().weights_dir
    kept = fetch_weights(folder, quiet=as_json) if source is None else import_vgg19(source, folder)
    say(f"VGG-19's weights are kept in {kept}.", {"encoder": "vgg19", "path": str(kept)}, as_json=as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Lists the encoders, with where their weights are."""
    from nst.engine.fetching import VGG19_FILE

    kept = settings().weights_dir / VGG19_FILE
    size = kept.stat().st_size if kept.exists() else None
    where = f"fetched, {size / 1e6:.0f} MB: {kept}" if size else "not fetched yet; `python -m nst weights fetch` does it"
    facts = [
        {"encoder": "compact", "available": True, "path": None},
        {"encoder": "vgg19", "available": size is not None, "path": str(kept)},
    ]
    say(f"compact  embedded\nvgg19    {where}", facts, as_json=as_json)
