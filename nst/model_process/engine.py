"""What a model's process needs of an engine, and how it is loaded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

from PIL import Image

from nst.domain import PresetSeconds, Progress, StyleParams
from nst.model_process.messages import Role
from nst.settings import Settings


@dataclass(frozen=True)
class Region:
    """A part of the photo with other styles; without any, its pixels are kept.

    Attributes:
        mask: white inside; or a name that `nst.domain.is_automatic` knows.
        styles: pictures and their shares.
        strength: None for the painting's.
        style_masks: one for each style whose picture is used in part, as `mask`, of any shape, and None for one that is used whole; empty
            where all are.
    """

    mask: Image.Image | str
    styles: Sequence[tuple[Image.Image, float]]
    strength: float | None
    style_masks: Sequence[Image.Image | str | None] = ()


class Painting(Protocol):
    """What an engine returns; `nst.engine.Result` is one. The recipe is JSON."""

    @property
    def picture(self) -> Image.Image: ...
    @property
    def recipe(self) -> Mapping[str, Any]: ...
    @property
    def stopped(self) -> bool: ...


class Paint(Protocol):
    """An engine. It calls `should_stop` after every step, at least once a second; when that is true, it returns what it has so far.

    It is given `regions` only where there are any, `earlier` only to enlarge that painting, and `checkpoint` only to go on from what
    `Progress.checkpoint` has returned.
    """

    def __call__(
        self,
        photo: Image.Image,
        styles: Sequence[tuple[Image.Image, float]],
        params: StyleParams,
        on_progress: Callable[[Progress], None],
        should_stop: Callable[[], bool],
        regions: Sequence[Region] = (),
        earlier: Image.Image | None = None,
        checkpoint: bytes | None = None,
    ) -> Painting: ...


@runtime_checkable
class Measurable(Protocol):
    """An engine that can estimate what its paintings take on this machine. Those of tests and of other projects need not."""

    @property
    def machine(self) -> str:
        """What durations depend on."""
        ...

    def durations(self, should_stop: Callable[[], bool]) -> PresetSeconds | None:
        """Measures for a second or two. Returns None when it was stopped."""
        ...


FORMER_MODULES = {"nst.preview.child": "nst.preview.engine", "worker.child": "nst.model_process.child"}
"""Modules that have a new name, as settings of earlier versions name them."""


def load(role: Role, settings: Settings) -> Paint:
    """The engine that settings name, `module:factory`. Raises whatever its factory does."""
    module, _, factory = (settings.preview_engine if role is Role.PREVIEW else settings.engine).partition(":")
    paint: Paint = getattr(import_module(FORMER_MODULES.get(module, module)), factory)(settings)
    return paint
