"""Write docs/files.md: one line for every module, from the first sentence of its docstring. `make format` runs it."""

import ast
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "files.md"
FOLDERS = ("nst", "pages", "worker", "clients", "training", "benchmarks")
HEAD = """# File map

One line for every module, made by `scripts/file_map.py` from the modules' own first sentences. The folders around the code:

| path | what |
| --- | --- |
| `streamlit_app.py` | the app's entry: Streamlit runs it for every page, a server imports it once |
| `pages/` | one short file per page of the studio |
| `nst/` | the library |
| `worker/` | entry points of a checkout: `python -m worker`, `python -m worker.batch` |
| `clients/` | a Python package and a page of JavaScript that speak to the gateway |
| `training/` | how the weights and the bundled style pictures were made |
| `benchmarks/` | measurements; `benchmarks/results/` has their results |
| `deploy/` | Compose, Kubernetes, CloudFormation and Hugging Face |
| `notebooks/` | a tour of the engine |
| `tests/` | tests, in the folders of the code that they test; `tests/contract` runs against every backend |
| `scripts/` | what the Makefile and CI call |
"""


def modules() -> list[Path]:
    """Every module of the listed folders that says something about itself."""
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts)
    return sorted(
        (path for path in found if sentence_of(path)),
        key=lambda path: (FOLDERS.index(path.relative_to(ROOT).parts[0]), path.parent, path.name),
    )


def sentence_of(path: Path) -> str:
    """The first sentence of a module's docstring, as a cell of a table; empty if there is none."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(text.partition("\n\n")[0].split())
    return re.split(r"(?<=[.!?])\s+(?=[A-Z`])", paragraph)[0].replace("|", r"\|")


def lines() -> Iterator[str]:
    yield HEAD
    for folder, paths in groupby(modules(), key=lambda path: path.parent):
        yield f"## {folder.relative_to(ROOT)}\n\n| module | what |\n| --- | --- |"
        yield from (f"| `{path.relative_to(ROOT)}` | {sentence_of(path)} |" for path in paths)
        yield ""


if __name__ == "__main__":
    PAGE.write_text("\n".join(lines()).rstrip() + "\n", encoding="utf-8")
