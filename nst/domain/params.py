"""Parameters of a painting, with their defaults, ranges and help texts."""

from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, get_args, get_type_hints

from nst.errors import InvalidParams


class Preset(StrEnum):
    DRAFT = "draft"
    STANDARD = "standard"
    HIGH = "high"
    ULTRA = "ultra"


# Long side of a painting in pixels; for ultra, the greatest one, if memory allows.
PRESET_SIZES = {Preset.DRAFT: 256, Preset.STANDARD: 512, Preset.HIGH: 1024, Preset.ULTRA: 4096}


class Mode(StrEnum):
    OPTIMISED = "optimised"
    # A few optimised steps at a small size, then one pass of a small network at the full size.
    QUICK = "quick"
    # One pass of a small network. It uses size, strength, style scale, colours and seed, and ignores the other parameters.
    INSTANT = "instant"


class Precision(StrEnum):
    """Precision of the networks. Pixels, statistics and the optimiser are always in single precision."""

    # bfloat16 on CPUs with instructions for it, single precision elsewhere.
    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


class KeepColours(StrEnum):
    OFF = "off"
    # The painting's luminance with the photo's chroma.
    LUMINANCE = "luminance"
    # The style picture gets the photo's colours before the transfer (Gatys et al. 2016, "Preserving Color").
    RECOLOUR = "recolour"


class Loss(StrEnum):
    GRAM = "gram"
    WASSERSTEIN = "wasserstein"


class Init(StrEnum):
    PHOTO = "photo"
    NOISE = "noise"
    # Noise with the mean and covariance of the style's colours.
    STYLE = "style"


class Optimiser(StrEnum):
    LBFGS = "lbfgs"
    ADAM = "adam"


def _between(default: Any, low: float, high: float, text: str) -> Any:
    return field(default=default, metadata={"min": low, "max": high, "help": text})


def _described(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class StyleParams:
    """Parameters of a painting. Front ends read defaults from here, ranges with `range_of` and help texts with `help_of`.

    Raises:
        InvalidParams: when a value is outside its range.
    """

    mode: Mode = _described(
        Mode.OPTIMISED,
        "optimised; quick: optimised at a small size, then enlarged by a network; or instant: one pass of that network",
    )
    preset: Preset = _described(Preset.STANDARD, "size and effort: draft 256, standard 512, high 1024 pixels, ultra as memory allows")
    strength: float = _between(0.5, 0.0, 1.0, "from the photo (0) to the style (1)")
    style_scale: float = _between(1.0, 0.25, 2.0, "size of the style's strokes and shapes; 1 is the style picture at the painting's size")
    keep_colours: KeepColours = _described(KeepColours.OFF, "keep the photo's colours: off, luminance or recolour")
    smoothness: float = _between(0.4, 0.0, 1.0, "how strongly speckle is suppressed")
    loss: Loss = _described(Loss.WASSERSTEIN, "measure of style: wasserstein (mean and covariance of features) or gram (Gram matrices)")
    init: Init = _described(Init.PHOTO, "what the painting starts from: photo, noise or style")
    seed: int = _between(
        0,
        0,
        2**63 - 1,
        "of the noise for flat regions and for other starts than the photo; the same seed gives the same painting",
    )
    encoder: str = _described("compact", "network that extracts features: compact (embedded) or vgg19 (downloaded once)")
    size: int | None = _between(None, 32, 8192, "long side in pixels, instead of the preset's")
    iterations: int | None = _between(None, 1, 5000, "optimisation steps at each scale, instead of the preset's")
    scales: int | None = _between(None, 1, 12, "number of scales, instead of as many as fit the size")
    layer_weights: tuple[tuple[str, float], ...] | None = _described(None, "style layers with their weights, e.g. relu1_1=1")
    optimiser: Optimiser = _described(Optimiser.LBFGS, "lbfgs or adam")

    def __post_init__(self) -> None:
        for entry in fields(self):
            _check_range(entry, getattr(self, entry.name))
        for layer, weight in self.layer_weights or ():
            if not 0 <= weight <= 1000:
                raise InvalidParams(f"The weight of layer {layer} must be from 0 to 1000; it is {weight:g}.")
        if self.layer_weights is not None and not any(weight > 0 for _, weight in self.layer_weights):
            raise InvalidParams("At least one style layer needs a weight above zero.")

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "StyleParams":
        """Convert plain values as of `to_dict`, strictly.

        Raises:
            InvalidParams: on an unknown name, an unknown choice or a value out of range.
        """
        known = {entry.name for entry in fields(cls)}
        for name in values:
            if name not in known:
                raise InvalidParams(f"There is no parameter called {name!r}.")
        return cls(**{name: _cast(name, value) for name, value in values.items()})


_TYPES = get_type_hints(StyleParams)
_CHOICES: dict[str, type[StrEnum]] = {name: kind for name, kind in _TYPES.items() if isinstance(kind, type) and issubclass(kind, StrEnum)}


def _cast(name: str, value: Any) -> Any:
    if name in _CHOICES:
        choices = _CHOICES[name]
        if value not in list(choices):
            raise InvalidParams(f"{_spoken(name)} must be one of {', '.join(choices)}; it is {value!r}.")
        return choices(value)
    if name == "layer_weights" and value is not None:
        try:
            return tuple((str(layer), float(weight)) for layer, weight in value)
        except (TypeError, ValueError) as error:
            raise InvalidParams("Layer weights must be pairs of a layer's name and a number.") from error
    return value


def _check_range(entry: "Field[Any]", value: Any) -> None:
    low, high = entry.metadata.get("min"), entry.metadata.get("max")
    if low is None or (value is None and entry.default is None):
        return
    whole = int in (_TYPES[entry.name], *get_args(_TYPES[entry.name]))
    numeric = isinstance(value, int) if whole else isinstance(value, int | float)
    if isinstance(value, bool) or not numeric or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise InvalidParams(f"{_spoken(entry.name)} must be {kind} from {low:g} to {high:g}; it is {value!r}.")


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _field(name: str) -> "Field[Any]":
    return next(entry for entry in fields(StyleParams) if entry.name == name)


def range_of(name: str) -> tuple[float, float]:
    """The least and the greatest value of a numeric parameter."""
    metadata = _field(name).metadata
    return metadata["min"], metadata["max"]


def help_of(name: str) -> str:
    """The help text of a parameter, one line."""
    text: str = _field(name).metadata["help"]
    return text
