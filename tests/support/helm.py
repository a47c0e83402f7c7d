"""The Helm chart, rendered and linted by Helm itself: its library for Python, in a process of its own, since Go's runtime stays in one."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "pastiche"
_RENDER = """
import json, sys, helm_python
with helm_python.Chart.load(sys.argv[1]) as chart:
    values = json.load(sys.stdin)
    chart.validate_schema(chart.merge_values(values))
    json.dump(chart.render(values, name="studio", namespace="art"), sys.stdout)
"""
_LINT = """
import json, sys, helm_python
json.dump([each for each in helm_python.lint(sys.argv[1])["messages"] if each["severity"] > 1], sys.stdout)
"""


class Refused(Exception):
    """Helm does not render the chart with these values."""


def _run(program: str, values: str = "") -> Any:
    done = subprocess.run([sys.executable, "-c", program, CHART], input=values, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise Refused(done.stderr)
    return json.loads(done.stdout)


@cache
def _rendered(values: str) -> dict[str, str]:
    found: dict[str, str] = _run(_RENDER, values)
    return found


def render(**values: Any) -> list[dict[str, Any]]:
    """All objects of a release `studio` with these values.

    Raises:
        Refused: when the values are not allowed.
    """
    files = _rendered(json.dumps(values, sort_keys=True))
    texts = (text for name, text in files.items() if name.endswith(".yaml"))
    return [found for text in texts for found in yaml.safe_load_all(text) if found]


def notes(**values: Any) -> str:
    return next(text for name, text in _rendered(json.dumps(values, sort_keys=True)).items() if name.endswith("NOTES.txt"))


def lint() -> list[Any]:
    """Warnings and errors."""
    found: list[Any] = _run(_LINT)
    return found
