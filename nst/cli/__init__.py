"""The command line: `python -m nst`, or `nst` once installed. Every command is a module; torch is imported by those that paint."""

import warnings
from typing import Annotated

import typer

import nst
from nst.cli import admin, demo, info, styles, stylize, weights
from nst.cli.edge import Edge

app = typer.Typer(cls=Edge, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command("stylize")(stylize.stylize)
app.command("demo")(demo.demo)
app.command("styles")(styles.styles)
app.command("info")(info.info)
app.add_typer(weights.app, name="weights")
app.add_typer(admin.app, name="admin")


def main() -> None:
    """What the console script calls."""
    # Pillow warns of broken EXIF and the like, which is none of the user's business once the picture is read.
    warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
    app()


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pastiche {nst.__version__}")
        raise typer.Exit


@app.callback()
def _pastiche(
    _version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")] = False,
) -> None:
    """Turns photos into paintings in the style of any picture."""
