"""The faults of the pipeline that this one replaces, each shown to be absent. Those of the templates are in tests/deploy."""

import time
from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from nst.bootstrap import open_catalogue
from nst.domain import Job, JobState, StyleRef, new_id
from nst.domain.keys import thumbnail_keys
from nst.errors import InvalidImage
from nst.images import Limits
from nst.service import Service
from nst.service.retention import complete_cleanups
from nst.store.aws.clients import Clients
from nst.store.aws.links import CloudLinks
from nst.store.aws.objects import CloudObjects
from nst.styles import Catalogue
from tests.cloud.conftest import MakeCloud
from tests.support.aws import Aws
from tests.support.cloud import Cloud, changed, claimed_by_hand, header, painted, read_all
from tests.support.pictures import picture_bytes

PUBLIC = "https://pictures.example"


def test_known_fault_a_private_url_prefixed_with_the_bucket(cloud: Cloud) -> None:
    job = cloud.finished(cloud.submit())
    link = cloud.service.link(cloud.service.get(job.id, "anna")) or ""
    assert link.count("http") == 1
    parts, query = urlsplit(link), {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert parts.path.endswith(f"/private/output/{job.id}.jpg")
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert query["X-Amz-Expires"] == "300"
    assert query["response-content-type"] == "image/jpeg"
    assert query["response-content-disposition"] == f'inline; filename="pastiche-result-{job.id[:8]}.jpg"'


def test_a_link_of_aws_itself_has_the_regions_host(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed and not sent: no endpoint of a test stands in its way."""
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    links = CloudLinks(Clients(aws.session).s3, "our-pictures", "", None, 120)
    address = urlsplit(links.link(f"private/output/{new_id()}.jpg", "x.jpg"))
    assert address.hostname == "our-pictures.s3.eu-central-1.amazonaws.com"
    assert parse_qs(address.query)["X-Amz-Expires"] == ["120"]


def test_a_private_link_is_made_at_each_view(cloud: Cloud) -> None:
    job = cloud.finished(cloud.submit())
    first = cloud.service.link(cloud.service.get(job.id, "anna"))
    time.sleep(1.1)  # signatures carry seconds
    assert cloud.service.link(cloud.service.get(job.id, "anna")) != first


def test_a_public_link_is_the_public_base_and_the_key(make_cloud: MakeCloud) -> None:
    cloud = make_cloud(cdn_url=PUBLIC + "/")
    job = cloud.finished(cloud.submit(public=True))
    assert cloud.service.link(cloud.service.get(job.id, "a stranger")) == f"{PUBLIC}/public/output/{job.id}.jpg"
    assert cloud.service.link(cloud.service.get(job.id, "a stranger"), "photo") == f"{PUBLIC}/public/input/{job.id}.jpg"
    cloud.service.make_private(job.id, "anna")
    assert "X-Amz-Signature" in (cloud.service.link(cloud.service.get(job.id, "anna")) or "")


def test_known_fault_a_failed_job_that_is_not_reported(make_cloud: MakeCloud) -> None:
    cloud = make_cloud()
    cloud.executor.holds.set()
    job = claimed_by_hand(cloud)
    listener = cloud.service.listen()
    cloud.aws.say(changed(job.id, "FAILED", statusReason="Essential container in task exited", container={"exitCode": 1}))
    read_all(cloud)
    assert job.id in listener.wait(1.0)
    assert (cloud.record(job).state, bool(cloud.record(job).error)) == (JobState.FAILED, True)


def test_known_fault_a_result_sent_to_a_socket_that_is_gone(make_cloud: MakeCloud) -> None:
    """The socket of the client is long closed; the record can still be found."""
    cloud = make_cloud()
    cloud.executor.holds.set()
    job = claimed_by_hand(cloud)
    cloud.aws.say({**painted(cloud, job.id), "requestId": f"socket-that-is-gone::{job.id}"})
    read_all(cloud)
    assert cloud.service.get(job.id, "anna").state is JobState.SUCCEEDED
    assert [mine.id for mine in cloud.service.mine("anna")] == [job.id]


def test_known_fault_listings_cut_at_a_thousand_keys(cloud: Cloud) -> None:
    keys = {f"private/input/{number:032x}.jpg" for number in range(1010)}
    for key in keys:
        cloud.backend.objects.put(key, b"x")
    assert {found.key for found in cloud.backend.objects.listing()} == keys
    cloud.backend.objects.delete(keys)
    assert cloud.aws.keys() == set()


def test_known_fault_media_type_and_ending_taken_from_the_clients_word(cloud: Cloud) -> None:
    cloud.executor.holds.set()
    with pytest.raises(InvalidImage):
        cloud.submit(photo=b"<html><script>alert(1)</script></html>")
    trailed = picture_bytes() + b"<script>alert(1)</script>"
    job = cloud.submit(photo=trailed)
    stored = cloud.backend.objects.get(job.input_key)
    assert b"script" not in stored
    assert job.input_key.endswith(".jpg")
    assert header(cloud, job.input_key, "ContentType") == "image/jpeg"


def test_known_fault_the_style_squashed_to_the_photos_shape(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("tells_sizes")
    job = cloud.finished(cloud.submit(photo=picture_bytes(200, 50)))
    width, height = (job.recipe or {})["styles"][0]
    (style,) = (entry for entry in Catalogue(Limits.of(cloud.settings)).entries() if entry.id == "starlit-swirl")
    with Image.open(BytesIO(style.path.read_bytes())) as picture:
        assert (width, height) == picture.size
    assert (job.recipe or {})["photo"] == [200, 50]


def test_a_style_in_the_bucket_is_found_by_key_and_by_name(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("tells_sizes")
    jpeg = BytesIO()
    Image.new("RGB", (70, 40)).save(jpeg, "JPEG")
    cloud.backend.objects.put("style/ours.jpg", jpeg.getvalue())
    for style in ("style/ours.jpg", "ours"):
        job = claimed_by_hand(cloud)
        submit(cloud, job, style)
        assert (cloud.finished(job).recipe or {})["styles"] == [[70, 40]]
    job = claimed_by_hand(cloud)
    submit(cloud, job, "no-such-style")
    failed = cloud.finished(job)
    assert failed.state is JobState.FAILED
    assert "no-such-style" in (failed.error or "")
    assert StyleRef("style/ours.jpg").is_upload


def submit(cloud: Cloud, job: Job, style: str) -> None:
    """To Batch, as a front end that knows three parameters."""
    cloud.aws.client("batch").submit_job(
        jobName=job.id,
        jobQueue=cloud.aws.job_queue,
        jobDefinition=cloud.aws.definition,
        parameters={"contentKey": job.input_key, "style": style, "requestId": f"socket::{job.id}"},
    )


def test_what_is_taken_back_is_taken_from_the_cdn(aws: Aws) -> None:
    origin = {"Quantity": 1, "Items": [{"Id": "b", "DomainName": "b.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}]}
    behaviour = {"TargetOriginId": "b", "ViewerProtocolPolicy": "https-only"}
    wanted = {"CallerReference": aws.bucket, "Origins": origin, "DefaultCacheBehavior": behaviour, "Comment": "", "Enabled": True}
    cdn = aws.client("cloudfront")
    distribution = cdn.create_distribution(DistributionConfig=wanted)["Distribution"]["Id"]
    objects = CloudObjects(aws.bucket, "", aws.client("s3"), cdn, distribution)
    public, private, never = (f"{place}/output/{new_id()}.jpg" for place in ("public", "private", "public"))
    for key in (public, private):
        objects.put(key, b"x")
    objects.delete([public, private, never])
    objects.delete([never])  # as with every private painting that is deleted
    (invalidation,) = cdn.list_invalidations(DistributionId=distribution)["InvalidationList"]["Items"]
    paths = cdn.get_invalidation(DistributionId=distribution, Id=invalidation["Id"])["Invalidation"]["InvalidationBatch"]["Paths"]["Items"]
    assert paths == [f"/{public}"]


class Cdn:
    """CloudFront, which is out of order for some requests."""

    def __init__(self, failures: int) -> None:
        self.failures, self.invalidated = failures, list[str]()

    def create_invalidation(self, **request: Any) -> None:
        if self.failures:
            self.failures -= 1
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "CreateInvalidation")
        self.invalidated += request["InvalidationBatch"]["Paths"]["Items"]


@pytest.mark.parametrize("what", ["make private", "delete"])
def test_the_invalidation_of_a_picture_on_the_cdn_is_repeated_until_it_succeeds(cloud: Cloud, what: str) -> None:
    cdn = Cdn(2)
    objects = CloudObjects(cloud.aws.bucket, "", cloud.aws.client("s3"), cdn, "E1")
    backend = replace(cloud.backend, objects=objects)
    service = Service(backend, open_catalogue(cloud.settings), cloud.settings)
    job = cloud.finished(cloud.submit(public=True))
    (service.make_private if what == "make private" else service.delete)(job.id, "anna")
    assert not any(found.key.startswith("public/") for found in objects.listing())
    now = backend.clock() + 61.0
    for later in (0.0, 61.0, 122.0):
        complete_cleanups(backend, now + later)
    pictures = (f"public/input/{job.id}.jpg", f"public/output/{job.id}.jpg")
    assert set(cdn.invalidated) == {f"/{key}" for key in (*pictures, *thumbnail_keys(*pictures))}
    assert backend.cleanups.pending(now + 999.0, 9) == []
