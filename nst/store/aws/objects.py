"""Pictures in a bucket of S3, or of any store with the same API; with CloudFront in front of public pictures, if there is a distribution.

The bucket is never public: the app serves pictures itself, signs links to private ones, and lets CloudFront read public ones.
"""

import secrets
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any
from urllib.parse import quote

from nst.domain import is_key, media_type
from nst.domain.keys import is_public
from nst.errors import ObjectMissing, StoreMisconfigured
from nst.store.aws.clients import s3_compatible
from nst.store.aws.errors import AWS, PICTURES, failure_of_reply, translate_errors
from nst.store.errors import store_error
from nst.store.ports import ObjectStore, StoredObject
from nst.store.user_messages import missing

_BATCH = 1000  # objects that one request deletes


class S3Objects(ObjectStore):
    """
    Args:
        prefix: of all keys in the bucket, without a slash at its end; empty for none.
        client: of boto3; by default one for the AWS variables of this process.
    """

    def __init__(self, bucket: str, prefix: str = "", client: Any = None) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._given = client

    def put(self, key: str, data: bytes) -> None:
        name = self._name(key)
        with translate_errors(PICTURES):
            self._client.put_object(Bucket=self._bucket, Key=name, Body=data, **self._headers(key))

    def get(self, key: str) -> bytes:
        name = self._name(key)
        with translate_errors(PICTURES):
            body: bytes = self._client.get_object(Bucket=self._bucket, Key=name)["Body"].read()
            return body

    def size(self, key: str) -> int:
        with translate_errors(PICTURES):
            return int(self._client.head_object(Bucket=self._bucket, Key=self._name(key))["ContentLength"])

    def copy(self, source: str, target: str) -> None:
        names = self._name(source), self._name(target)
        with translate_errors(PICTURES):
            source_object = {"Bucket": self._bucket, "Key": names[0]}
            headers = {"MetadataDirective": "REPLACE", **self._headers(target)}  # a copy may have other headers than its source
            self._client.copy_object(Bucket=self._bucket, CopySource=source_object, Key=names[1], **headers)

    def delete(self, keys: Iterable[str]) -> None:
        names, errors = [self._name(key) for key in keys], []
        for start in range(0, len(names), _BATCH):
            doomed = {"Objects": [{"Key": name} for name in names[start : start + _BATCH]], "Quiet": True}
            with translate_errors(PICTURES):
                errors += self._client.delete_objects(Bucket=self._bucket, Delete=doomed).get("Errors", [])
        if errors:
            code = str(errors[0].get("Code"))
            raise store_error(failure_of_reply(code), PICTURES, f"{len(errors)} pictures could not be deleted: {code}")

    def listing(self) -> Iterator[StoredObject]:
        with translate_errors(PICTURES):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix):
                for found in page.get("Contents", []):
                    key = found["Key"].removeprefix(self._prefix)
                    if is_key(key):
                        yield StoredObject(key, found["Size"], found["LastModified"].timestamp())

    @cached_property
    def _client(self) -> Any:
        """Made by the first call, which reports what is wrong with the variables."""
        return s3_compatible() if self._given is None else self._given

    def _headers(self, key: str) -> dict[str, str]:
        """The headers that the object is served with."""
        return {"ContentType": media_type(key), "CacheControl": "private, max-age=3600"}

    def _name(self, key: str) -> str:
        if not is_key(key):
            raise missing()
        return self._prefix + key


class CloudObjects(S3Objects):
    """Pictures in S3. A public picture that is deleted is invalidated in CloudFront, too.

    Args:
        cdn: a client of CloudFront, and `distribution`, its id; None without a CDN.
    """

    def __init__(self, bucket: str, prefix: str, client: Any, cdn: Any = None, distribution: str | None = None) -> None:
        super().__init__(bucket, prefix, client)
        self._cdn, self._distribution = cdn, distribution

    def delete(self, keys: Iterable[str]) -> None:
        doomed = list(keys)
        shown = filter(is_public, doomed) if self._distribution else ()
        public = [key for key in shown if self._may_exist(key)]  # invalidations are paid for
        try:
            super().delete(doomed)
        finally:  # an object that cannot be deleted does not keep others in the CDN
            self.uncache(public)

    def uncache(self, keys: Iterable[str]) -> None:
        public = [f"/{quote(self._name(key))}" for key in filter(is_public, keys)]
        if public and self._distribution:
            paths = {"Paths": {"Quantity": len(public), "Items": public}, "CallerReference": secrets.token_hex(16)}
            with translate_errors(AWS):
                self._cdn.create_invalidation(DistributionId=self._distribution, InvalidationBatch=paths)

    def _may_exist(self, key: str) -> bool:
        try:
            self.size(key)
        except ObjectMissing:
            return False
        except StoreMisconfigured:  # looking is not allowed, which does not say that the object is missing
            return True
        return True

    def _headers(self, key: str) -> dict[str, str]:
        """Browsers keep a public picture for an hour: one that is made private does not stay longer where it was seen."""
        return {**super()._headers(key), "CacheControl": "public, max-age=3600" if is_public(key) else "private, no-store"}
