"""Imports point one way. This walks them to say so."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Who may import whom inside the project: a module belongs to the longest prefix that fits, and may import its own layer and those named.
BASE = {"nst", "nst.errors", "nst.domain", "nst.settings"}
PARTS = {"nst.images", "nst.engine", "nst.styles", "nst.samples", "nst.weights"}
MAY_IMPORT = {
    "nst": set(),
    "nst.errors": set(),
    "nst.domain": {"nst.errors"},
    "nst.settings": {"nst.errors", "nst.domain", "nst.weights"},
    "nst.http_responses": {"nst.errors", "nst.service"},
    "nst.lru": set(),
    "nst.allocator": set(),
    "nst.images.headers": set(),
    "nst.images.formats": set(),
    "nst.images.memory_budget": set(),
    "nst.images.pixels": set(),
    "nst.images.masks": set(),
    "nst.images.crops": set(),
    "nst.images": BASE
    | {
        "nst.allocator",
        "nst.images.crops",
        "nst.images.headers",
        "nst.images.formats",
        "nst.images.masks",
        "nst.images.memory_budget",
        "nst.images.pixels",
    },
    "nst.weights": {"nst"},
    "nst.web": {"nst"},
    "nst.engine": {"nst", "nst.allocator", "nst.errors", "nst.domain", "nst.lru", "nst.web", "nst.weights"},
    "nst.samples": BASE | {"nst.images"},
    "nst.timelapse": {"nst.domain"},
    "nst.checkpoints": {"nst.domain"},
    "nst.styles": BASE | {"nst.images"},
    "nst.store": BASE | {"nst.lru"},
    "nst.service": BASE | {"nst.images", "nst.styles", "nst.store"},
    "nst.preview": BASE | {"nst.model_process"},
    "nst.bootstrap": BASE | {"nst.images", "nst.styles", "nst.store", "nst.service"},
    "nst.ui": BASE
    | {
        "nst.images",
        "nst.samples",
        "nst.styles",
        "nst.service",
        "nst.bootstrap",
        "nst.preview",
        "nst.timelapse",
        "nst.http_responses",
        "nst.allocator",
        "nst.logs",
        "nst.lru",
        "nst.worker",
    },
    "nst.gateway": BASE
    | {
        "nst.timelapse",
        "nst.http_responses",
        "nst.lru",
        "nst.allocator",
        "nst.images",
        "nst.logs",
        "nst.styles",
        "nst.store",
        "nst.service",
        "nst.bootstrap",
        "nst.worker",
    },
    "nst.logs": set(),
    "nst.threads": set(),
    "nst.cli": BASE
    | PARTS
    | {"nst.checkpoints", "nst.timelapse", "nst.logs", "nst.threads", "nst.web", "nst.store", "nst.service", "nst.bootstrap"},
    "nst.model_process": BASE | {"nst.checkpoints", "nst.images", "nst.engine", "nst.lru", "nst.threads", "nst.timelapse"},
    "nst.worker": BASE | {"nst.checkpoints", "nst.styles", "nst.logs", "nst.store", "nst.service", "nst.bootstrap", "nst.model_process"},
    "worker": {"nst.worker"},
    "nst.__main__": {"nst.cli"},
}
AROUND = {  # what the folders around the packages may import of the project, besides themselves
    "pages": {"nst.ui"},
    "streamlit_app.py": {"nst.errors", "nst.gateway", "nst.ui"},
    "clients": set(),  # a client knows the contract and none of the studio's code
    "training": {"nst.domain", "nst.engine", "nst.images", "nst.samples", "nst.settings", "nst.styles"},
    "benchmarks": {*MAY_IMPORT, "tests"},
}
HOME_OF = {  # the one layer that may import it
    "sqlite3": "nst.store",
    "redis": "nst.store",
    "boto3": "nst.store",
    "botocore": "nst.store",
    "prometheus_client": "nst.worker",
    "torch": "nst.engine",
    "torchvision": "nst.engine",
    "streamlit": "nst.ui",
    "socketio": "nst.gateway",
    "fastapi": "nst.gateway",
    "uvicorn": "nst.gateway",
    "httpx": "nst.web",
    "av": "nst.timelapse",
    "brotli": "nst.web",
    "zstandard": "nst.web",
}
MAY_HAVE_TORCH = {"nst.cli.info"}
CONCRETE = (
    "nst.store.aws",
    "nst.store.sqlite",
    "nst.store.redis",
    "nst.store.aws.objects",
    "nst.store.files",
)


def modules() -> list[Path]:
    return sorted(path for folder in ("nst", "worker") for path in (ROOT / folder).rglob("*.py"))


def standard_only() -> list[Path]:
    return [ROOT / "nst" / "errors.py", *sorted((ROOT / "nst" / "domain").glob("*.py"))]


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(name: str) -> str:
    return max(
        (layer for layer in MAY_IMPORT if name == layer or (name.startswith(layer + ".") and layer != "nst")), key=len, default="nst"
    )


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    """What a module imports, also inside functions."""
    return tuple(imports(tree_of(path)))


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_at_once(path: Path) -> Iterator[str]:
    """What a module imports when it is itself imported: not inside functions."""
    for node in tree_of(path).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield from imports(node)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_point_down(path: Path) -> None:
    layer = layer_of(name_of(path))
    for imported in imports_of(path):
        if imported.split(".")[0] in ("nst", "worker"):
            target = layer_of(imported)
            assert target == layer or target in MAY_IMPORT[layer], f"{name_of(path)} imports {imported}"


@pytest.mark.parametrize("folder", AROUND)
def test_the_packages_stand_alone(folder: str) -> None:
    """What is around them imports them as the table says, and they import nothing of it."""
    for path in [ROOT / folder] if folder.endswith(".py") else (ROOT / folder).rglob("*.py"):
        for imported in imports_of(path):
            top = imported.split(".")[0]
            if top in ("nst", "worker", "tests", "benchmarks", "training", "pages", "clients") and top != folder:
                target = layer_of(imported) if top in ("nst", "worker") else top
                assert target in AROUND[folder], f"{path.relative_to(ROOT)} imports {imported}"
    around = {*AROUND, "streamlit_app", "tests"}
    for path in modules():
        found = [name for name in imports_of(path) if name.split(".")[0] in around]
        assert not found, f"{name_of(path)} imports {found}"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_torch_stays_in_the_engine(path: Path) -> None:
    if layer_of(name_of(path)) != "nst.engine":
        heavy = [name for name in imported_at_once(path) if name.split(".")[0] in ("torch", "torchvision") or name.startswith("nst.engine")]
        assert not heavy, f"{name_of(path)} loads torch as soon as it is imported"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_every_library_has_a_home(path: Path) -> None:
    layer = layer_of(name_of(path))
    for imported in imports_of(path):
        home = HOME_OF.get(imported.split(".")[0], layer)
        assert layer == home or name_of(path) in MAY_HAVE_TORCH, f"{name_of(path)} imports {imported}"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_of_worker_and_preview_only_the_model_process_paints(path: Path) -> None:
    layers = ("worker", "nst.worker", "nst.model_process", "nst.preview")
    if layer_of(name_of(path)) in layers and name_of(path) != "nst.model_process.child":
        assert not [name for name in imports_of(path) if name.startswith("nst.engine")]


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_no_process_runs_code_that_another_one_sends(path: Path) -> None:
    found = {name.split(".")[0] for name in imports_of(path)}
    assert not found & {"pickle", "multiprocessing", "shelve", "marshal"}


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_only_the_bootstrap_picks_concrete_classes(path: Path) -> None:
    if layer_of(name_of(path)) not in ("nst.store", "nst.bootstrap"):
        assert not [name for name in imports_of(path) if name.startswith(CONCRETE)]


@pytest.mark.parametrize("path", standard_only(), ids=name_of)
def test_the_words_of_the_domain_need_the_standard_library_alone(path: Path) -> None:
    for imported in imports_of(path):
        assert imported.split(".")[0] in {*sys.stdlib_module_names, "nst"}, imported


# Written out, an address begins at the root of the host, where the studio may not be.
_AT_THE_ROOT = re.compile(r"""(?:src|href|action)\s*=\s*\\?["'`]/|url\(\s*["']?/|["'`]/(?!["'`])[\w{?$]""")
_ROUTES = {"compression.py", "server.py", "downloads.py", "urls.py"}


@pytest.mark.parametrize("path", [path for folder in ("nst/ui", "pages") for path in sorted((ROOT / folder).rglob("*.*"))], ids=str)
def test_no_address_is_written_out(path: Path) -> None:
    if path.suffix in (".py", ".js", ".html", ".css") and path.name not in _ROUTES:
        found = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if _AT_THE_ROOT.search(line)]
        assert not found, f"{path.relative_to(ROOT)} has {found}: URLs are made by nst.ui.urls"


def without_encoding(tree: ast.AST) -> Iterator[int]:
    """Lines in which text is read or written in whatever encoding the locale has."""
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        named, first = {keyword.arg for keyword in call.keywords}, call.args[0] if call.args else None
        match call.func.attr:
            case "read_text":
                is_text = not call.args
            case "write_text":
                is_text = len(call.args) < 2
            case "open":
                is_text = isinstance(first, ast.Constant) and re.fullmatch("[rwax+t]+", str(first.value)) is not None
            case _:
                is_text = False
        if (is_text and "encoding" not in named) or (call.func.attr in ("run", "Popen", "check_output") and "text" in named):
            yield call.lineno


def test_text_is_read_and_written_in_an_encoding_that_is_named() -> None:
    """A plain check by name, since a linter would have to know types for it."""
    folders = ("benchmarks", "clients", "nst", "pages", "tests", "training", "worker")
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        assert not list(without_encoding(tree_of(path))), f"{path} leaves the encoding to the locale"


MAX_LINES, MAX_FUNCTION_LINES = 400, 28


def function_lines(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Name and length of each function: the lines of its body, without signature and docstring."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            yield node.name, (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("folder", ["benchmarks", "clients", "nst", "pages", "training", "worker"])
def test_functions_and_files_are_short(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES, path
        long = {name: lines for name, lines in function_lines(tree_of(path)) if lines > MAX_FUNCTION_LINES}
        assert not long, f"{path}: {long}"
