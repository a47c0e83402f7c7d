"""Paintings and photos of a studio without a worker, which tests store themselves."""

import time

from PIL import Image
from playwright.sync_api import Page

from nst import images
from nst.bootstrap import open_backend
from nst.domain import Job, JobState, StyleRef
from nst.service.visitors import owner_of
from nst.settings import Settings
from nst.store.ports import Backend
from nst.ui.owner import COOKIE
from tests.e2e.conftest import ANNA, Studio
from tests.support.jobs import a_job
from tests.support.pictures import picture_bytes


def backend_of(studio: Studio) -> Backend:
    return open_backend(Settings(data_dir=studio.data_dir))


def stored(
    studio: Studio, public: bool = False, style: str = "tide-wash", at: float | None = None, size: tuple[int, int] = (96, 64)
) -> Job:
    """A finished painting of Anna's."""
    backend, ended = backend_of(studio), at or time.time()
    job = a_job(ANNA, created=ended, public=public, styles=(StyleRef(style),))
    for kind in ("input", "output"):
        backend.objects.put(job.input_key.replace("input", kind), picture_bytes(*size))
    output = job.input_key.replace("input", "output")
    done = a_job(
        ANNA, created=ended, public=public, styles=(StyleRef(style),), id=job.id, state=JobState.SUCCEEDED, output_key=output,
        finished=ended, published=ended if public else None, width=size[0], height=size[1],
    )  # fmt: skip
    assert backend.jobs.restore(done)
    return done


def stored_photo(studio: Studio, page: Page, job_id: str) -> Image.Image:
    (cookie,) = (each["value"] for each in page.context.cookies() if each["name"] == COOKIE)
    owner = owner_of(cookie.partition(".")[0])
    return images.decode(studio.service.photo(job_id, owner), images.STORED_LIMITS)
