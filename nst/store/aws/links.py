"""Addresses of pictures: a public one's is its key behind the public base, a private one's is signed when somebody looks, for minutes.

A signed address is whole. Nothing is ever put before it.
"""

from typing import Any
from urllib.parse import quote

from nst.domain import media_type
from nst.store.aws.clients import in_our_words


class CloudLinks:
    """`Links`.

    Args:
        client: of S3, whose role may read what is signed: an address has no more rights than its signer, and dies with his keys.
        public_url: what stands before the keys of public pictures; None for signed addresses of all.
    """

    def __init__(self, client: Any, bucket: str, prefix: str, public_url: str | None, seconds: int) -> None:
        self._client, self._bucket, self._seconds = client, bucket, seconds
        self._prefix = f"{prefix}/" if prefix else ""
        self._public_url = public_url.rstrip("/") if public_url else None

    def link(self, key: str, name: str) -> str:
        if self._public_url and key.startswith("public/"):
            return f"{self._public_url}/{quote(self._prefix + key)}"
        wanted = {
            "Bucket": self._bucket,
            "Key": self._prefix + key,
            "ResponseContentType": media_type(key),
            "ResponseContentDisposition": f'inline; filename="{name}"',
        }
        with in_our_words():
            address: str = self._client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=self._seconds)
        return address
