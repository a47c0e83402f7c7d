"""Styles that lie in the bucket are offered as those of the catalogue, and painted by agents that find them there."""

import threading

import pytest

from nst.domain import JobState, StyleParams, new_id
from nst.errors import UnknownStyle
from nst.service import Order, StyleChoice
from nst.store.aws.styles import BucketStyles
from tests.cloud.conftest import MakeCloud
from tests.support.aws import Aws
from tests.support.cloud import Cloud
from tests.support.pictures import picture_bytes


def put(aws: Aws, key: str, colour: tuple[int, int, int] = (200, 30, 30)) -> bytes:
    data = picture_bytes(colour=colour)
    aws.client("s3").put_object(Bucket=aws.bucket, Key=key, Body=data)
    return data


def styles_of(aws: Aws, prefix: str = "") -> BucketStyles:
    return BucketStyles(aws.client("s3"), aws.bucket, prefix, lambda name: name != "starlit-swirl")


def names(styles: BucketStyles) -> set[str]:
    return {path.name for path in styles.folder.iterdir()}


def test_a_style_in_the_bucket_is_offered_and_painted_by_an_agent(aws: Aws, make_cloud: MakeCloud) -> None:
    picture = put(aws, "style/our-own.jpg")
    cloud = make_cloud()
    assert "our-own" in [entry.id for entry in cloud.service.styles()]
    assert cloud.service.style_file("our-own") == picture
    job = cloud.service.submit("anna", Order(picture_bytes(), [StyleChoice("our-own")], new_id(), StyleParams()))
    assert cloud.finished(job).state is JobState.SUCCEEDED


def test_what_visitors_have_uploaded_and_what_is_bundled_is_not_offered(aws: Aws) -> None:
    for key in (f"style/{new_id()}-0.jpg", "style/starlit-swirl.jpg", "style/Not A Key.jpg", "private/input/x.jpg", "style/ours.jpg"):
        put(aws, key)
    styles = styles_of(aws)
    styles.update()
    assert names(styles) == {"ours.jpg"}


def test_what_visitors_upload_is_private_and_not_listed_with_the_styles(cloud: Cloud) -> None:
    job = cloud.service.submit("anna", Order(picture_bytes(), [StyleChoice(picture_bytes(colour=(9, 9, 200)))], new_id(), StyleParams()))
    stored = cloud.aws.keys()
    assert job.styles[0].name in stored
    assert not [key for key in stored if key.startswith("style/")]
    assert cloud.finished(job).state is JobState.SUCCEEDED
    cloud.service.delete(job.id, "anna")
    assert cloud.aws.keys() == set()


def test_styles_are_kept_current_until_the_service_is_closed(make_cloud: MakeCloud) -> None:
    before = set(threading.enumerate())
    cloud = make_cloud()
    (thread,) = (each for each in threading.enumerate() if each.name == "bucket-styles" and each not in before)
    cloud.service.close()
    assert not thread.is_alive()
    cloud.service.close()


def test_changes_in_the_bucket_are_followed(aws: Aws) -> None:
    styles = styles_of(aws)
    put(aws, "style/one.jpg")
    styles.update()
    new = put(aws, "style/one.jpg", (10, 200, 10))
    put(aws, "style/two.jpg")
    styles.update()
    assert names(styles) == {"one.jpg", "two.jpg"}
    assert (styles.folder / "one.jpg").read_bytes() == new
    aws.client("s3").delete_object(Bucket=aws.bucket, Key="style/one.jpg")
    styles.update()
    assert names(styles) == {"two.jpg"}


def test_a_bucket_that_cannot_be_read_stops_no_start(aws: Aws, make_cloud: MakeCloud) -> None:
    styles = BucketStyles(aws.client("s3"), "there-is-none", "", lambda _: True)
    styles.keep_current()
    assert names(styles) == set()
    styles.stop()
    with pytest.raises(UnknownStyle):
        make_cloud().service.style("our-own")


def test_a_prefix_of_the_deployment_is_respected(aws: Aws) -> None:
    put(aws, "studio/style/theirs.jpg")
    put(aws, "style/others.jpg")
    styles = styles_of(aws, "studio")
    styles.update()
    assert names(styles) == {"theirs.jpg"}
