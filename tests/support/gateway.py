"""Submissions and other messages of programs."""

import base64
from secrets import token_hex
from typing import Any

from nst.service import Order, StyleChoice
from tests.support.pictures import picture_bytes


class Clock:
    """A clock that tests set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def data_url(data: bytes | None = None) -> str:
    return "data:image/png;base64," + base64.b64encode(data or picture_bytes()).decode()


def a_submission(**changes: Any) -> dict[str, Any]:
    return {"image": data_url(), "style": "starlit-swirl", "isPrivate": True, **changes}


def an_order(job_id: str) -> Order:
    return Order(picture_bytes(), [StyleChoice("starlit-swirl")], f"gateway-{job_id}", job_id=job_id)


def an_id() -> str:
    return token_hex(16)
