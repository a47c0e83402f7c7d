"""Pin the container images that the project's files name to their digests: `.venv/bin/python -m scripts.pin_images`.

It asks Docker Hub. A tag can be moved to other contents, a digest cannot. Images that are pinned already are pinned to what their tags
name now.
"""

import argparse
import hashlib
import re
import sys
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
FILES = ("Dockerfile", "deploy/compose.yaml", "deploy/helm/pastiche/values.yaml")
HUB = "https://registry-1.docker.io"
NAMED = re.compile(r"^(FROM|\s+image:) (?P<name>[a-z0-9/_-]+):(?P<tag>[\w.-]+)(@sha256:[0-9a-f]{64})?(?=\s|$)", re.MULTILINE)
MANIFESTS = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json"
"""The lists of an image's manifests, one for each kind of machine: their digest is valid on all."""


class NoDigest(Exception):
    """An image that the registry does not have, or not for several kinds of machine."""


class Registry:
    """A container registry that anybody may read."""

    def __init__(self, url: str = HUB) -> None:
        self._client = httpx.Client(base_url=url, follow_redirects=True)

    def digest_of(self, name: str, tag: str) -> str:
        """The digest of an image, as `sha256:...`.

        Raises:
            NoDigest: when there is none.
            httpx.HTTPError: when the registry does not answer.
        """
        path = f"/v2/{name if '/' in name else f'library/{name}'}/manifests/{tag}"
        answer = self._client.get(path, headers={"Accept": MANIFESTS})
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            answer = self._client.get(path, headers={"Accept": MANIFESTS, "Authorization": f"Bearer {self._token(answer)}"})
        if not answer.is_success or answer.headers.get("Content-Type") not in MANIFESTS.split(", "):
            raise NoDigest(f"{name}:{tag}: the registry answers {answer.status_code}, {answer.headers.get('Content-Type')}.")
        return f"sha256:{hashlib.sha256(answer.content).hexdigest()}"

    def _token(self, refusal: httpx.Response) -> str:
        """A token for anybody, from where the refusal says."""
        asked = dict(re.findall(r'(\w+)="([^"]*)"', refusal.headers.get("WWW-Authenticate", "")))
        answer = self._client.get(asked.pop("realm"), params=asked).raise_for_status()
        token: str = answer.json()["token"]
        return token


def pinned(text: str, registry: Registry) -> str:
    """A file's text, with the present digest of each image that it names by a tag."""
    return NAMED.sub(lambda found: f"{found[1]} {found['name']}:{found['tag']}@{registry.digest_of(found['name'], found['tag'])}", text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--registry", default=HUB, metavar="URL", help="default: %(default)s")
    registry = Registry(parser.parse_args().registry)
    try:
        texts = {ROOT / name: pinned((ROOT / name).read_text(encoding="utf-8"), registry) for name in FILES}
    except (NoDigest, httpx.HTTPError) as error:
        sys.exit(f"Nothing is pinned: {error}")
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
