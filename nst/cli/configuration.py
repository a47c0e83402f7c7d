"""The settings that a command runs with, from the environment and from its own options."""

from typing import Any

from pydantic import ValidationError

from nst.errors import InvalidParams
from nst.images import Limits
from nst.settings import Settings
from nst.styles import Catalogue


def settings(device: str | None = None) -> Settings:
    """
    Raises:
        InvalidParams: when a setting, or the device, has a value that it cannot have.
    """
    chosen: dict[str, Any] = {} if device is None else {"device": device}
    try:
        return Settings(**chosen)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name = str(fault["loc"][0])
        meaning = Settings.model_fields[name].description
        raise InvalidParams(f"The setting {name} or NST_{name.upper()} ({meaning}) cannot be {fault['input']!r}.") from error


def catalogue(chosen: Settings) -> Catalogue:
    """
    Raises:
        FileUnreadable: when NST_STYLES_DIR names no folder that can be read.
    """
    return Catalogue(Limits.of(chosen), chosen.styles_dir)
