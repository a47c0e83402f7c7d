"""An option for every field of StyleParams, made from it: defaults, ranges and help are written there and nowhere else."""

import functools
from collections.abc import Callable
from dataclasses import Field, fields
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, get_type_hints

import typer

from nst.domain import StyleParams, help_of, range_of
from nst.errors import InvalidParams

Device = Annotated[str | None, typer.Option("--device", help="Where to compute: auto, cpu, cuda, cuda:1 or mps, instead of NST_DEVICE.")]

_LAYERS = "layer_weights"
_HINTS = get_type_hints(StyleParams)


def with_style_params(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options; it gets them as one StyleParams, its keyword argument `params`."""
    names = [entry.name for entry in fields(StyleParams)]

    @functools.wraps(command)
    def wrapped(**values: Any) -> None:
        chosen = {name: values.pop(name) for name in names}
        chosen[_LAYERS] = _parsed(chosen[_LAYERS])
        command(**values, params=StyleParams(**chosen))

    own = [parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in _parameters(command) if parameter.name != "params"]
    shown = Signature([*own, *(_option(entry) for entry in fields(StyleParams))])
    wrapped.__signature__ = shown  # type: ignore[attr-defined]  # what Typer reads
    wrapped.__annotations__ = {name: parameter.annotation for name, parameter in shown.parameters.items()}
    return wrapped


def _parameters(command: Callable[..., None]) -> list[Parameter]:
    return list(signature(command, eval_str=True).parameters.values())


def _option(entry: "Field[Any]") -> Parameter:
    flag, kind = ("--layer", list[str] | None) if entry.name == _LAYERS else (f"--{entry.name.replace('_', '-')}", _HINTS[entry.name])
    panel = "Overrides for experts" if entry.default is None else "The painting"
    option = typer.Option(flag, help=_help(entry), rich_help_panel=panel)
    return Parameter(entry.name, Parameter.KEYWORD_ONLY, default=entry.default, annotation=Annotated[kind, option])


def _help(entry: "Field[Any]") -> str:
    """The range is told here and checked by StyleParams, whose sentence and exit code every front end has."""
    text = help_of(entry.name)
    if "min" not in entry.metadata:
        return text
    low, high = range_of(entry.name)
    return f"{text} [dim]({low:g} to {high:g})[/dim]" if high < 2**31 else text


def _parsed(layers: list[str] | None) -> tuple[tuple[str, float], ...] | None:
    return tuple(_layer(text) for text in layers) if layers else None


def _layer(text: str) -> tuple[str, float]:
    name, _, weight = text.partition("=")
    try:
        return name, float(weight)
    except ValueError as error:
        raise InvalidParams(f"A layer is given with its weight, for instance relu1_1=1; it is {text!r}.") from error
