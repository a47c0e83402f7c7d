"""Options that commands share, the settings that they run with, and an option for every field of StyleParams.

Defaults, ranges and help of the latter are written in StyleParams and nowhere else.
"""

import functools
import logging
from collections.abc import Callable
from dataclasses import Field, fields
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, get_type_hints

import typer

from nst.domain import StyleParams, help_of, range_of
from nst.errors import InvalidParams
from nst.settings import Settings, read_settings
from nst.styles import Catalogue

JSON_FLAG = "--json"

AsJson = Annotated[bool, typer.Option(JSON_FLAG, help="Print JSON on standard output, for programs; errors too.")]
Device = Annotated[str | None, typer.Option("--device", help="Where to compute: auto, cpu, cuda, cuda:1 or mps. Overrides NST_DEVICE.")]

_LAYERS = "layer_weights"
_TYPES = get_type_hints(StyleParams)

# `styles` lists the pictures that cannot be used; other commands do not log them.
logging.getLogger("nst.styles").addHandler(logging.NullHandler())


def load_settings(device: str | None = None) -> Settings:
    """The settings from the environment, with the device from the command line.

    Raises:
        InvalidParams: when a setting, or the device, has an invalid value.
    """
    return read_settings() if device is None else read_settings(device=device)


def open_catalogue(settings: Settings) -> Catalogue:
    """The bundled styles and those of NST_STYLES_DIR.

    Raises:
        FileUnreadable: when NST_STYLES_DIR is not a folder that can be read.
    """
    from nst import bootstrap  # imported late: most commands need no stores

    return bootstrap.open_catalogue(settings)


def with_style_params(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options to a command, which receives them as one StyleParams, its keyword argument `params`."""
    names = [entry.name for entry in fields(StyleParams)]

    @functools.wraps(command)
    def wrapped(**values: Any) -> None:
        chosen = {name: values.pop(name) for name in names}
        chosen[_LAYERS] = _parse_layers(chosen[_LAYERS])
        command(**values, params=StyleParams(**chosen))

    own = [parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in _parameters(command) if parameter.name != "params"]
    shown = Signature([*own, *(_option(entry) for entry in fields(StyleParams))])
    wrapped.__signature__ = shown  # type: ignore[attr-defined]  # what Typer reads
    wrapped.__annotations__ = {name: parameter.annotation for name, parameter in shown.parameters.items()}
    return wrapped


def _parameters(command: Callable[..., None]) -> list[Parameter]:
    return list(signature(command, eval_str=True).parameters.values())


def _option(entry: "Field[Any]") -> Parameter:
    flag, kind = ("--layer", list[str] | None) if entry.name == _LAYERS else (f"--{entry.name.replace('_', '-')}", _TYPES[entry.name])
    panel = "Expert options" if entry.default is None else "Painting options"
    option = typer.Option(flag, help=_help(entry), rich_help_panel=panel)
    return Parameter(entry.name, Parameter.KEYWORD_ONLY, default=entry.default, annotation=Annotated[kind, option])


def _help(entry: "Field[Any]") -> str:
    """The field's help with its range. StyleParams checks the range, so that every front end has the same sentence and exit code."""
    text = help_of(entry.name)
    if "min" not in entry.metadata:
        return text
    low, high = range_of(entry.name)
    return f"{text} [dim]({low:g} to {high:g})[/dim]" if high < 2**31 else text


def _parse_layers(layers: list[str] | None) -> tuple[tuple[str, float], ...] | None:
    return tuple(_parse_layer(text) for text in layers) if layers else None


def _parse_layer(text: str) -> tuple[str, float]:
    name, _, weight = text.partition("=")
    try:
        return name, float(weight)
    except ValueError as error:
        raise InvalidParams(f"A layer needs a name and a weight, for instance relu1_1=1; it is {text!r}.") from error
