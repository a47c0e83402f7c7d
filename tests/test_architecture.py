"""Imports point one way. This walks them to say so."""

import ast
import sys
from collections.abc import Iterator
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
    "nst.settings": {"nst.errors"},
    "nst.headers": set(),
    "nst.images": BASE | {"nst.headers"},
    "nst.weights": BASE,
    "nst.engine": BASE,
    "nst.samples": BASE | {"nst.images"},
    "nst.styles": BASE | {"nst.images"},
    "nst.store": BASE,
    "nst.service": BASE | {"nst.images", "nst.styles", "nst.store"},
    "nst.preview": BASE | {"nst.images", "nst.engine"},
    "nst.bootstrap": BASE | {"nst.images", "nst.styles", "nst.store", "nst.service", "nst.preview"},
    "nst.ui": BASE | {"nst.images", "nst.samples", "nst.styles", "nst.service", "nst.bootstrap", "nst.preview", "worker"},
    "nst.gateway": BASE | {"nst.images", "nst.logs", "nst.styles", "nst.store", "nst.service", "nst.bootstrap", "worker"},
    "nst.logs": set(),
    "nst.cli": BASE | PARTS | {"nst.logs", "nst.store", "nst.service", "nst.bootstrap"},
    "worker": BASE | PARTS | {"nst.logs", "nst.store", "nst.service", "nst.bootstrap"},
    "nst.__main__": {"nst.cli"},
}
HOME_OF = {  # the one layer that may import it
    "sqlite3": "nst.store",
    "redis": "nst.store",
    "boto3": "nst.store",
    "botocore": "nst.store",
    "prometheus_client": "worker",
    "torch": "nst.engine",
    "torchvision": "nst.engine",
    "streamlit": "nst.ui",
    "socketio": "nst.gateway",
    "fastapi": "nst.gateway",
    "uvicorn": "nst.gateway",
}
MAY_HAVE_TORCH = {"nst.cli.info"}
CONCRETE = ("nst.store.aws", "nst.store.sqlite", "nst.store.redis", "nst.store.s3", "nst.store.files", "nst.store.memory")


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


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_at_once(path: Path) -> Iterator[str]:
    """What a module imports when it is itself imported: not inside functions."""
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield from imports(node)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_point_down(path: Path) -> None:
    layer = layer_of(name_of(path))
    for imported in imports(ast.parse(path.read_text())):
        if imported.split(".")[0] in ("nst", "worker"):
            target = layer_of(imported)
            assert target == layer or target in MAY_IMPORT[layer], f"{name_of(path)} imports {imported}"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_torch_stays_in_the_engine(path: Path) -> None:
    if layer_of(name_of(path)) != "nst.engine":
        heavy = [name for name in imported_at_once(path) if name.split(".")[0] in ("torch", "torchvision") or name.startswith("nst.engine")]
        assert not heavy, f"{name_of(path)} loads torch as soon as it is imported"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_every_library_has_a_home(path: Path) -> None:
    layer = layer_of(name_of(path))
    for imported in imports(ast.parse(path.read_text())):
        home = HOME_OF.get(imported.split(".")[0], layer)
        assert layer == home or name_of(path) in MAY_HAVE_TORCH, f"{name_of(path)} imports {imported}"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_of_worker_and_preview_only_the_children_paint(path: Path) -> None:
    if layer_of(name_of(path)) in ("worker", "nst.preview") and name_of(path) not in ("worker.child", "nst.preview.child"):
        assert not [name for name in imports(ast.parse(path.read_text())) if name.startswith("nst.engine")]


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_only_the_bootstrap_picks_concrete_classes(path: Path) -> None:
    if layer_of(name_of(path)) not in ("nst.store", "nst.bootstrap"):
        assert not [name for name in imports(ast.parse(path.read_text())) if name.startswith(CONCRETE)]


@pytest.mark.parametrize("path", standard_only(), ids=name_of)
def test_the_words_of_the_domain_need_the_standard_library_alone(path: Path) -> None:
    for imported in imports(ast.parse(path.read_text())):
        assert imported.split(".")[0] in {*sys.stdlib_module_names, "nst"}, imported
