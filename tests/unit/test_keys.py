"""nst.domain.keys: which keys there are, and that there are no others."""

import pytest

from nst.domain import is_key, media_type
from nst.domain.keys import is_job_id, job_id_in_link, job_id_of, locations_of, thumbnail_keys

JOB = "0123456789abcdef0123456789abcdef"
UUID = "550e8400-e29b-41d4-a716-446655440000"
THEIRS = [
    f"public/input/{UUID}.jpeg",
    f"private/output/{UUID}.jpeg",
    f"private/input/{UUID.upper()}.png",
    f"public/input/{UUID}.webp",
    f"public/input/{UUID}.jpg",
    f"private/preview/{UUID}.jpg",
]
GOOD = [
    f"public/input/{JOB}.jpg",
    f"public/output/{JOB}.png",
    f"private/input/{JOB}.webp",
    f"private/output/{JOB[:20]}.jpg",
    f"private/preview/{JOB}.jpg",
    f"private/timelapse/{JOB}.mp4",
    f"public/thumbnail/{JOB}-output.webp",
    f"private/thumbnail/{JOB}-input.webp",
    f"private/mask/{JOB}-0.png",
    f"private/mask/{JOB}-7.png",
    f"private/mask/{JOB}-15.png",
    f"private/style/{JOB}-35.jpg",
    f"private/checkpoint/{JOB}-0.safetensors",
    f"private/checkpoint/{JOB}-9.safetensors",
    "style/tide-wash.jpg",
    f"style/{JOB}-0.jpg",
    *THEIRS,
]
BAD = [
    "",
    ".",
    "/",
    f"/public/input/{JOB}.jpg",
    f"public/input/{JOB}.jpg/",
    f"public//input/{JOB}.jpg",
    f"public/./input/{JOB}.jpg",
    f"public/input/../input/{JOB}.jpg",
    f"public\\input\\{JOB}.jpg",
    f"public/input/{JOB}.jpg\n",
    f"public/input/{JOB}.jpg\0",
    f"public/input/%2e%2e{JOB}.jpg",
    f"public/input/{JOB}0.jpg",
    f"public/input/{UUID}0.jpeg",
    f"public/input/{UUID[:-1]}.jpeg",
    f"public/input/{UUID.replace('-', '_')}.jpeg",
    f"public/input/{UUID}.gif",
    f"public/input/{UUID}.svg",
    f"public/input/-{UUID[1:]}.jpeg",
    f"public/input/{JOB[:19]}.jpg",
    f"public/input/{JOB.upper()}.jpg",
    f"public/input/{JOB}.JPG",
    f"public/input/{JOB}.svg",
    f"public/input/{JOB}.jpg.html",
    f"public/input/{JOB}",
    f"public/preview/{JOB}.jpg",
    f"public/thumbnail/{JOB}.webp",
    f"public/thumbnail/{JOB}-output.jpg",
    f"public/thumbnail/{UUID}-output.webp",
    f"public/thumbnail/{JOB}-mask.webp",
    f"private/preview/{JOB}.png",
    f"public/timelapse/{JOB}.mp4",
    f"private/timelapse/{JOB}.jpg",
    f"public/mask/{JOB}-0.png",
    f"private/mask/{JOB}.png",
    f"private/mask/{JOB}-0.jpg",
    f"private/mask/{JOB}-16.png",
    f"private/mask/{JOB}-08.png",
    f"private/mask/{JOB[:20]}-0.png",
    f"private/mask/{UUID}-0.png",
    f"private/style/{JOB}.jpg",
    f"private/style/{JOB}-100.jpg",
    f"public/style/{JOB}-0.jpg",
    "private/style/tide-wash.jpg",
    f"public/checkpoint/{JOB}-0.safetensors",
    f"private/checkpoint/{JOB}-10.safetensors",
    f"private/checkpoint/{JOB}.safetensors",
    f"private/checkpoint/{JOB}-0.png",
    f"private/checkpoint/{UUID}-0.safetensors",
    f"Public/input/{JOB}.jpg",
    "public/input/" + "\u0661" * 32 + ".jpg",
    "style/-dash-first.jpg",
    "style/..jpg",
    "style/a/b.jpg",
    "style/tide_wash.jpg",
    f"style/{'a' * 65}.jpg",
    "style/tide-wash.png",
]


@pytest.mark.parametrize("key", GOOD)
def test_what_we_make_is_a_key(key: str) -> None:
    assert is_key(key)


@pytest.mark.parametrize("key", BAD)
def test_nothing_else_is_a_key(key: str) -> None:
    assert not is_key(key)


@pytest.mark.parametrize("key", THEIRS)
def test_a_picture_of_another_front_end_belongs_to_no_job(key: str) -> None:
    """So it is never swept, and no letter about it has it deleted."""
    assert job_id_of(key) is None
    assert not is_job_id(UUID)
    assert media_type(key) in ("image/jpeg", "image/png", "image/webp")


@pytest.mark.parametrize("job_id", [JOB, "z" * 25, "an0id0that0a0program0chose00"])
def test_a_job_is_found_by_its_pictures_and_by_links_to_it(job_id: str) -> None:
    assert job_id_of(f"public/input/{job_id}.webp") == job_id_of(f"style/{job_id}-3.jpg") == job_id
    for key in (f"private/mask/{job_id}-3.png", f"private/style/{job_id}-12.jpg", f"private/checkpoint/{job_id}-3.safetensors"):
        assert job_id_of(key) == job_id
    for link in (
        "{}",
        " {}\n",
        "https://example.org/?job={}",
        "http://{}.example/x/{}/after",
        "/api/media/public/output/{}.jpg",
    ):
        assert job_id_in_link(link.format(job_id, job_id)) == job_id


@pytest.mark.parametrize("text", ["", "tide-wash", JOB[:24], JOB + "0", JOB.upper(), UUID, f"?signature={JOB * 2}"])
def test_a_text_of_another_form_is_not_taken_for_a_job_id(text: str) -> None:
    assert not is_job_id(text)
    assert job_id_in_link(text) is None
    assert job_id_of(f"style/{text}-0.jpg") is None
    assert job_id_of(f"style/{JOB}.jpg") is None


def test_a_thumbnail_is_as_public_as_its_picture_and_belongs_to_the_job() -> None:
    keys = thumbnail_keys(f"private/input/{JOB}.jpg", f"public/output/{JOB}.jpg")
    assert keys == (f"private/thumbnail/{JOB}-input.webp", f"public/thumbnail/{JOB}-output.webp")
    assert all(job_id_of(key) == JOB and is_key(key) and media_type(key) == "image/webp" for key in keys)
    assert {*keys, f"public/thumbnail/{JOB}-input.webp"} < locations_of(f"public/output/{JOB}.jpg")


def test_pictures_of_earlier_front_ends_have_no_thumbnails() -> None:
    assert thumbnail_keys(f"public/output/{UUID}.jpeg") == ()
    assert locations_of(f"public/output/{UUID}.jpeg") == {f"{place}/{UUID}.jpeg" for place in PLACES}


PLACES = [f"{visibility}/{kind}" for visibility in ("public", "private") for kind in ("input", "output")]
