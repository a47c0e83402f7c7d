"""Regions on their way to an agent: masks as objects beside the photo, the rest in the parameters of its job."""

from nst.domain import JobState, mask_key, style_key
from nst.service import RegionChoice, StyleChoice
from tests.cloud.conftest import MakeCloud
from tests.support.pictures import half_mask, picture_bytes


def test_an_agent_paints_the_regions_of_a_job(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("tells_regions")
    regions = [RegionChoice(half_mask(), [StyleChoice(picture_bytes(40, 80), 2.0, part=half_mask(60, 90))], 0.25), RegionChoice("faces")]
    job = cloud.finished(cloud.submit(regions=regions))
    assert (job.state, job.error) == (JobState.SUCCEEDED, None)
    assert job.recipe == {
        "regions": [
            {"mask": ["L", 96, 64, 255, 0], "styles": [[40, 80, 2.0]], "strength": 0.25, "style_masks": [["L", 60, 90, 255, 0]]},
            {"mask": "faces", "styles": [], "strength": None},
        ]
    }
    masks = {mask_key(job.id, 0), mask_key(job.id, 8)}
    assert cloud.aws.keys() == {job.input_key, job.output_key, *job.thumbnail_keys, *masks, style_key(job.id, 1)}
    cloud.service.delete(job.id, "anna")
    assert cloud.aws.keys() == set()
