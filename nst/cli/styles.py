"""`styles`: what can be painted in."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nst.cli.configuration import catalogue, settings
from nst.cli.edge import AsJson, say
from nst.styles import StyleEntry


def styles(as_json: AsJson = False) -> None:
    """Lists the bundled styles, and those of the folder NST_STYLES_DIR."""
    entries = catalogue(settings()).entries()
    if as_json:
        say("", [_facts(entry) for entry in entries], as_json=True)
    else:
        Console().print(_table(entries))


def _facts(entry: StyleEntry) -> dict[str, object]:
    return {"id": entry.id, "title": entry.title, "line": entry.line, "palette": entry.palette, "credit": entry.credit}


def _table(entries: Sequence[StyleEntry]) -> Table:
    table = Table("Style", "Colours", "What it looks like", box=None)
    table.columns[0].no_wrap = True  # it is typed as it stands here
    for entry in entries:
        table.add_row(entry.id, _swatches(entry.palette), Text(entry.line))
    return table


def _swatches(palette: Sequence[str]) -> Text:
    return Text.assemble(*(("  ", f"on {colour}") for colour in palette))
