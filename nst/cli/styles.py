"""`styles`: lists the available styles."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nst.cli.options import AsJson, load_settings, open_catalogue
from nst.cli.terminal import one_line, print_result
from nst.styles import StyleEntry


def styles(as_json: AsJson = False) -> None:
    """List the bundled styles and those in the folder NST_STYLES_DIR. Pictures there that cannot be used are reported on standard error."""
    catalogue = open_catalogue(load_settings())
    entries = catalogue.entries()
    if as_json:
        print_result("", [_facts(entry) for entry in entries], as_json=True)
    else:
        Console().print(_table(entries))
    for unusable in catalogue.left_out():
        facts = {"left_out": unusable.file, "error": str(unusable.error), "code": unusable.error.exit_code}
        print_result(one_line(f"{unusable.file} is left out: {unusable.error}"), facts, as_json=as_json, to_stderr=True)


def _facts(entry: StyleEntry) -> dict[str, object]:
    return {"id": entry.id, "title": entry.title, "line": entry.line, "palette": entry.palette, "credit": entry.credit}


def _table(entries: Sequence[StyleEntry]) -> Table:
    table = Table("Style", "Colours", "Description", box=None)
    table.columns[0].no_wrap = True  # users copy the name from here
    for entry in entries:
        description = (
            entry.line if entry.credit else f"{entry.title}. {entry.line}"
        )  # the id of a user's own style may not resemble its title
        table.add_row(entry.id, _swatches(entry.palette), Text(one_line(description)))
    return table


def _swatches(palette: Sequence[str]) -> Text:
    return Text.assemble(*(("  ", f"on {colour}") for colour in palette))
