"""Pictures by object key: the gallery's, the styles' and, with a signature, private paintings."""

from functools import lru_cache
from typing import NamedTuple

from nst import images
from nst.domain import JobState, is_key, media_type
from nst.domain.keys import with_visibility
from nst.errors import ObjectMissing, StyleChanged, UnknownStyle
from nst.images import Format
from nst.service import PictureKind, Service

_STYLE_QUALITY = 90
_STYLES_IN_MEMORY = 64


class Picture(NamedTuple):
    """A picture's file. `is_public`: everybody may see it."""

    data: bytes
    media_type: str
    is_public: bool


class Elsewhere(NamedTuple):
    """Where a browser gets a picture without going through the gateway."""

    url: str
    is_public: bool


class Media:
    def __init__(self, service: Service) -> None:
        self._service = service
        self._style_file = lru_cache(maxsize=_STYLES_IN_MEMORY)(self._encoded_style)

    def picture(self, key: str, until: int | None, signature: str | None, *, may_redirect: bool = False) -> Picture | Elsewhere:
        """
        Args:
            until, signature: of a signed URL; seconds since the epoch.
            may_redirect: whether the answer may be where a public picture is.

        Raises:
            PasticheError: when there is no such picture, or it is private and the signature is not valid.
        """
        if not is_key(key):
            raise _missing()
        if key.startswith("style/"):
            return Picture(self._style(key.removeprefix("style/").removesuffix(".jpg")), Format.JPEG.media_type, True)
        job_id = key.rpartition("/")[2].partition(".")[0]
        if signature is not None and until is not None:
            data = self._service.signed_result(job_id, until, signature)
            if "/output/" not in key:
                raise _missing()
            return Picture(data, media_type(key), False)
        job = self._service.get(job_id, "")
        if not job.shows_photo and key == with_visibility(job.input_key, public=True):  # clients derive this URL from the painting's
            key = job.output_key or key
        if job.state is not JobState.SUCCEEDED or key not in (job.output_key, job.input_key):
            raise _missing()
        kind: PictureKind = "result" if key == job.output_key else "photo"
        if may_redirect and (link := self._service.link(job, kind)):
            return Elsewhere(link, True)
        data = self._service.result(job_id, "") if kind == "result" else self._service.photo(job_id, "")
        return Picture(data, media_type(key), True)

    def _style(self, name: str) -> bytes:
        try:
            return self._style_file(name, self._service.style(name).digest)
        except (UnknownStyle, StyleChanged):
            raise _missing() from None

    def _encoded_style(self, name: str, digest: str) -> bytes:
        """Cached by digest too, so that a replaced picture is encoded again."""
        return images.encode(self._service.style_picture(name, digest), Format.JPEG, _STYLE_QUALITY)


def _missing() -> ObjectMissing:
    return ObjectMissing("There is no such picture, or it is private. Signed links expire after five minutes.")
