"""A larger version on its way to an agent, with the painting it begins with as an object beside the photo."""

from nst.domain import JobState
from nst.service import LargerOrder
from tests.cloud.conftest import MakeCloud
from tests.support.pictures import picture_bytes


def test_an_agent_enlarges_a_painting(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("tells_earlier")
    parent = cloud.finished(cloud.submit(photo=picture_bytes(96, 64, colour="teal")))
    assert parent.recipe == {"enlarges": None, "asked": None}
    job = cloud.finished(cloud.service.larger(parent.id, "anna", LargerOrder(1024)))
    assert (job.state, job.error, job.parent) == (JobState.SUCCEEDED, None, parent.id)
    assert job.recipe is not None
    assert job.recipe["asked"] == 1024
    assert job.recipe["enlarges"][:2] == [96, 64]
    cloud.service.delete(parent.id, "anna")
    assert cloud.aws.keys() == {job.input_key, job.output_key, *job.thumbnail_keys, job.earlier_key}
    cloud.service.delete(job.id, "anna")
    assert cloud.aws.keys() == set()
