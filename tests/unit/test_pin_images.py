"""scripts.pin_images, with a registry of this machine."""

import hashlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from scripts.pin_images import FILES, MANIFESTS, NAMED, ROOT, NoDigest, Registry, pinned
from tests.support.web import Web, answering, running

LIST, ONE = MANIFESTS.split(", ")[0], "application/vnd.oci.image.manifest.v1+json"
DIGESTS = {name: f"sha256:{hashlib.sha256(name.encode()).hexdigest()}" for name in ("python", "valkey")}


@pytest.fixture
def web() -> Iterator[Web]:
    with running(Web()) as web:
        challenge = f'Bearer realm="{web.url}/token",service="registry",scope="repository:library/python:pull"'

        def python(asked: BaseHTTPRequestHandler) -> None:
            if asked.headers.get("Authorization") == "Bearer anybody":
                answering(body=b"python", Content_Type=LIST)(asked)
            else:
                answering(401, WWW_Authenticate=challenge)(asked)

        web.pages = {
            "/token": answering(body=b'{"token": "anybody"}'),
            "/v2/library/python/manifests/3.11-slim": python,
            "/v2/valkey/valkey/manifests/8.1-alpine": answering(body=b"valkey", Content_Type=LIST),
            "/v2/library/single/manifests/1": answering(body=b"single", Content_Type=ONE),
        }
        yield web


def test_images_with_tags_get_their_digests(web: Web) -> None:
    text = "FROM python:3.11-slim{}\n  image: valkey/valkey:8.1-alpine{} # or another\n  image: pastiche\n"
    assert pinned(text.format("", ""), Registry(web.url)) == text.format(f"@{DIGESTS['python']}", f"@{DIGESTS['valkey']}")
    assert "/token?service=registry&scope=repository%3Alibrary%2Fpython%3Apull" in [path for path, _ in web.seen]


def test_an_image_that_is_pinned_is_pinned_again(web: Web) -> None:
    assert pinned(f"FROM python:3.11-slim@sha256:{'0' * 64}\n", Registry(web.url)) == f"FROM python:3.11-slim@{DIGESTS['python']}\n"


@pytest.mark.parametrize("image", ["single:1", "python:none"])
def test_an_image_without_a_digest_for_all_machines_is_refused(web: Web, image: str) -> None:
    with pytest.raises(NoDigest, match=image):
        pinned(f"FROM {image}\n", Registry(web.url))


@pytest.mark.parametrize("name", FILES)
def test_every_file_names_images_that_can_be_pinned(name: str) -> None:
    assert NAMED.search(Path(ROOT / name).read_text(encoding="utf-8"))
