"""The CloudFormation templates as data, with their short forms (`!Ref`, `!Sub`) as the long ones."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "deploy" / "aws"
STACKS = ("images", "network", "storage", "jobs", "cache", "workers", "app")
ENVIRONMENTS = ("development", "staging", "production")


class _Loader(yaml.SafeLoader):
    pass


def _long_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _long_form)


@cache
def template(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), _Loader)  # noqa: S506 -- a SafeLoader
    return loaded


def resource(stack: str, name: str) -> dict[str, Any]:
    properties: dict[str, Any] = template(stack)["Resources"][name].get("Properties", {})
    return properties


def on_machines(machines: str, value: Any) -> Any:
    """The value with what a deployment on these machines chooses: `gpu` or `cpu`."""
    if isinstance(value, list):
        return [on_machines(machines, inner) for inner in value]
    if not isinstance(value, dict):
        return value
    condition, with_gpu, without = value.get("Fn::If", ("", None, None))
    if condition == "HasGpu":
        return on_machines(machines, with_gpu if machines == "gpu" else without)
    return {name: on_machines(machines, inner) for name, inner in value.items()}
