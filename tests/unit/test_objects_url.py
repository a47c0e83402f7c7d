"""nst.bootstrap: where NST_BACKEND and NST_OBJECTS_URL lead."""

from pathlib import Path

import boto3
import pytest
from pydantic import SecretStr, ValidationError

from nst.bootstrap import open_backend, open_objects
from nst.errors import StoreMisconfigured, StoreUnavailable
from nst.settings import Settings
from nst.store.aws.clients import S3_COMPATIBLE
from nst.store.aws.objects import S3Objects
from tests.support.servers import AWS, BUCKET, free_port, s3_client, s3_endpoint, shared_redis

KEY = f"private/input/{'a1' * 16}.jpg"
pytestmark = pytest.mark.servers


def test_by_default_pictures_lie_in_the_data_folder(tmp_path: Path) -> None:
    open_objects(Settings(data_dir=tmp_path)).put(KEY, b"picture")
    assert (tmp_path / "objects" / KEY).read_bytes() == b"picture"


def test_a_shared_folder_is_named_by_its_url(tmp_path: Path) -> None:
    open_objects(Settings(data_dir=tmp_path, objects_url=f"file://{tmp_path}/shared%20pictures")).put(KEY, b"picture")
    assert (tmp_path / "shared pictures" / KEY).read_bytes() == b"picture"


def test_a_bucket_and_its_prefix_are_named_by_their_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = s3_client()
    for name, value in {**AWS, "AWS_ENDPOINT_URL": s3_endpoint()}.items():
        monkeypatch.setenv(name, value)
    objects = open_objects(Settings(data_dir=tmp_path, objects_url=f"s3://{BUCKET}/by/url/"))
    objects.put(KEY, b"picture")
    stored = bucket.get_object(Bucket=BUCKET, Key=f"by/url/{KEY}")
    assert (stored["ContentType"], stored["Body"].read()) == ("image/jpeg", b"picture")
    assert [found.key for found in objects.listing()] == [KEY]
    objects._client.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("url", ["ftp://somewhere", "s3://", "pictures", "file://"])
def test_any_other_place_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Settings(objects_url=url)


def test_a_bucket_that_does_not_answer_is_an_outage_and_one_that_refuses_is_not() -> None:
    nowhere = boto3.client(
        "s3", endpoint_url=f"http://127.0.0.1:{free_port()}", config=S3_COMPATIBLE, region_name="eu-central-1", **_credentials()
    )
    with pytest.raises(StoreUnavailable):
        S3Objects("any", client=nowhere).get(KEY)
    nowhere.close()
    with pytest.raises(StoreMisconfigured) as refused:
        S3Objects("no-such-bucket", client=s3_client()).put(KEY, b"")
    assert "NoSuchBucket" in refused.value.reason


def test_more_than_a_request_holds_is_deleted_and_listed() -> None:
    objects = S3Objects(BUCKET, "many", s3_client())
    keys = [f"private/input/{number:032x}.jpg" for number in range(1005)]
    for key in keys:
        objects.put(key, b"")
    assert {found.key for found in objects.listing()} == set(keys)
    objects.delete(keys)
    assert list(objects.listing()) == []


def test_the_redis_backend_is_opened_without_asking_redis(tmp_path: Path) -> None:
    absent = Settings(backend="redis", data_dir=tmp_path, redis_url=SecretStr(f"redis://127.0.0.1:{free_port()}"))
    backend = open_backend(absent)
    with pytest.raises(StoreUnavailable):
        backend.jobs.counts()
    present = open_backend(absent.model_copy(update={"redis_url": SecretStr(shared_redis().url)}))
    assert present.jobs.get("0" * 32) is None


def _credentials() -> dict[str, str]:
    return {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
