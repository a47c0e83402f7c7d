"""The studio with the cloud's workers in a real browser: as on one machine, and a visitor also reads whether a machine is available."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from nst.domain.keys import thumbnail_keys, timelapse_key
from tests.e2e.conftest import PATIENCE, OpenBrowser, element, publish, served, shoot, submit
from tests.support.aws import Aws, open_aws
from tests.support.batch_executor import Executor
from tests.support.servers import shared_redis


@pytest.fixture
def aws() -> Iterator[Aws]:
    with open_aws() as (url, failures):
        yield Aws(url, failures)


def test_a_photo_becomes_a_painting_in_the_cloud(aws: Aws, visitor: OpenBrowser, photo: Path, tmp_path: Path) -> None:
    redis = {"NST_REDIS_URL": shared_redis().url, "NST_REDIS_PREFIX": "browser"}
    with served(tmp_path, **aws.environment, **redis) as studio, Executor(aws, {}) as executor:
        executor.holds.set()
        stranger, page = visitor(f"{studio.url}/gallery"), visitor(studio.url)
        job_id = submit(page, photo)
        expect(page.get_by_text(re.compile("waiting for a machine", re.IGNORECASE))).to_be_visible(timeout=PATIENCE)
        shoot(page, "cloud-waiting-wide-light")
        assert aws.keys() == {f"private/input/{job_id}.jpg"}

        executor.holds.clear()
        expect(page.locator("img[alt='The painting so far']").last).to_be_visible(timeout=PATIENCE)
        expect(element(page, "result")).to_be_visible(timeout=PATIENCE)
        expect(page.locator(".compare img.after")).to_be_visible()
        shoot(page, "cloud-result-wide-light")
        assert aws.keys() >= {f"private/input/{job_id}.jpg", f"private/output/{job_id}.jpg"}

        publish(page, job_id)
        expect(element(stranger, f"entry_{job_id}")).to_be_visible(timeout=PATIENCE)
        pictures = {f"private/input/{job_id}.jpg", f"public/output/{job_id}.jpg"}
        assert {key for key in sorted(aws.keys()) if job_id in key} == {*pictures, *thumbnail_keys(*pictures), timelapse_key(job_id)}
        assert [job.job_name for job in executor.jobs()] == [job_id]
        assert aws.messages(aws.dead_letters) == 0
