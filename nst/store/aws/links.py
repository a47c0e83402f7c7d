"""URLs of pictures: a public picture's is permanent, a private one's is presigned when somebody looks, and expires within minutes.

A presigned URL is complete: nothing may be put before it.
"""

from typing import Any
from urllib.parse import quote

from nst.domain import media_type
from nst.domain.keys import is_public
from nst.store.aws.errors import PICTURES, translate_errors
from nst.store.ports import Links


class CloudLinks(Links):
    """
    Args:
        client: of S3, with a role that may read what it signs: a URL has the rights of its signer, and expires with the signer's keys.
        public_url: the prefix of URLs of public pictures; None to presign all.
        seconds: lifetime of a presigned URL.
    """

    def __init__(self, client: Any, bucket: str, prefix: str, public_url: str | None, seconds: int) -> None:
        self._client, self._bucket, self._seconds = client, bucket, seconds
        self._prefix = f"{prefix}/" if prefix else ""
        self._public_url = public_url.rstrip("/") if public_url else None

    def link(self, key: str, name: str) -> str:
        if permanent := self.public_url(key):
            return permanent
        wanted = {
            "Bucket": self._bucket,
            "Key": self._prefix + key,
            "ResponseContentType": media_type(key),
            "ResponseContentDisposition": f'inline; filename="{name}"',
        }
        with translate_errors(PICTURES):
            url: str = self._client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=self._seconds)
        return url

    def public_url(self, key: str) -> str | None:
        return f"{self._public_url}/{quote(self._prefix + key)}" if self._public_url and is_public(key) else None
