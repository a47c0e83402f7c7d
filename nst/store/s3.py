"""Objects in a bucket of S3, or of anything that speaks its language. Credentials, region and endpoint come from the usual AWS variables.

The bucket is never public: who may see a picture gets it from us, or a link that we sign.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError, IncompleteReadError

from nst.domain import is_key, media_type
from nst.errors import StoreUnavailable
from nst.store.ports import StoredObject
from nst.store.sentences import missing

_BATCH = 1000  # what one request deletes
_CACHE = "private, max-age=3600"
_ABSENT = {"NoSuchKey", "404", "NotFound"}
_BUSY = {"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "500", "502", "503", "504"}

# "when_required": stores that are not Amazon's refuse checksums that they do not know.
CONFIG = Config(
    signature_version="s3v4",
    connect_timeout=2,
    read_timeout=30,
    retries={"mode": "standard", "max_attempts": 3},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    max_pool_connections=32,
)


class S3Objects:
    """An `ObjectStore`.

    Args:
        prefix: of all keys in the bucket, without a slash at its end; empty for none.
        client: of boto3; by default one for the AWS variables of this process.

    Raises:
        StoreUnavailable: in every call, when the endpoint does not answer.
        OSError: in every call, when it refuses.
    """

    def __init__(self, bucket: str, prefix: str = "", client: Any = None) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._client = boto3.client("s3", config=CONFIG) if client is None else client

    def put(self, key: str, data: bytes) -> None:
        name = self._name(key)
        with in_our_words():
            self._client.put_object(Bucket=self._bucket, Key=name, Body=data, **self._headers(key))

    def get(self, key: str) -> bytes:
        name = self._name(key)
        with in_our_words():
            body: bytes = self._client.get_object(Bucket=self._bucket, Key=name)["Body"].read()
            return body

    def copy(self, source: str, target: str) -> None:
        names = self._name(source), self._name(target)
        with in_our_words():
            source_object = {"Bucket": self._bucket, "Key": names[0]}
            headers = {"MetadataDirective": "REPLACE", **self._headers(target)}  # a copy may be served otherwise than its source
            self._client.copy_object(Bucket=self._bucket, CopySource=source_object, Key=names[1], **headers)

    def delete(self, keys: Iterable[str]) -> None:
        names = [self._name(key) for key in keys]
        for start in range(0, len(names), _BATCH):
            doomed = {"Objects": [{"Key": name} for name in names[start : start + _BATCH]], "Quiet": True}
            with in_our_words():
                errors = self._client.delete_objects(Bucket=self._bucket, Delete=doomed).get("Errors", [])
            if errors:
                raise OSError(f"{len(errors)} objects could not be deleted: {errors[0].get('Code')}")

    def listing(self) -> Iterator[StoredObject]:
        with in_our_words():
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix):
                for found in page.get("Contents", []):
                    key = found["Key"].removeprefix(self._prefix)
                    if is_key(key):
                        yield StoredObject(key, found["Size"], found["LastModified"].timestamp())

    def _headers(self, key: str) -> dict[str, str]:
        """What the object is served with."""
        return {"ContentType": media_type(key), "CacheControl": _CACHE}

    def _name(self, key: str) -> str:
        if not is_key(key):
            raise missing()
        return self._prefix + key


@contextmanager
def in_our_words() -> Iterator[None]:
    """
    Raises:
        ObjectMissing: when there is none.
        StoreUnavailable: when the endpoint does not answer.
        OSError: when it refuses.
    """
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _ABSENT:
            raise missing() from error
        if code in _BUSY:
            raise _unavailable() from error
        raise OSError(f"the object store refuses: {code}") from error
    except (ConnectionError, HTTPClientError, IncompleteReadError) as error:
        raise _unavailable() from error
    except BotoCoreError as error:
        raise OSError("the object store cannot be used") from error


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable("The studio's pictures cannot be reached at the moment. Nothing is lost. Please try again in a minute.")
