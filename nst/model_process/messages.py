"""The messages between a model's process and its parent, and their frames.

Every message about a painting has its fencing token, so that a late one is recognised. Pictures are encoded files; the child decodes them.
"""

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from enum import StrEnum
from typing import Any

from nst.domain import FencingToken, JobProgress, StyleParams, StyleShare
from nst.errors import PasticheError
from nst.model_process.frames import BadFrame, Frame


class Role(StrEnum):
    """What a child is for: it decides on its engine, and on sizes and formats of pictures."""

    PAINTING = "painting"
    PREVIEW = "preview"


@dataclass(frozen=True)
class Configure:
    """The first message to a child. `settings` are fields of `nst.settings.Settings`, as JSON has them."""

    role: Role
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class PaintRequest:
    """
    Attributes:
        suffix: of the painting's file, such as ".png"; ignored for a preview.
    """

    token: FencingToken
    photo: bytes
    styles: tuple[StyleShare[bytes], ...]
    params: StyleParams
    suffix: str = ""


@dataclass(frozen=True)
class Cancel:
    """Stop that painting; without effect when it has ended."""

    token: FencingToken


@dataclass(frozen=True)
class Ready:
    """The engine is loaded."""


@dataclass(frozen=True)
class LoadFailed:
    """The engine could not be loaded. The child tries again with the first request."""


@dataclass(frozen=True)
class Advanced:
    """Progress, with the painting so far."""

    token: FencingToken
    progress: JobProgress
    preview: bytes


@dataclass(frozen=True)
class Done:
    token: FencingToken
    picture: bytes
    recipe: Mapping[str, Any]


@dataclass(frozen=True)
class Stopped:
    """The painting was cancelled."""

    token: FencingToken


@dataclass(frozen=True)
class Failed:
    """`error` is a sentence for the user."""

    token: FencingToken
    error: str


ToChild = Configure | PaintRequest | Cancel
Final = Done | Stopped | Failed
FromChild = Ready | LoadFailed | Advanced | Final


def frame_of(message: ToChild | FromChild) -> Frame:
    match message:
        case Configure(role, settings):
            return Frame("configure", {"role": role, "settings": settings})
        case PaintRequest(token, photo, styles, params, suffix):
            fields = {"shares": [style.share for style in styles], "params": params.to_dict(), "suffix": suffix}
            return Frame("paint", {"token": astuple(token), **fields}, (photo, *(style.style for style in styles)))
        case Cancel(token):
            return Frame("cancel", {"token": astuple(token)})
        case Ready():
            return Frame("ready", {})
        case LoadFailed():
            return Frame("load_failed", {})
        case Advanced(token, progress, preview):
            return Frame("advanced", {"token": astuple(token), "progress": asdict(progress)}, (preview,))
        case Done(token, picture, recipe):
            return Frame("done", {"token": astuple(token), "recipe": recipe}, (picture,))
        case Stopped(token):
            return Frame("stopped", {"token": astuple(token)})
        case Failed(token, error):
            return Frame("failed", {"token": astuple(token), "error": error})


def message_to_child(frame: Frame) -> ToChild:
    """
    Raises:
        BadFrame: when the frame is not a message to a child.
    """
    try:
        match frame:
            case Frame("configure", {"role": role, "settings": dict(settings)}, ()):
                return Configure(Role(role), settings)
            case Frame("paint", {"token": token, "shares": [*shares], "params": dict(params), "suffix": str(suffix)}, (photo, *pictures)):
                styles = tuple(StyleShare(*pair) for pair in zip(pictures, map(float, shares), strict=True))
                return PaintRequest(_token(token), photo, styles, StyleParams.from_dict(params), suffix)
            case Frame("cancel", {"token": token}, ()):
                return Cancel(_token(token))
    except (TypeError, ValueError, OverflowError, PasticheError) as error:
        raise BadFrame(f"a frame of the kind {frame.kind!r} that is no message") from error
    raise BadFrame(f"no message to a child: a frame of the kind {frame.kind!r}")


def message_from_child(frame: Frame) -> FromChild:
    """
    Raises:
        BadFrame: when the frame is not a message from a child.
    """
    match frame:
        case Frame("ready", _, ()):
            return Ready()
        case Frame("load_failed", _, ()):
            return LoadFailed()
        case Frame("advanced", {"token": token, "progress": progress}, (preview,)):
            return Advanced(_token(token), _progress(progress), preview)
        case Frame("done", {"token": token, "recipe": dict(recipe)}, (picture,)):
            return Done(_token(token), picture, recipe)
        case Frame("stopped", {"token": token}, ()):
            return Stopped(_token(token))
        case Frame("failed", {"token": token, "error": str(error)}, ()):
            return Failed(_token(token), error)
    raise BadFrame(f"no message from a child: a frame of the kind {frame.kind!r}")


def _token(value: Any) -> FencingToken:
    match value:
        case [str(job_id), int(attempt)]:
            return FencingToken(job_id, attempt)
    raise BadFrame("a message without a token")


def _progress(value: Any) -> JobProgress:
    """Numbers out of range are corrected: an engine's estimates are not to end its process."""
    match value:
        case {"fraction": int(fraction) | float(fraction), "stage": str(stage), "seconds_left": None | int() | float() as left}:
            with suppress(OverflowError):  # integers that no float can hold
                seconds_left = float(left) if left is not None and math.isfinite(left) else None
                return JobProgress(min(1.0, max(0.0, float(fraction))), stage, seconds_left)
    raise BadFrame("a message without progress")
