"""Pictures in S3 with a CDN before the public ones. What is taken from the public is taken from the CDN, too."""

import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from nst.errors import ObjectMissing
from nst.store import s3
from nst.store.aws.clients import in_our_words
from nst.store.s3 import S3Objects

_SHARED = "public, max-age=3600"  # an hour in browsers: a picture that was made private stays no longer where it was seen
_OWN = "private, no-store"


class CloudObjects(S3Objects):
    """An `ObjectStore`.

    Args:
        cdn: a client of CloudFront, and `distribution`, its id; None where nothing stands before the bucket.
    """

    def __init__(self, bucket: str, prefix: str, client: Any, cdn: Any = None, distribution: str | None = None) -> None:
        super().__init__(bucket, prefix, client)
        self._cdn, self._distribution = cdn, distribution

    def delete(self, keys: Iterable[str]) -> None:
        doomed = list(keys)
        shown = [key for key in doomed if key.startswith("public/")] if self._distribution else []
        public = [f"/{quote(self._name(key))}" for key in shown if self._is_there(key)]  # each one that the CDN is told of is paid for
        super().delete(doomed)
        if public:
            paths = {"Paths": {"Quantity": len(public), "Items": public}, "CallerReference": secrets.token_hex(16)}
            with in_our_words():
                self._cdn.create_invalidation(DistributionId=self._distribution, InvalidationBatch=paths)

    def _is_there(self, key: str) -> bool:
        try:
            with s3.in_our_words():
                self._client.head_object(Bucket=self._bucket, Key=self._name(key))
        except ObjectMissing:
            return False
        return True

    def _headers(self, key: str) -> dict[str, str]:
        return {**super()._headers(key), "CacheControl": _SHARED if key.startswith("public/") else _OWN}
