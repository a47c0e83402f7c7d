"""The messages between a model's process and its parent, and their frames.

Every message about a painting has its fencing token, so that a late one is recognised. Pictures are encoded files; the child decodes them.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

from nst.checkpoints import MAX_BYTES
from nst.domain import FencingToken, JobProgress, PresetSeconds, StyleParams, StyleShare, preset_seconds
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
class RegionRequest:
    """A region of a painting.

    Attributes:
        mask: an encoded picture, or a name that `nst.domain.is_automatic` knows.
        styles: none to keep the photo.
        strength: None for the painting's.
        style_masks: one for each style whose picture is used in part, as `mask`, and None for one that is used whole; empty where all are.
    """

    mask: bytes | str
    styles: tuple[StyleShare[bytes], ...] = ()
    strength: float | None = None
    style_masks: tuple[bytes | str | None, ...] = ()

    @property
    def fields(self) -> dict[str, Any]:
        """What a header has of it; masks that are pictures are attached, as its styles are."""
        mask = self.mask if isinstance(self.mask, str) else None
        masks = [isinstance(each, bytes) or each for each in self.style_masks]
        return {"mask": mask, "shares": [style.share for style in self.styles], "strength": self.strength, "style_masks": masks}

    @property
    def pictures(self) -> tuple[bytes, ...]:
        styles = (style.style for style in self.styles)
        return tuple(each for each in (self.mask, *styles, *self.style_masks) if isinstance(each, bytes))


@dataclass(frozen=True)
class PaintRequest:
    """
    Attributes:
        suffix: of the painting's file, such as ".png"; ignored for a preview.
        regions: later ones cover earlier ones.
        earlier: the painting that is enlarged, an encoded picture; None for one that begins with the photo.
        checkpoint: of an attempt that was interrupted, in the engine's own format; None to begin anew.
    """

    token: FencingToken
    photo: bytes
    styles: tuple[StyleShare[bytes], ...]
    params: StyleParams
    suffix: str = ""
    regions: tuple[RegionRequest, ...] = ()
    earlier: bytes | None = None
    checkpoint: bytes | None = None


@dataclass(frozen=True)
class Strokes:
    """What a visitor has drawn on a thing in the photo. Each is an encoded grey picture in the photo's shape; empty without such a stroke.

    Attributes:
        inside: white on the thing.
        outside: white on what is not the thing.
        around: white in an area that contains the thing.
    """

    inside: bytes
    outside: bytes = b""
    around: bytes = b""


@dataclass(frozen=True)
class FindRequest:
    """Find a region. `Done` has its mask then: a PNG, black where there is no such region.

    Attributes:
        region: a name that `nst.domain.is_automatic` knows, or strokes.
    """

    token: FencingToken
    photo: bytes
    region: str | Strokes


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
class Measured:
    """What paintings take on this machine, estimated while there is no request."""

    seconds: PresetSeconds


@dataclass(frozen=True)
class Advanced:
    """Progress, with the painting so far."""

    token: FencingToken
    progress: JobProgress
    preview: bytes


@dataclass(frozen=True)
class Checkpointed:
    """A scale is finished: an engine that is given this checkpoint goes on from there."""

    token: FencingToken
    checkpoint: bytes


@dataclass(frozen=True)
class Done:
    """The painting is finished.

    Attributes:
        film: its time-lapse (`nst.timelapse`); None without one.
        thumbnails: of the photo and the painting, WebP; empty without.
    """

    token: FencingToken
    picture: bytes
    recipe: Mapping[str, Any]
    film: bytes | None = None
    thumbnails: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Stopped:
    """The painting was cancelled."""

    token: FencingToken


@dataclass(frozen=True)
class Failed:
    """`error` is a sentence for the user."""

    token: FencingToken
    error: str


ToChild = Configure | PaintRequest | FindRequest | Cancel
Final = Done | Stopped | Failed
FromChild = Ready | LoadFailed | Measured | Advanced | Checkpointed | Final


def frame_of(message: ToChild | FromChild) -> Frame:
    match message:
        case Configure(role, settings):
            return Frame("configure", {"role": role, "settings": settings})
        case PaintRequest():
            return _paint_frame(message)
        case FindRequest(token, photo, Strokes() as strokes):
            return Frame("grow", {"token": astuple(token)}, (photo, *astuple(strokes)))
        case FindRequest(token, photo, region):
            return Frame("find", {"token": astuple(token), "region": region}, (photo,))
        case Cancel(token):
            return Frame("cancel", {"token": astuple(token)})
        case Ready() | LoadFailed():
            return Frame("ready" if isinstance(message, Ready) else "load_failed", {})
        case Measured(seconds):
            return Frame("measured", {"seconds": seconds})
        case Advanced(token, progress, preview):
            return Frame("advanced", {"token": astuple(token), "progress": asdict(progress)}, (preview,))
        case Checkpointed(token, checkpoint):
            return Frame("checkpointed", {"token": astuple(token)}, (checkpoint,))
        case Done(token, picture, recipe, film, thumbnails):
            films = () if film is None else (film,)
            fields = {"token": astuple(token), "recipe": recipe, "films": len(films)}
            return Frame("done", fields, (picture, *films, *thumbnails))
        case Stopped(token):
            return Frame("stopped", {"token": astuple(token)})
        case Failed(token, error):
            return Frame("failed", {"token": astuple(token), "error": error})


def _paint_frame(request: PaintRequest) -> Frame:
    fields = {
        "token": astuple(request.token),
        "shares": [style.share for style in request.styles],
        "params": request.params.to_dict(),
        "suffix": request.suffix,
        "regions": [region.fields for region in request.regions],
        "enlarges": request.earlier is not None,
        "goes_on": request.checkpoint is not None,
    }
    styles = (style.style for style in request.styles)
    of_regions = (picture for region in request.regions for picture in region.pictures)
    begins_with = (each for each in (request.earlier, request.checkpoint) if each is not None)
    return Frame("paint", fields, (request.photo, *styles, *of_regions, *begins_with))


def message_to_child(frame: Frame) -> ToChild:
    """
    Raises:
        BadFrame: when the frame is not a message to a child.
    """
    try:
        match frame:
            case Frame("configure", {"role": role, "settings": dict(settings)}, ()):
                return Configure(Role(role), settings)
            case Frame("paint", fields, (photo, *pictures)):
                return _paint_request(fields, photo, pictures)
            case Frame("find", {"token": token, "region": str(region)}, (photo,)):
                return FindRequest(_token(token), photo, region)
            case Frame("grow", {"token": token}, (photo, *strokes)) if len(strokes) == 3:
                return FindRequest(_token(token), photo, Strokes(*strokes))
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
        case Frame("measured", {"seconds": dict(seconds)}, ()):
            return Measured(preset_seconds(seconds))
        case Frame("advanced", {"token": token, "progress": progress}, (preview,)):
            return Advanced(_token(token), _progress(progress), preview)
        case Frame("checkpointed", {"token": token}, (checkpoint,)) if len(checkpoint) <= MAX_BYTES:
            return Checkpointed(_token(token), checkpoint)
        case Frame("done", {"token": token, "recipe": dict(recipe), "films": 0 | 1 as films}, (picture, *more)) if (
            len(more) - films in (0, 2) and type(films) is int
        ):
            return Done(_token(token), picture, recipe, more[0] if films else None, tuple(more[films:]))
        case Frame("stopped", {"token": token}, ()):
            return Stopped(_token(token))
        case Frame("failed", {"token": token, "error": str(error)}, ()):
            return Failed(_token(token), error)
    raise BadFrame(f"no message from a child: a frame of the kind {frame.kind!r}")


def _paint_request(fields: Mapping[str, Any], photo: bytes, pictures: Sequence[bytes]) -> PaintRequest:
    left = iter(pictures)
    match fields:
        case {
            "token": token,
            "shares": [*shares],
            "params": dict(params),
            "suffix": str(suffix),
            "regions": [*found],
            "enlarges": bool(enlarges),
            "goes_on": bool(goes_on),
        }:
            styles = _shares(shares, left)
            regions = tuple(_region(region, left) for region in found)
            rest = list(left)
            if len(rest) == enlarges + goes_on:
                earlier, checkpoint = rest.pop(0) if enlarges else None, rest.pop() if goes_on else None
                how = StyleParams.from_dict(params)
                return PaintRequest(_token(token), photo, styles, how, suffix, regions, earlier, checkpoint)
    raise BadFrame("a request that lacks something")


def _region(value: Any, pictures: Iterator[bytes]) -> RegionRequest:
    match value:
        case {
            "mask": None | str() as name,
            "shares": [*shares],
            "strength": None | int() | float() as strength,
            "style_masks": [*masks],
        } if len(masks) in (0, len(shares)):
            mask = next(pictures, None) if name is None else name
            if mask is not None:
                styles = _shares(shares, pictures)
                return RegionRequest(mask, styles, strength, tuple(_style_mask(each, pictures) for each in masks))
    raise BadFrame("a region that lacks something")


def _style_mask(value: Any, pictures: Iterator[bytes]) -> bytes | str | None:
    match value:
        case None | str():
            return value
        case True if (mask := next(pictures, None)) is not None:
            return mask
    raise BadFrame("a style whose mask is missing")


def _shares(shares: Sequence[Any], pictures: Iterator[bytes]) -> tuple[StyleShare[bytes], ...]:
    return tuple(StyleShare(*pair) for pair in zip(islice(pictures, len(shares)), map(float, shares), strict=True))


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
