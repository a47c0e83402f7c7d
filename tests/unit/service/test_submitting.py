"""nst.service: from bytes to a job in line, and what is refused."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from nst import images
from nst.domain import JobState, Outcome, Preset, SharedLane, StyleParams, output_key_of
from nst.errors import (
    InvalidParams,
    NotAllowed,
    NotAPicture,
    PictureTooSmall,
    QueueFull,
    StorageFull,
    StoreFull,
    TooManyJobs,
    TooManyUploads,
    UnknownStyle,
    WrongState,
)
from nst.images import STORED_LIMITS, Limits
from nst.service import LargerOrder, Order, StyleChoice
from nst.settings import Settings
from tests.support.pictures import noise_bytes, picture_bytes
from tests.support.studio import DAY, Studio

LIMITS = Limits.of(Settings())


def test_a_photo_becomes_a_queued_job_with_its_picture_stored(studio: Studio) -> None:
    job = studio.submit(params=StyleParams(strength=0.9))
    assert job.state is JobState.QUEUED
    assert job.params.strength == 0.9
    assert job.input_key == f"private/input/{job.id}.jpg"
    assert job.size_bytes == len(studio.service.photo(job.id, "anna"))
    assert images.decode(studio.service.photo(job.id, "anna"), LIMITS).size == (96, 64)


def test_a_public_job_is_stored_with_the_public_pictures(studio: Studio) -> None:
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


@pytest.mark.parametrize("size", [(96, 64), (4196, 400)])
def test_the_size_of_the_photo_as_stored_is_noted(studio: Studio, size: tuple[int, int]) -> None:
    job = studio.submit(photo=picture_bytes(*size))
    assert (job.width, job.height) == images.decode(studio.backend.objects.get(job.input_key), STORED_LIMITS).size


def test_a_style_of_ones_own_is_stored_with_the_job_and_goes_with_it(studio: Studio) -> None:
    job = studio.submit(styles=[StyleChoice("tide-wash"), StyleChoice(picture_bytes(colour="red"), 2.0)])
    assert [(style.name, style.share) for style in job.styles] == [("tide-wash", 1.0), (f"private/style/{job.id}-1.jpg", 2.0)]
    assert f"private/style/{job.id}-1.jpg" in studio.stored()
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
        ({"styles": [StyleChoice("tide-wash", 1001.0)]}, InvalidParams),
    ],
)
def test_a_refused_order_stores_nothing(studio: Studio, order: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        studio.submit(**order)
    assert studio.stored() == set()
    assert studio.service.mine("anna") == []


def test_an_unknown_style_is_reported_before_the_photo_is_read(studio: Studio) -> None:
    with pytest.raises(UnknownStyle):
        studio.submit(photo=b"nothing", styles=[StyleChoice("no-such-style")])


def test_an_empty_owner_cannot_submit_since_all_such_visitors_would_share_the_job(studio: Studio) -> None:
    with pytest.raises(NotAllowed, match="Allow cookies"):
        studio.submit(owner="")
    assert studio.stored() == set()


@pytest.mark.parametrize("broken", [1, 2])
def test_a_disk_that_is_full_after_all_is_reported_in_a_sentence(studio: Studio, monkeypatch: pytest.MonkeyPatch, broken: int) -> None:
    put, puts = studio.backend.objects.put, 0

    def full(key: str, data: bytes) -> None:
        nonlocal puts
        puts += 1
        if puts == broken:
            raise StoreFull("full", "/srv/secret/place: No space left on device")
        put(key, data)

    monkeypatch.setattr(studio.backend.objects, "put", full)
    with pytest.raises(StorageFull, match="no space") as caught:
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


@pytest.mark.parametrize("studio", [{"disk_bytes": 3000}], indirect=True)
def test_when_the_disk_is_full_a_new_job_replaces_pictures_of_its_owner_first(studio: Studio) -> None:
    kept, old = studio.painted(token="public", public=True), studio.painted(token="old", owner="bert")
    studio.now += 2 * DAY
    for number in range(4):
        studio.now += 1
        new = studio.painted(token=f"new-{number}")
    assert studio.service.result(old.id, "bert") == b"painting"
    assert [job.id for job in studio.service.mine("anna")] == [new.id, kept.id]
    assert studio.service.status().stored_bytes <= 3000


@pytest.mark.parametrize("studio", [{"disk_bytes": 4000}], indirect=True)
def test_no_painting_younger_than_a_day_makes_room_for_a_stranger(studio: Studio) -> None:
    jobs = []
    with pytest.raises(StorageFull):
        for number in range(99):
            jobs.append(studio.painted(owner=f"visitor-{number}"))
    studio.now += DAY
    with pytest.raises(StorageFull):
        studio.submit(owner="newcomer")
    assert all(studio.service.result(job.id, job.owner) == b"painting" for job in jobs)
    studio.now += 1
    studio.submit(owner="newcomer")


@pytest.mark.parametrize("studio", [{"disk_bytes": 4000}], indirect=True)
def test_submitting_and_cancelling_takes_nobodys_painting_and_nobodys_room(studio: Studio) -> None:
    painting = studio.painted(owner="victim")
    studio.now += 2 * DAY
    for number in range(20):
        job = studio.submit(owner=f"attacker-{number}")
        studio.service.cancel(job.id, job.owner)
    assert studio.service.result(painting.id, "victim") == b"painting"


@pytest.mark.parametrize("studio", [{"disk_bytes": 7000}], indirect=True)
def test_room_is_made_from_what_came_to_nothing_and_then_from_who_holds_most(studio: Studio) -> None:
    one = studio.painted(owner="one")
    studio.submit(owner="two")
    studio.paint(Outcome.failed("It rained."))
    many = []
    for number in range(2):
        studio.now += 1
        many.append(studio.painted(owner="three", token=str(number)))
    studio.now += DAY + 1

    def left() -> set[str]:
        return {job.id for owner in ("one", "two", "three") for job in studio.service.mine(owner)}

    seen = [left()]
    for number in range(99):
        studio.submit(owner=f"newcomer-{number}")
        if left() != seen[-1]:
            seen.append(left())
        if len(seen) == 3:
            break
    assert seen[1:] == [{one.id, *(job.id for job in many)}, {one.id, many[1].id}]


@pytest.mark.parametrize("studio", [{"visitors_per_address": 2, "jobs_per_visitor": 2, "uploads_per_minute": 3}], indirect=True)
def test_an_address_has_the_limits_of_some_visitors_however_many_it_seems_to_be(studio: Studio) -> None:
    order = Order(picture_bytes(), [StyleChoice("starlit-swirl")], "form")
    jobs = [studio.service.submit(f"cookie-{number}", order, network="192.0.2.1") for number in range(4)]
    with pytest.raises(TooManyJobs):
        studio.service.submit("cookie-4", order, network="192.0.2.1")
    assert studio.service.submit("cookie-0", order, network="192.0.2.1").id == jobs[0].id
    for job in jobs:
        studio.service.cancel(job.id, job.owner)
    studio.service.retry(jobs[0].id, "cookie-0", network="192.0.2.1")
    studio.service.submit("cookie-5", order, network="192.0.2.1")
    with pytest.raises(TooManyUploads):
        studio.service.submit("cookie-6", order, network="192.0.2.1")
    with pytest.raises(TooManyUploads):
        studio.service.submit("cookie-6", replace(order, photo=b"not decoded"), network="192.0.2.1")
    studio.service.submit("cookie-6", order, network="192.0.2.2")


@pytest.mark.parametrize("studio", [{"disk_bytes": 5000}], indirect=True)
def test_a_picture_that_would_not_fit_anyway_deletes_no_painting(studio: Studio) -> None:
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


def test_an_upload_waits_for_few_deletions_and_expiry_makes_progress_all_the_same(studio: Studio) -> None:
    for number in range(6):
        studio.painted(token=str(number))
    studio.now += 8 * 86_400
    for number, left in enumerate((4, 2, 0)):
        studio.submit(token=f"new-{number}", owner="bert")
        assert len(studio.service.mine("anna")) == left


@pytest.mark.parametrize(
    ("studio", "alpha", "suffix"),
    [({"max_bytes": 20_000}, False, ".jpg"), ({"max_bytes": 60_000}, True, ".webp")],
    indirect=["studio"],
)
def test_a_stored_picture_is_no_larger_than_the_limit_for_uploads(studio: Studio, alpha: bool, suffix: str) -> None:
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


@pytest.mark.parametrize("studio", [{"batch_lanes": (SharedLane.FOLDER,)}], indirect=True)
def test_a_photo_of_a_folder_that_is_tried_again_waits_in_the_same_lane_and_a_larger_version_does_not(studio: Studio) -> None:
    job = studio.submit(in_folder=True)
    studio.paint(Outcome.failed("It rained."))
    again = studio.service.retry(job.id, "anna")
    assert [job.lane, again.lane] == [SharedLane.FOLDER] * 2
    painting = picture_bytes(64, 43)
    studio.backend.objects.put(output_key_of(again.input_key), painting)
    studio.paint(Outcome.succeeded(output_key_of(again.input_key), len(painting), {"size": [64, 43]}))
    assert studio.service.larger(again.id, "anna", LargerOrder(1024)).lane is Preset.HIGH


def test_without_workers_for_them_photos_of_a_folder_wait_among_those_of_their_preset(studio: Studio) -> None:
    assert studio.submit(in_folder=True).lane is Preset.STANDARD


@pytest.mark.parametrize("studio", [{"disk_bytes": 3000}], indirect=True)
def test_an_operator_is_warned_before_and_when_published_paintings_take_all_the_room(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    assert not studio.service.status().is_nearly_full
    with pytest.raises(StorageFull):
        for number in range(99):
            studio.painted(token=f"form-{number}", public=True)
            studio.now += 700.0
    warnings = [entry.getMessage() for entry in caplog.records if "NST_DISK_BYTES" in entry.getMessage()]
    assert "expire early" in warnings[0]
    assert "uploads are refused" in warnings[-1]
    assert studio.service.status().is_nearly_full
    for number in range(9):
        with pytest.raises(StorageFull):
            studio.submit(token=f"later-{number}")
    assert len([entry for entry in caplog.records if "NST_DISK_BYTES" in entry.getMessage()]) == len(warnings)


@pytest.mark.parametrize("studio", [{"jobs_per_visitor": 2}], indirect=True)
def test_visitors_without_a_cookie_share_the_limits_of_one(studio: Studio) -> None:
    """Each of their connections is a new owner."""
    order = Order(picture_bytes(), [StyleChoice("starlit-swirl")], "form")
    for number in range(2):
        studio.service.submit(f"connection-{number}", order, network="192.0.2.1", has_cookie=False)
    with pytest.raises(TooManyJobs):
        studio.service.submit("connection-2", order, network="192.0.2.1", has_cookie=False)
    studio.service.submit("connection-2", order, network="192.0.2.2", has_cookie=False)
    studio.service.submit("cookie", order, network="192.0.2.1")
