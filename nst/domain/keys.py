"""Job ids, and the keys of the object store, which existing clients and deployments depend on.

public/input/<id>.<ext>   private/input/<id>.<ext>      the photo
public/output/<id>.<ext>  private/output/<id>.<ext>     the painting, with the photo's extension: each key follows from the other
public/thumbnail/<id>-input.webp                        a small version of the photo; private/thumbnail/… where the photo is private
public/thumbnail/<id>-output.webp                       a small version of the painting; private/thumbnail/… where the painting is private
private/preview/<id>.jpg                                the unfinished painting
private/timelapse/<id>.mp4                              the film of how the painting emerged
private/earlier/<id>.<ext>                              the painting that is enlarged
private/checkpoint/<id>-<number>.safetensors            the state of an attempt after its last finished scale
private/mask/<id>-<number>.png                          the mask of a region, or of a part of a style: grey, white inside
private/style/<id>-<number>.jpg                         a style picture that a visitor uploaded
style/<name>.jpg                                        a style picture of the operator's; <id>-<number>: a visitor's, of earlier versions

Earlier front ends named photos by a UUID with dashes, or by shorter ids, and JPEGs `.jpeg`. The agent paints those, too; they belong to no
job record, so nothing here ever deletes them.
"""

import re
from typing import Literal

JOB_ID = r"[a-z0-9]{25,32}"
"""A regular expression: 32 hexadecimal digits of `new_id`, or what a program has chosen, with room for 128 random bits."""

_ID = re.compile(JOB_ID)
_ID_IN_LINK = re.compile(rf"(?<![A-Za-z0-9]){JOB_ID}(?![A-Za-z0-9])")
_NAME = r"(?:[a-z0-9]{20,32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
_KEY = re.compile(
    rf"(?:public|private)/(?:input|output)/{_NAME}\.(?:jpg|jpeg|png|webp)|private/preview/{_NAME}\.jpg"
    rf"|(?:public|private)/thumbnail/{JOB_ID}-(?:input|output)\.webp"
    rf"|private/timelapse/{JOB_ID}\.mp4|private/earlier/{JOB_ID}\.(?:jpg|png|webp)|private/checkpoint/{JOB_ID}-[0-9]\.safetensors"
    rf"|private/mask/{JOB_ID}-(?:[0-9]|1[0-5])\.png|private/style/{JOB_ID}-[0-9]{{1,2}}\.jpg|style/[a-z0-9][a-z0-9-]{{0,63}}\.jpg"
)
_KEY_OF_JOB = re.compile(
    rf"(?:public|private)/[a-z]+/({JOB_ID})(?:-input|-output)?\.[a-z0-9]+"
    rf"|(?:private/(?:mask|style|checkpoint)|style)/({JOB_ID})-\d+\.[a-z]+"
)
_PICTURE = re.compile(rf"(public|private)/(input|output)/({JOB_ID})\.[a-z]+")
_MEDIA_TYPES = {
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "safetensors": "application/octet-stream",
}
CHECKPOINTS = 10
"""Keys for the checkpoints of a job."""


def is_job_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def job_id_in_link(text: str) -> str | None:
    """The job id in a link to a painting, or in a text that is nothing else; the last one, since a host's name comes first."""
    found = _ID_IN_LINK.findall(text)
    return found[-1] if found else None


def object_key(job_id: str, kind: Literal["input", "output"], suffix: str, *, public: bool) -> str:
    """The key of a job's photo or painting; `suffix` is `.jpg` and the like."""
    return f"{'public' if public else 'private'}/{kind}/{job_id}{suffix}"


def preview_key(job_id: str) -> str:
    return f"private/preview/{job_id}.jpg"


def timelapse_key(job_id: str) -> str:
    return f"private/timelapse/{job_id}.mp4"


def earlier_key(job_id: str, suffix: str) -> str:
    """The key of the smaller painting that a job enlarges."""
    return f"private/earlier/{job_id}{suffix}"


def checkpoint_key(job_id: str, attempt: int) -> str:
    """The key of an attempt's checkpoint. Only the attempt `CHECKPOINTS` later has the same key, so a worker that lost its lease does not
    overwrite its successor's."""
    return f"private/checkpoint/{job_id}-{attempt % CHECKPOINTS}.safetensors"


def unfinished_keys(job_id: str) -> tuple[str, ...]:
    """The keys of what is kept of a painting only until it is finished: its preview and its checkpoints."""
    return (preview_key(job_id), *(checkpoint_key(job_id, number) for number in range(CHECKPOINTS)))


def thumbnail_keys(*keys: str) -> tuple[str, ...]:
    """The keys of the thumbnails of photos and paintings: as public as the picture itself. Those of earlier front ends have none."""
    found = filter(None, map(_PICTURE.fullmatch, keys))
    return tuple(f"{match[1]}/thumbnail/{match[3]}-{match[2]}.webp" for match in found)


def is_thumbnail(key: str) -> bool:
    return "/thumbnail/" in key


def style_key(job_id: str, number: int) -> str:
    """The key of a style picture that a visitor uploaded for a job."""
    return f"private/style/{job_id}-{number}.jpg"


def former_style_key(job_id: str, number: int) -> str:
    """The same as earlier versions had it, beside the styles of the operator."""
    return f"style/{job_id}-{number}.jpg"


def mask_key(job_id: str, number: int) -> str:
    """The key of a mask of a job: of its regions, with numbers from 0; of parts of their styles, with numbers from `MAX_REGIONS`."""
    return f"private/mask/{job_id}-{number}.png"


def output_key_of(input_key: str) -> str:
    """The key of the painting that is made from a photo."""
    return input_key.replace("/input/", "/output/", 1)


def input_key_of(output_key: str) -> str:
    """The key of the photo that a painting was made from."""
    return output_key.replace("/output/", "/input/", 1)


def with_visibility(key: str, *, public: bool) -> str:
    """The key of the same picture below `public/` or `private/`."""
    return f"{'public' if public else 'private'}/{key.partition('/')[2]}"


def is_public(key: str) -> bool:
    return key.startswith("public/")


def locations_of(key: str) -> frozenset[str]:
    """All keys that a job's photo, its painting and their thumbnails may have, given that of the photo or the painting."""
    both = (input_key_of(key), output_key_of(key))
    return frozenset(with_visibility(each, public=public) for each in (*both, *thumbnail_keys(*both)) for public in (True, False))


def job_id_of(key: str) -> str | None:
    """The id of the job that a picture belongs to; None for a bundled style picture, and for another front end's photo."""
    found = _KEY_OF_JOB.fullmatch(key)
    return None if found is None else found[1] or found[2]


def is_key(key: str) -> bool:
    """Whether a key has one of the forms above. No other is read or written."""
    return _KEY.fullmatch(key) is not None


def media_type(key: str) -> str:
    """The media type that belongs to the key's extension, which the encoder chose: nothing is served as anything but a picture."""
    return _MEDIA_TYPES[key.rpartition(".")[2]]
