"""nst.service: from bytes to a job in line, and what is refused."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from nst import images
from nst.domain import JobState, Outcome, StyleParams
from nst.errors import (
    InvalidParams,
    NotAllowed,
    NotAPicture,
    PictureTooSmall,
    QueueFull,
    StorageFull,
    TooManyJobs,
    TooManyUploads,
    UnknownJob,
    UnknownStyle,
    WrongState,
)
from nst.images import Limits
from nst.service import StyleChoice
from nst.service.service import READERS
from nst.settings import Settings
from tests.unit.service.conftest import Studio, picture_bytes

LIMITS = Limits.of(Settings())


def noise_bytes(width: int, height: int, format: str, quality: int) -> bytes:
    """What takes many bytes."""
    buffer = BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, format, quality=quality)
    return buffer.getvalue()


def test_a_photo_becomes_a_queued_job_with_its_picture_stored(studio: Studio) -> None:
    job = studio.submit(params=StyleParams(strength=0.9))
    assert job.state is JobState.QUEUED
    assert job.params.strength == 0.9
    assert job.input_key == f"private/input/{job.id}.jpg"
    assert job.size_bytes == len(studio.service.photo(job.id, "anna"))
    assert images.decode(studio.service.photo(job.id, "anna"), LIMITS).size == (96, 64)


def test_a_public_job_lies_among_the_public_pictures(studio: Studio) -> None:
    assert studio.submit(public=True).input_key.startswith("public/input/")


def test_only_pixels_are_stored(studio: Studio) -> None:
    photo = Image.new("RGB", (80, 60), "red")
    buffer = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "my address"
    photo.save(buffer, "JPEG", exif=exif, comment=b"my name")
    stored = studio.service.photo(studio.submit(photo=buffer.getvalue() + b"<script>").id, "anna")
    assert not any(word in stored for word in (b"address", b"name", b"script", b"Exif"))


def test_a_transparent_photo_is_stored_as_png(studio: Studio) -> None:
    photo = picture_bytes(mode="RGBA", colour=(0, 0, 0, 100))
    assert studio.submit(photo=photo).input_key.endswith(".png")


def test_a_larger_photo_than_any_preset_takes_is_stored_smaller(studio: Studio) -> None:
    job = studio.submit(photo=picture_bytes(4200, 300))
    assert images.decode(studio.service.photo(job.id, "anna"), LIMITS).size == (4096, 293)


def test_a_style_of_ones_own_is_stored_with_the_job_and_goes_with_it(studio: Studio) -> None:
    job = studio.submit(styles=[StyleChoice("tide-wash"), StyleChoice(picture_bytes(colour="red"), 2.0)])
    assert [(style.name, style.share) for style in job.styles] == [("tide-wash", 1.0), (f"style/{job.id}-1.jpg", 2.0)]
    assert f"style/{job.id}-1.jpg" in studio.stored()
    studio.service.delete(job.id, "anna")
    assert studio.stored() == set()


@pytest.mark.parametrize(
    ("order", "error"),
    [
        ({"photo": b"GIF89a"}, NotAPicture),
        ({"photo": b""}, NotAPicture),
        ({"photo": picture_bytes(8, 8)}, PictureTooSmall),
        ({"styles": [StyleChoice(b"nothing")]}, NotAPicture),
        ({"styles": [StyleChoice("../../etc/passwd")]}, UnknownStyle),
        ({"styles": []}, InvalidParams),
        ({"styles": [StyleChoice("tide-wash")] * 5}, InvalidParams),
        ({"styles": [StyleChoice("tide-wash", 0.0)]}, InvalidParams),
        ({"styles": [StyleChoice("tide-wash", float("nan"))]}, InvalidParams),
    ],
)
def test_what_cannot_be_painted_leaves_nothing_behind(studio: Studio, order: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        studio.submit(**order)
    assert studio.stored() == set()
    assert studio.service.mine("anna") == []


def test_a_style_that_there_is_not_is_told_before_the_photo_is_read(studio: Studio) -> None:
    with pytest.raises(UnknownStyle):
        studio.submit(photo=b"nothing", styles=[StyleChoice("no-such-style")])


def test_nobody_cannot_submit_for_then_it_would_be_the_job_of_all_who_are_nobody(studio: Studio) -> None:
    with pytest.raises(NotAllowed, match="Allow cookies"):
        studio.submit(owner="")
    assert studio.stored() == set()


def test_few_pictures_are_read_at_a_time_however_many_come(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, inside, most = threading.Lock(), 0, 0
    read: Callable[..., Image.Image] = images.decode

    def counted(data: bytes, limits: Limits) -> Image.Image:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(0.02)
        with lock:
            inside -= 1
        return read(data, limits)

    monkeypatch.setattr(images, "decode", counted)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: studio.submit(token=f"form-{number}"), range(8)))
    assert 1 <= most <= READERS


@pytest.mark.parametrize("broken", [1, 2])
def test_a_disk_that_is_full_after_all_is_told_in_a_sentence(studio: Studio, monkeypatch: pytest.MonkeyPatch, broken: int) -> None:
    put, puts = studio.backend.objects.put, 0

    def full(key: str, data: bytes) -> None:
        nonlocal puts
        puts += 1
        if puts == broken:
            raise OSError(28, "No space left on device", "/srv/secret/place")
        put(key, data)

    monkeypatch.setattr(studio.backend.objects, "put", full)
    with pytest.raises(StorageFull, match="no room") as caught:
        studio.submit(styles=[StyleChoice(picture_bytes(colour="red"))])
    assert "secret" not in str(caught.value)
    assert studio.stored() == set()


def test_a_double_click_is_one_job(studio: Studio) -> None:
    assert studio.submit(token="form-1").id == studio.submit(token="form-1").id
    assert len(studio.stored()) == 1
    assert studio.submit(token="form-2").id != studio.submit(owner="bert", token="form-1").id


@pytest.mark.parametrize(
    ("studio", "error"),
    [
        ({"uploads_per_minute": 2}, TooManyUploads),
        ({"jobs_per_visitor": 2}, TooManyJobs),
        ({"queue_length": 2}, QueueFull),
        ({"disk_bytes": 2000}, StorageFull),
    ],
    indirect=["studio"],
)
def test_beyond_a_limit_there_is_a_sentence_and_nothing_is_stored(studio: Studio, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"\. (Try|Wait|Delete)"):
        for number in range(9):
            studio.submit(token=f"form-{number}")
    assert len(studio.stored()) == len(studio.service.mine("anna"))


@pytest.mark.parametrize("studio", [{"disk_bytes": 2000}], indirect=True)
def test_when_the_disk_is_full_the_oldest_private_paintings_make_room(studio: Studio) -> None:
    kept = studio.painted(token="public", public=True)
    old = studio.painted(token="old", owner="bert")
    for number in range(4):
        studio.now += 1
        new = studio.painted(token=f"new-{number}")
    with pytest.raises(UnknownJob):
        studio.service.get(old.id, "bert")
    assert {job.id for job in studio.service.mine("anna")} >= {kept.id, new.id}
    assert studio.service.status().stored_bytes <= 2000


@pytest.mark.parametrize("studio", [{"disk_bytes": 5000}], indirect=True)
def test_a_picture_that_does_not_fit_even_so_costs_nobody_his_painting(studio: Studio) -> None:
    for number in range(3):
        studio.painted(token=f"public-{number}", public=True)
    private = studio.painted(token="private")
    with pytest.raises(StorageFull):
        studio.submit(owner="bert", photo=noise_bytes(400, 400, "JPEG", 95))
    assert studio.service.result(private.id, "anna") == b"painting"


def test_what_was_to_be_public_and_came_to_nothing_expires_too(studio: Studio) -> None:
    failed = studio.submit(token="1", public=True)
    studio.paint(Outcome.failed("It rained."))
    cancelled = studio.submit(token="2", public=True)
    studio.service.cancel(cancelled.id, "anna")
    studio.now += 8 * 86_400
    new = studio.submit(token="3", owner="bert")
    assert studio.service.mine("anna") == []
    assert studio.stored() == {new.input_key}
    assert failed.input_key not in studio.stored()


def test_private_paintings_expire_and_public_ones_do_not(studio: Studio) -> None:
    private, public = studio.painted(token="1"), studio.painted(token="2", public=True)
    studio.now += 8 * 86_400
    studio.submit(token="3", owner="bert")
    assert [job.id for job in studio.service.mine("anna")] == [public.id]
    assert private.input_key not in studio.stored()


@pytest.mark.parametrize(
    ("studio", "alpha", "suffix"),
    [({"max_bytes": 20_000}, False, ".jpg"), ({"max_bytes": 60_000}, True, ".webp")],
    indirect=["studio"],
)
def test_what_is_stored_is_no_larger_than_what_is_let_in(studio: Studio, alpha: bool, suffix: str) -> None:
    picture, most, buffer = Image.open(BytesIO(noise_bytes(150, 150, "WEBP", 10))), studio.changes["max_bytes"], BytesIO()
    if alpha:
        picture.putalpha(Image.linear_gradient("L").resize((150, 150)))
    picture.save(buffer, "WEBP", quality=10)
    assert len(images.encode(picture, images.Format.PNG if alpha else images.Format.JPEG, 95)) > most > len(buffer.getvalue())
    job = studio.submit(photo=buffer.getvalue(), styles=[StyleChoice(buffer.getvalue())])
    assert job.input_key.endswith(suffix)
    assert all(len(studio.backend.objects.get(key)) <= most for key in job.object_keys)
    assert studio.service.submit("anna", studio.service.order(job.id, "anna")).id != job.id


@pytest.mark.parametrize("studio", [{"max_bytes": 20_000}], indirect=True)
def test_what_is_stored_larger_than_it_came_can_be_tried_again(studio: Studio) -> None:
    job = studio.submit(photo=noise_bytes(200, 200, "WEBP", 10))
    assert job.size_bytes > 20_000
    studio.paint(Outcome.failed("It rained."))
    assert studio.service.retry(job.id, "anna").state is JobState.QUEUED


@pytest.mark.parametrize("end", ["failed", "cancelled"])
def test_what_went_wrong_can_be_tried_again_once(studio: Studio, end: str) -> None:
    job = studio.submit(styles=[StyleChoice(picture_bytes(colour="red")), StyleChoice("tide-wash", 3.0)])
    studio.paint(Outcome.failed("It rained.") if end == "failed" else Outcome.cancelled())
    again = studio.service.retry(job.id, "anna")
    assert again.id != job.id
    assert (again.state, again.params) == (JobState.QUEUED, job.params)
    assert [style.share for style in again.styles] == [1.0, 3.0]
    assert studio.service.retry(job.id, "anna").id == again.id
    with pytest.raises(WrongState):
        studio.service.retry(again.id, "anna")
