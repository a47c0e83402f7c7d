"""`weights`: lists the encoders' weights, and downloads or imports those that are not embedded."""

from pathlib import Path
from typing import Annotated

import typer

from nst.cli.options import AsJson, load_settings
from nst.cli.progress_bars import download_bar
from nst.cli.terminal import print_result

app = typer.Typer(no_args_is_help=True, help="Download and list the encoders' weights.")

WeightsFile = Annotated[Path | None, typer.Option("--from", metavar="FILE", help="Import torchvision's file instead of downloading it.")]


def fetch_weights(folder: Path, *, quiet: bool) -> Path:
    """Download VGG-19's weights into a folder with a progress bar, unless they are there.

    Raises:
        WeightsUnavailable: when the download fails.
    """
    from nst.engine.encoders.pretrained import fetch_vgg19

    with download_bar("VGG-19", quiet=quiet) as on_bytes:
        return fetch_vgg19(folder, on_bytes=on_bytes)


@app.command()
def fetch(source: WeightsFile = None, as_json: AsJson = False) -> None:
    """Download VGG-19's weights ahead of time, or import them from a file, and store its features in NST_WEIGHTS_DIR."""
    from nst.engine.encoders.pretrained import import_vgg19

    folder = load_settings().weights_dir
    stored = fetch_weights(folder, quiet=as_json) if source is None else import_vgg19(source, folder)
    print_result(f"VGG-19's weights are stored in {stored}.", {"encoder": "vgg19", "path": str(stored)}, as_json=as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the encoders, and where their weights are."""
    from nst.engine.encoders.pretrained import VGG19_FILE

    stored = load_settings().weights_dir / VGG19_FILE
    size = stored.stat().st_size if stored.exists() else None
    status = f"downloaded, {size / 1e6:.0f} MB: {stored}" if size else "not downloaded yet; run `python -m nst weights fetch`"
    facts = [
        {"encoder": "compact", "available": True, "path": None},
        {"encoder": "vgg19", "available": size is not None, "path": str(stored)},
    ]
    print_result(f"compact  embedded\nvgg19    {status}", facts, as_json=as_json)
