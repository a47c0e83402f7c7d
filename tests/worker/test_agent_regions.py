"""The agent's regions: what it is given as parameters, and what it refuses."""

import json
import threading
from typing import Any

import pytest

from nst.domain import RegionRef, StyleRef, mask_key, style_key
from nst.model_process.messages import PaintRequest, RegionRequest
from nst.settings import Settings
from nst.store.aws.batch import parameters_of
from nst.store.wire import Failed, Painted
from nst.styles import Catalogue
from nst.worker.cloud.agent import FAILED, SUCCEEDED, Agent, Assignment
from nst.worker.cloud.main import _parser
from tests.support.jobs import a_job
from tests.support.memory_store import MemoryObjects
from tests.support.pictures import half_mask, picture_bytes
from tests.support.workers import LIMITS, ObedientChild, SentMessages


def run(regions: tuple[RegionRef, ...] = (), words: list[str] | None = None) -> tuple[int, Any, list[PaintRequest]]:
    """The exit code of an agent with the parameters of such a job, what it reports, and what its child is asked."""
    job = a_job(regions=regions)
    given = parameters_of(job)
    more = ["--regions", given["regions"]] if words is None else words
    options = _parser().parse_args(["--style", given["style"], "--request-id", given["requestId"], *more, given["contentKey"]])
    objects, mail, child = MemoryObjects(), SentMessages(), ObedientChild()
    for key, data in {job.input_key: picture_bytes(), **{key: half_mask() for region in regions for key in region.object_keys}}.items():
        objects.put(key, data)
    assignment = Assignment(options.content_key, options.style, options.request_id, 1, {}, [], regions=options.regions)
    code = Agent(assignment, objects, mail, Catalogue(LIMITS), Settings(), lambda: child).run(threading.Event())
    return code, mail.sent[-1], [message for message in child.heard if isinstance(message, PaintRequest)]


def test_masks_and_styles_are_read_from_the_bucket_and_the_catalogue() -> None:
    job_id = "0" * 32
    tide = StyleRef("tide-wash", 2.0, Catalogue(LIMITS).get("tide-wash").digest)
    in_part = StyleRef(style_key(job_id, 4), part=mask_key(job_id, 8))
    regions = (RegionRef(mask_key(job_id, 0), (tide, in_part), 0.25), RegionRef("sky"))
    code, report, (request,) = run(regions)
    assert (code, type(report)) == (SUCCEEDED, Painted)
    first, second = request.regions
    assert (first.mask, first.strength, second) == (half_mask(), 0.25, RegionRequest("sky"))
    assert first.style_masks == (None, half_mask())
    assert [(style.style, style.share) for style in first.styles] == [(Catalogue(LIMITS).file("tide-wash"), 2.0), (half_mask(), 1.0)]


def test_an_assignment_of_an_earlier_front_end_has_no_regions() -> None:
    code, _, (request,) = run(words=[])
    assert (code, request.regions) == (SUCCEEDED, ())


@pytest.mark.parametrize(
    ("regions", "sentence"),
    [
        ({}, "JSON list"),
        (7, "JSON list"),
        ([7], "JSON list"),
        ([{"mask": "sky"}], "JSON list"),
        ([{"mask": "sky", "styles": [["tide-wash"]], "strength": None}], "JSON list"),
        ([{"mask": "sky", "styles": [], "strength": "much"}], "JSON list"),
        ([{"mask": "sea", "styles": [], "strength": None}], "not there any more"),
        ([{"mask": "../secret", "styles": [], "strength": None}], "not there any more"),
        ([{"mask": "sky", "styles": [["no-such-style", 1, None]], "strength": None}], "no-such-style"),
        ([{"mask": "sky", "styles": [["tide-wash", 1, "ab"]], "strength": None}], "tide-wash|picture"),
        ([{"mask": "sky", "styles": [["tide-wash", -1, None]], "strength": None}], "share"),
        ([{"mask": "sky", "styles": [["tide-wash", 1, None, "../secret"]], "strength": None}], "not there any more"),
        ([{"mask": "sky", "styles": [["tide-wash", 1, None, "sky", "dark"]], "strength": None}], "JSON list"),
    ],
)
def test_what_is_no_region_fails_with_a_sentence(regions: object, sentence: str) -> None:
    code, report, requests = run(words=["--regions", json.dumps(regions)])
    assert (code, requests) == (FAILED, [])
    assert isinstance(report, Failed)
    assert any(part in report.error for part in sentence.split("|"))
