"""Tables of results, as Markdown to read and as JSON to compare."""

import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import torch

from nst.engine.devices import best_device, has_fast_bfloat16

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Table:
    """One question and its measured answer."""

    title: str
    explanation: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    notes: Sequence[str] = field(default_factory=tuple)

    def markdown(self) -> str:
        lines = [f"## {self.title}", "", self.explanation, "", _row(self.columns), _row(["---"] * len(self.columns))]
        return "\n".join([*lines, *(_row(row) for row in self.rows), "", *self.notes, ""])


def _row(cells: Sequence[Any]) -> str:
    return "| " + " | ".join(f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in cells) + " |"


def machine_class() -> str:
    """What decides how fast the networks are: `cuda`, `bfloat16` (a CPU that multiplies it) or `plain` (any other)."""
    device = best_device()
    return device.type if device.type != "cpu" else "bfloat16" if has_fast_bfloat16(device) else "plain"


def write(name: str, tables: Sequence[Table]) -> Path:
    """Writes results/<class of machine>/<name>.md and .json, with the machine they were measured on."""
    folder = RESULTS / machine_class()
    folder.mkdir(parents=True, exist_ok=True)
    machine = f"{platform.machine()}, {torch.get_num_threads()} threads, Python {platform.python_version()}, torch {torch.__version__}"
    path = folder / f"{name}.md"
    path.write_text(
        "\n".join([f"# {name.capitalize()}", "", f"Measured on {machine}. Medians.", "", *(t.markdown() for t in tables)]), encoding="utf-8"
    )
    content = {
        "machine": machine,
        "tables": [{"title": t.title, "columns": list(t.columns), "rows": [list(r) for r in t.rows]} for t in tables],
    }
    path.with_suffix(".json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path


def seconds(action: Any, times: int) -> float:
    """Median seconds of a call, after one that warms up."""
    action()
    return median(_once(action) for _ in range(times))


def _once(action: Any) -> float:
    started = perf_counter()
    action()
    return perf_counter() - started
