"""What programs send, checked before anything is done with it. Both front doors speak these words."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nst.domain import Cursor, StyleParams
from nst.errors import InvalidRequest, NotAPicture, PictureTooLarge
from nst.images import Limits
from nst.service import Order, StyleChoice
from nst.service.intake import MAX_STYLES

TRANSFER_STYLE: Final = "TRANSFER_STYLE"
LIST_STYLES: Final = "LIST_STYLES"
LIST_IMAGES: Final = "LIST_IMAGES"
WATCH_JOB: Final = "WATCH_JOB"
CANCEL_TRANSFER: Final = "CANCEL_TRANSFER"
COMPLETED: Final = "TRANSFER_STYLE_COMPLETED"
PROGRESS: Final = "TRANSFER_STYLE_PROGRESS"
FAILED: Final = "TRANSFER_STYLE_FAILED"

PARAMS = ("preset", "strength", "style_scale", "keep_colours", "smoothness", "seed")
"""What strangers may set; the rest is for those who run the engine themselves, for it can keep a worker busy for hours."""

MOST_PARTS = 2000
"""Brackets, braces and commas of a message: a submission has some dozens. Of `[[],[],…]`, three bytes take eighty once they are parsed."""

JobId = Annotated[str, Field(pattern=r"^[a-z0-9]{25,32}$", examples=["0f1e2d3c4b5a69788796a5b4c3d2e1f0"])]
_DATA_URL = re.compile(r"data:[\w.+*/;=-]{0,200};base64,", re.ASCII)
_SHOWN = "data:image/jpeg;base64,/9j/4AAQ…"


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class WebhookRequest(_Body):
    """Whom to tell of the end. The message is signed as https://www.standardwebhooks.com says."""

    url: str = Field(max_length=2000, pattern=r"^https?://[^\s#]+$", examples=["https://example.org/painted"])
    secret: str = Field(
        pattern=r"^whsec_[A-Za-z0-9+/]{32,100}={0,2}$",
        description="what the message is signed with: whsec_ and 24 random bytes or more of your own making, in base64",
    )


class StyleShare(_Body):
    style: str = Field(description="the name of a style, or a picture as a data URL")
    share: float = Field(default=1.0, ge=0, le=1000, description="relative to the sum of all shares")


class _Wanted(_Body):
    """What is to be done with a photo."""

    style: str | list[StyleShare] = Field(
        description="the name of a style, a picture as a data URL, or a list of either with shares", examples=["starlit-swirl"]
    )
    isPrivate: bool = Field(default=True, description="false shows the painting, and the photo beside it, in the public gallery")
    requestId: JobId | None = Field(default=None, description="an id of your own making, for sending the same again without harm")
    params: dict[str, Any] = Field(default_factory=dict, description=f"as in a recipe: {', '.join(PARAMS)}")
    webhook: WebhookRequest | None = None

    def order(self, photo: str | bytes, limits: Limits, job_id: str) -> Order:
        """
        Raises:
            InvalidRequest, InvalidParams, InvalidImage: when something in it cannot be meant.
        """
        styles = [_choice(share, limits) for share in self._shares()]
        return Order(picture(photo, limits), styles, f"gateway-{job_id}", _params(self.params), not self.isPrivate, job_id)

    def _shares(self) -> list[StyleShare]:
        if isinstance(self.style, str):
            return [StyleShare(style=self.style)]
        if not 1 <= len(self.style) <= MAX_STYLES:
            raise InvalidRequest(f"style: there may be from one to {MAX_STYLES}.")
        return self.style


class Submission(_Wanted):
    """A photo to be painted."""

    image: str = Field(description="a JPEG, PNG or WebP picture as a data URL", examples=[_SHOWN])


class SocketSubmission(_Wanted):
    """The same over a socket, which carries bytes as well."""

    image: str | bytes


class JobRequest(_Body):
    """Names a job."""

    requestId: JobId


class PageRequest(_Body):
    """A page of the gallery."""

    cursor: str | None = Field(default=None, max_length=100)
    limit: int = Field(default=24, ge=1, le=100)


Body = TypeVar("Body", bound=BaseModel)


def parse(model: type[Body], body: object) -> Body:
    """
    Raises:
        InvalidRequest: names the first thing that is not to the contract, and quotes nothing of it.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise off_contract(first) from None


def off_contract(first: Mapping[str, Any]) -> InvalidRequest:
    where = ".".join(str(part) for part in first["loc"] if not isinstance(part, str) or part.isidentifier()) or "body"
    what = "it must be an object" if first["type"] in ("model_type", "model_attributes_type") else first["msg"]
    return InvalidRequest(f"The message is not to the contract: {where[:100]}: {what}.")


def picture(source: str | bytes, limits: Limits) -> bytes:
    """A file's bytes. What the data URL says of their type is not looked at: `nst.images` looks at them.

    Raises:
        InvalidImage: when they are too many, or no data URL.
    """
    if len(source) > message_limit(limits.max_bytes):
        raise too_large(limits.max_bytes)
    if isinstance(source, bytes):
        return source
    start = _DATA_URL.match(source)
    if start is None:
        raise NotAPicture("The picture must be a data URL: data:image/jpeg;base64, and the file's bytes in base64.")
    try:
        return base64.b64decode(source[start.end() :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotAPicture("What follows base64, in the data URL is not base64. Encode the file's bytes anew.") from error


def message_limit(max_bytes: int) -> int:
    """Characters of a message that has a picture of so many bytes in it: base64 makes four of three."""
    return max_bytes * 4 // 3 + 100_000


def too_large(max_bytes: int) -> PictureTooLarge:
    return PictureTooLarge(f"The message is larger than a picture of {max_bytes / 1e6:g} MB makes it. Save the picture smaller.")


def is_tangled(message: str | bytes | bytearray) -> bool:
    """Whether it has more parts than any that is to the contract, and would take many times its size when it is parsed."""
    if isinstance(message, str):
        return sum(map(message.count, "[{,")) > MOST_PARTS
    return sum(map(message.count, (b"[", b"{", b","))) > MOST_PARTS


def too_tangled() -> InvalidRequest:
    return InvalidRequest("The message is not to the contract: it has too many parts.")


def cursor_of(text: str | None) -> Cursor | None:
    """
    Raises:
        InvalidRequest: when it is not what a page said.
    """
    if text is None:
        return None
    at, _, job_id = text.partition("_")
    if not re.fullmatch(r"\d{1,12}(\.\d{1,20})?", at, re.ASCII) or not re.fullmatch(r"[a-z0-9]{1,32}", job_id):
        raise InvalidRequest("cursor: this is none that a page of ours has given.")
    return Cursor(float(at), job_id)


def cursor_text(cursor: Cursor | None) -> str | None:
    return cursor and f"{cursor.at!r}_{cursor.job_id}"


def _choice(share: StyleShare, limits: Limits) -> StyleChoice:
    if share.style.startswith("data:"):
        return StyleChoice(picture(share.style, limits), share.share)
    return StyleChoice(share.style.removesuffix(".jpg")[:200], share.share)


def _params(values: Mapping[str, Any]) -> StyleParams:
    for name in values:
        if name not in PARAMS:
            raise InvalidRequest(f"params: there are {', '.join(PARAMS)}, and no other.")
    return StyleParams.from_dict(values)
