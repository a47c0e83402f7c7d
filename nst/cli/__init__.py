"""The command line: `python -m nst`, or `nst` once installed. Each command has its module; only those that paint import torch."""

import os
import sys
import warnings
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

import nst
from nst.cli import admin, demo, info, styles, stylize, weights
from nst.cli.options import JSON_FLAG
from nst.cli.terminal import allow_all_characters, print_error
from nst.errors import PasticheError
from nst.threads import with_sleeping_threads


class _Commands(TyperGroup):
    """All commands, and the one place that turns an exception into a sentence (or JSON) and an exit code."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **how: Any) -> Any:
        words = sys.argv[1:] if args is None else list(args)
        # Read from the words, because they may contain an error before the parser reaches the flag.
        options = list(takewhile(lambda word: word != "--", words))
        as_json = JSON_FLAG in options
        allow_all_characters()
        try:
            # In standalone mode, Typer shows usage errors itself, for people.
            code = super().main(words, *rest, **how | {"standalone_mode": not as_json})
        except (PasticheError, TyperException) as error:
            print_error(error, as_json=as_json, to_stderr=_sends_painting_to_stdout(options))
            code = error.exit_code
        sys.exit(code)


def _sends_painting_to_stdout(words: Sequence[str]) -> bool:
    return any(pair in (("-o", "-"), ("--output", "-")) for pair in pairwise(words)) or not {"-o-", "--output=-"}.isdisjoint(words)


app = typer.Typer(cls=_Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command("stylize")(stylize.stylize)
app.command("demo")(demo.demo)
app.command("styles")(styles.styles)
app.command("info")(info.info)
app.add_typer(weights.app, name="weights")
app.add_typer(admin.app, name="admin")


def main() -> None:
    """The entry point of the console script."""
    os.environ.update(with_sleeping_threads(os.environ))
    # Pillow warns about broken EXIF and the like, which does not matter to users once the picture is decoded.
    warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
    app()


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pastiche {nst.__version__}")
        raise typer.Exit


@app.callback()
def _pastiche(
    _version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    """Turn photos into paintings in the style of any picture."""
