"""What a model's process needs of an engine, and how it is loaded."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

from PIL import Image

from nst.domain import Progress, StyleParams
from nst.model_process.messages import Role
from nst.settings import Settings


class Painting(Protocol):
    """What an engine returns; `nst.engine.Result` is one. The recipe is JSON."""

    @property
    def picture(self) -> Image.Image: ...
    @property
    def recipe(self) -> Mapping[str, Any]: ...
    @property
    def stopped(self) -> bool: ...


class Paint(Protocol):
    """An engine. It calls `should_stop` after every step, at least once a second; when that is true, it returns what it has so far."""

    def __call__(
        self,
        photo: Image.Image,
        styles: Sequence[tuple[Image.Image, float]],
        params: StyleParams,
        on_progress: Callable[[Progress], None],
        should_stop: Callable[[], bool],
    ) -> Painting: ...


def load(role: Role, settings: Settings) -> Paint:
    """The engine that settings name, `module:factory`. Raises whatever its factory does."""
    module, _, factory = (settings.preview_engine if role is Role.PREVIEW else settings.engine).partition(":")
    paint: Paint = getattr(import_module(module), factory)(settings)
    return paint
