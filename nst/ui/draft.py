"""What a visitor is preparing: it outlives reruns and visits to other pages, and ends with his browser tab."""

from dataclasses import dataclass, field, fields
from typing import Any

import streamlit as st
from PIL import Image

from nst import images, samples
from nst.domain import Job, StyleParams, new_id
from nst.errors import PasticheError
from nst.images import Format, Limits
from nst.service import Order, StyleChoice
from nst.settings import Settings
from nst.ui import pictures

OWN = "*"  # stands for the style picture that the visitor has brought; ids have letters, digits and hyphens only
OFFERED = tuple(entry.name for entry in fields(StyleParams) if entry.name not in ("mode", "encoder", "layer_weights"))
_PREVIEW_SIDE = 900


@dataclass(frozen=True)
class Picture:
    """A picture of the visitor's: the file as it came, and what is shown of it.

    Attributes:
        ratio: width over height.
    """

    data: bytes
    preview: str
    alt: str
    ratio: float


@dataclass
class Draft:
    """
    Attributes:
        chosen: one style or two: ids, or OWN.
        second_share: of the second style, in percent.
        note: what the visitor should know of it.
        values: of parameters, by name; those that are missing have their defaults.
        token: makes a form that is sent twice one job.
    """

    photo: Picture | None = None
    photo_error: str | None = None
    own_style: Picture | None = None
    own_style_error: str | None = None
    chosen: list[str] = field(default_factory=list)
    mixing: bool = False
    second_share: int = 50
    values: dict[str, Any] = field(default_factory=dict)
    public: bool = False
    note: str | None = None
    token: str = field(default_factory=new_id)

    def choose(self, style: str) -> None:
        """One style replaces another; of two that are mixed, a third one replaces the second, and one that is chosen again goes."""
        self.own_style_error = None
        if style in self.chosen:
            self.chosen = [name for name in self.chosen if name != style] or [style]
        else:
            self.chosen = [*self.chosen[:1], style] if self.mixing else [style]

    def mix(self, mixing: bool) -> None:
        self.mixing = mixing
        if not mixing:
            self.chosen = self.chosen[:1]

    def params(self) -> StyleParams:
        return StyleParams.from_dict(self.values)

    def shares(self) -> tuple[tuple[str, float], ...]:
        """The chosen styles with their shares, which count relative to their sum."""
        shares = (100 - self.second_share, self.second_share) if len(self.chosen) == 2 else (1.0,)
        return tuple(zip(self.chosen, shares, strict=True))

    def order(self) -> Order:
        """Needs a photo."""
        assert self.photo is not None  # noqa: S101 -- the form asks for it first
        choices = [StyleChoice(self._source(style), share) for style, share in self.shares()]
        return Order(self.photo.data, choices, self.token, self.params(), self.public)

    def _source(self, style: str) -> str | bytes:
        return self.own_style.data if style == OWN and self.own_style else style


def key_of(parameter: str) -> str:
    """The key of a parameter's widget."""
    return parameter if parameter in ("preset", "strength") else f"param_{parameter}"


def current() -> Draft:
    draft: Draft = st.session_state.setdefault("draft", Draft())
    return draft


def take_photo(data: bytes | None, alt: str = "Your photo") -> None:
    """Takes a photo into the draft, or notes why not; None takes it away."""
    draft = current()
    draft.photo, draft.photo_error = _read(data, alt)


def take_sample(name: str) -> None:
    title = next(sample.title for sample in samples.SAMPLES if sample.name == name)
    take_photo(images.encode(samples.load(name), Format.PNG), title)


def take_style(data: bytes | None) -> None:
    """Takes a style of the visitor's own and chooses it; None takes it away."""
    draft = current()
    draft.own_style, draft.own_style_error = _read(data, "Your style picture")
    if draft.own_style and OWN not in draft.chosen:
        draft.choose(OWN)
    elif not draft.own_style and OWN in draft.chosen:
        draft.chosen = [style for style in draft.chosen if style != OWN]


def begin_like(job: Job, offered: set[str]) -> None:
    """A new draft in the style of somebody's painting; the photo, if one is there, stays."""
    styles = [style for style in job.styles if style.name in offered][:2]
    _begin(job.params, [style.name for style in styles], [style.share for style in styles])


def begin_again(order: Order) -> None:
    """A new draft that would make the same painting."""
    take_photo(order.photo, "The photo of your painting")
    chosen = []
    for choice in order.styles[:2]:
        if isinstance(choice.source, bytes):
            take_style(choice.source)
        chosen.append(choice.source if isinstance(choice.source, str) else OWN)
    _begin(order.params, chosen, [choice.share for choice in order.styles[:2]])
    current().public = order.public


def _begin(params: StyleParams, chosen: list[str], shares: list[float]) -> None:
    draft, plain = current(), StyleParams()
    draft.chosen, draft.mixing = list(dict.fromkeys(chosen)), len(chosen) == 2
    draft.second_share = round(100 * shares[1] / sum(shares)) if len(chosen) == 2 else 50
    draft.values = {name: getattr(params, name) for name in OFFERED if getattr(params, name) != getattr(plain, name)}
    draft.token, draft.note = new_id(), None
    forget_widgets()


def forget_widgets() -> None:
    """Widgets take their values from the draft anew."""
    for key in (*map(key_of, OFFERED), "public", "mix", "share"):
        st.session_state.pop(key, None)


def _read(data: bytes | None, alt: str) -> tuple[Picture | None, str | None]:
    if data is None:
        return None, None
    try:
        picture = images.decode(data, Limits.of(Settings()))
    except PasticheError as error:
        return None, str(error)
    return Picture(data, _preview(picture), alt, picture.width / picture.height), None


def _preview(picture: Image.Image) -> str:
    return pictures.in_page(pictures.reduced(picture, _PREVIEW_SIDE), Format.WEBP)
