"""What the documentation names exists, and what it promises to list is listed."""

import json
import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from nst import errors
from nst.settings import Settings
from scripts import file_map

ROOT = Path(__file__).parents[1]
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
ROWS = {
    name.lower(): (default, what)
    for name, default, what in re.findall(r"^\| `NST_(\w+)` \| (.+?) \| (.+?) \|$", CONFIGURATION, re.MULTILINE)
}
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "nst/weights/README.md")),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "deploy").rglob("*.md"),
        *(ROOT / "clients" / "python").glob("*.md"),
    ]
)
CODE = sorted(path for folder in (*file_map.FOLDERS, "tests") for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts)
TOP = ("nst", "pages", "worker", "clients", "training", "benchmarks", "deploy", "docs", "notebooks", "scripts", "tests")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def shown(default: object) -> str:
    """A default as the table has it."""
    if default in (None, (), {}):
        return "none"
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, tuple):
        return f"`{json.dumps(default)}`"
    if isinstance(default, bool):
        return str(default).lower()
    return f"`{default}`" if isinstance(default, str) else f"{default:g}" if isinstance(default, float) else str(default)


def test_the_tables_have_every_setting_in_its_order_and_no_other() -> None:
    assert list(ROWS) == list(Settings.model_fields)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_is_documented_with_its_default(name: str) -> None:
    field, (default, what) = Settings.model_fields[name], ROWS[name]
    assert default.startswith("the user's") if field.default_factory else default == shown(field.default)
    assert what
    assert field.description


@pytest.mark.parametrize("path", [*PAGES, ROOT / "Dockerfile"], ids=name_of)
def test_no_document_speaks_of_a_setting_that_does_not_exist(path: Path) -> None:
    assert {name.lower() for name in re.findall(r"\bNST_(\w+)", text_of(path))} <= Settings.model_fields.keys()


def test_every_exit_code_is_documented_and_no_other() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.PasticheError)]
    own = {kind.exit_code for kind in kinds if not kind.__subclasses__()}
    defined = [kind.exit_code for kind in kinds if "exit_code" in vars(kind)]
    assert sorted(defined) == sorted(set(defined)), "two errors with one exit code"
    section = CONFIGURATION.partition("## Exit codes")[2].partition("\n## ")[0]
    listed = [int(code) for row in re.findall(r"^\| ([\d, ]+) \|", section, re.MULTILINE) for code in row.split(", ")]
    assert sorted(listed) == sorted(own | {2, 129, 130, 143})


def test_every_module_is_in_the_file_map() -> None:
    listed = re.findall(r"^\| `([\w/.]+\.py)` \| .+ \|$", text_of(file_map.PAGE), re.MULTILINE)
    listed.remove("streamlit_app.py")
    modules = {name_of(path) for path in file_map.modules()}
    assert modules == set(listed), "write the map again: make format, or .venv/bin/python scripts/file_map.py"


def test_every_module_says_what_it_is() -> None:
    silent = {name_of(path) for path in CODE if not file_map.sentence_of(path) and "tests" not in path.parts and path.stat().st_size}
    assert not silent


def test_the_readme_is_a_front_page() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= 8000


def test_the_readme_says_whose_paintings_are() -> None:
    said = " ".join(text_of(ROOT / "README.md").split())
    for fact in ("Pastiche claims no rights in paintings", "free for any use (CC0)", "Publishing lets everyone see and download it"):
        assert fact in said


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def paths_in(text: str) -> list[str]:
    """Files and folders of the project that a text names."""
    return re.findall(rf"(?<![\w./:<-])(?:{'|'.join(TOP)})(?:/[\w-][\w.-]*[\w])+/?", text)


def modules_in(text: str) -> list[str]:
    """Modules, and what is in them, that a text names in backticks or after `python -m`."""
    return re.findall(r"(?:`|-m )((?:nst|worker|training|benchmarks|tests)(?:\.\w+)+)(?=[`:\s])", text)


def is_module(dotted: str) -> bool:
    """Whether this is a module or a package, or a name in one."""
    base, name = ROOT.joinpath(*dotted.split(".")), dotted.rpartition(".")[2]
    if base.is_dir() or base.with_suffix(".py").is_file():
        return True
    holder = next((path for path in (base.parent.with_suffix(".py"), base.parent / "__init__.py") if path.is_file()), None)
    return holder is not None and re.search(rf"\b{name}\b", text_of(holder)) is not None


def wrong_names(path: Path, text: str, *, quoted: bool) -> list[str]:
    """Paths and modules in a text that do not exist, neither in the project nor next to the file; `quoted`: only paths in backticks."""
    paths = [name for name in paths_in(text) if not quoted or f"`{name}`" in text]
    missing = [name for name in paths if not ((ROOT / name).exists() or (path.parent / name).exists())]
    return [f"{name_of(path)}: {name}" for name in [*missing, *(name for name in modules_in(text) if not is_module(name))]]


@pytest.mark.parametrize("page", [*PAGES, ROOT / "Dockerfile", ROOT / "Makefile"], ids=name_of)
def test_what_a_document_names_exists(page: Path) -> None:
    assert not wrong_names(page, text_of(page), quoted=False)


def test_what_docstrings_and_comments_name_exists() -> None:
    assert not [wrong for path in CODE for wrong in wrong_names(path, text_of(path), quoted=True)]


def test_what_the_notebook_names_exists() -> None:
    path = ROOT / "notebooks" / "tour.ipynb"
    source = "\n".join("".join(cell["source"]) for cell in json.loads(text_of(path))["cells"])
    assert not wrong_names(path, source, quoted=True)
    assert not [name for name in re.findall(r"from (nst\.[\w.]*) import", source) if not is_module(name)]
