"""nst.domain.keys: which keys there are, and that there are no others."""

import pytest

from nst.domain import is_key

JOB = "0123456789abcdef0123456789abcdef"
GOOD = [
    f"public/input/{JOB}.jpg",
    f"public/output/{JOB}.png",
    f"private/input/{JOB}.webp",
    f"private/output/{JOB[:20]}.jpg",
    f"private/preview/{JOB}.jpg",
    "style/tide-wash.jpg",
    f"style/{JOB}-0.jpg",
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
    f"public/input/{JOB[:19]}.jpg",
    f"public/input/{JOB.upper()}.jpg",
    f"public/input/{JOB}.JPG",
    f"public/input/{JOB}.svg",
    f"public/input/{JOB}.jpg.html",
    f"public/input/{JOB}",
    f"public/preview/{JOB}.jpg",
    f"private/preview/{JOB}.png",
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
