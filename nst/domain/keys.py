"""Where pictures lie: the keys of the object store, which existing clients and deployments speak, too.

public/input/<id>.<ext>   private/input/<id>.<ext>      the photo
public/output/<id>.<ext>  private/output/<id>.<ext>     the painting, with the photo's ending: each is found from the other
private/preview/<id>.jpg                                the painting while it is made
style/<name>.jpg                                        a style picture that a visitor brought
"""

import re
from typing import Literal

_ID = r"[a-z0-9]{20,32}"
_JOB_ID = re.compile(_ID)
_KEY = re.compile(
    rf"(?:(?:public|private)/(?:input|output)/{_ID}\.(?:jpg|png|webp)|private/preview/{_ID}\.jpg|style/[a-z0-9][a-z0-9-]{{0,63}}\.jpg)"
)
_JOB = re.compile(rf"(?:public|private)/[a-z]+/({_ID})\.[a-z]+|style/([0-9a-f]{{32}})-\d+\.jpg")
_MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


def is_job_id(text: str) -> bool:
    """Whether a program may bring this as a job's id: what `new_id` makes, and anything like it with room for 128 random bits."""
    return re.fullmatch(r"[a-z0-9]{25,32}", text) is not None


def object_key(job_id: str, kind: Literal["input", "output"], suffix: str, *, public: bool) -> str:
    """The key of a job's photo or painting; `suffix` is `.jpg` and the like."""
    return f"{'public' if public else 'private'}/{kind}/{job_id}{suffix}"


def preview_key(job_id: str) -> str:
    return f"private/preview/{job_id}.jpg"


def style_key(job_id: str, number: int) -> str:
    """The key of the style picture that a visitor brought for a job."""
    return f"style/{job_id}-{number}.jpg"


def result_key(input_key: str) -> str:
    """Where the painting of a photo goes."""
    return input_key.replace("/input/", "/output/", 1)


def before_of(output_key: str) -> str:
    """The photo that a painting was made from."""
    return output_key.replace("/output/", "/input/", 1)


def with_visibility(key: str, *, public: bool) -> str:
    """The same picture's key among the public or the private ones."""
    return f"{'public' if public else 'private'}/{key.partition('/')[2]}"


def places_of(key: str) -> frozenset[str]:
    """Where a photo and its painting may lie, published or not, whichever of the four this key is."""
    both = (before_of(key), result_key(key))
    return frozenset(with_visibility(each, public=public) for each in both for public in (True, False))


def job_of(key: str) -> str | None:
    """The id of the job that a picture belongs to; None for a style picture that is on offer to all."""
    found = _JOB.fullmatch(key)
    return None if found is None else found[1] or found[2]


def is_id(job_id: str) -> bool:
    """Whether a job may be called so. Nothing else is looked for, whoever asks."""
    return _JOB_ID.fullmatch(job_id) is not None


def is_key(key: str) -> bool:
    """Whether this is a key that we would make. No other is read or written, whoever asks."""
    return _KEY.fullmatch(key) is not None


def media_type(key: str) -> str:
    """By the key's ending, which the encoder chose: nothing is ever served as anything but a picture."""
    return _MEDIA_TYPES[key.rpartition(".")[2]]
