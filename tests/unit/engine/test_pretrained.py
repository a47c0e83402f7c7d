"""The real loading code, over HTTP on the loopback, with a state dict as torchvision saves it (of small random numbers)."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from nst.engine.encoders.pretrained import VGG19_FILE, VGG19_INDEX, Source, fetch_vgg19, import_vgg19
from nst.engine.encoders.registry import load_encoder
from nst.engine.encoders.vgg19 import VGG19
from nst.errors import WeightsUnavailable


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What the server holds: VGG-19's features in torchvision's naming, and one tensor of a classifier that is not kept."""
    shapes = VGG19().state_dict()
    state = {
        f"features.{index}.{part}": shapes[f"convs.{layer}.{part}"] for layer, index in VGG19_INDEX.items() for part in ("weight", "bias")
    }
    file = tmp_path_factory.mktemp("saved") / "vgg19.pth"
    torch.save({**state, "classifier.0.weight": torch.zeros(3, 3)}, file)
    return file.read_bytes()


class Server(ThreadingHTTPServer):
    """Serves `body`, less `cut` bytes at the end, after `drops` connections closed without an answer."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.cut, self.drops, self.requests = b"", 0, 0, 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/vgg19.pth"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests += 1
        if self.server.requests <= self.server.drops:
            self.connection.close()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body[: len(self.server.body) - self.server.cut])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(saved: bytes) -> Iterator[Server]:
    with Server() as server:
        server.body = saved
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def source_of(server: Server, data: bytes) -> Source:
    return Source(server.url, hashlib.sha256(data).hexdigest()[:8])


def test_a_good_file_is_kept_as_features_alone(server: Server, saved: bytes, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    kept = fetch_vgg19(tmp_path / "new", source=source_of(server, saved), on_bytes=lambda done, total: heard.append((done, total)))
    assert kept.name == VGG19_FILE
    assert heard[-1] == (len(saved), len(saved))
    assert [path.name for path in kept.parent.iterdir() if path.suffix != ".lock"] == [VGG19_FILE]
    encoder = load_encoder("vgg19", torch.device("cpu"), kept.parent)
    features = encoder(torch.rand(1, 3, 32, 32), ["relu5_1"])
    assert tuple(features["relu5_1"].shape) == (1, 512, 2, 2)


def test_what_is_kept_is_not_fetched_again(server: Server, saved: bytes, tmp_path: Path) -> None:
    for _ in range(2):
        fetch_vgg19(tmp_path, source=source_of(server, saved))
    assert server.requests == 1


def test_a_wrong_hash_keeps_nothing_and_says_which_was_wanted(server: Server, tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="should begin with deadbeef"):
        fetch_vgg19(tmp_path, source=Source(server.url, "deadbeef"))
    assert not (tmp_path / VGG19_FILE).exists()


def test_a_truncated_file_keeps_nothing(server: Server, saved: bytes, tmp_path: Path) -> None:
    server.cut = 1000
    with pytest.raises(WeightsUnavailable, match="could not be fetched"):
        fetch_vgg19(tmp_path, source=source_of(server, saved))
    assert not (tmp_path / VGG19_FILE).exists()


def test_a_dropped_connection_is_tried_again(server: Server, saved: bytes, tmp_path: Path) -> None:
    server.drops = 2
    assert fetch_vgg19(tmp_path, source=source_of(server, saved)).exists()
    assert server.requests == 3


def test_without_a_server_the_sentence_says_what_to_fetch_and_where_it_goes(tmp_path: Path) -> None:
    with Server() as closed:
        source = Source(closed.url, "dcbb9e9d")
    with pytest.raises(WeightsUnavailable) as caught:
        fetch_vgg19(tmp_path, source=source)
    for part in (source.url, source.digest_prefix, str(tmp_path), "--from FILE"):
        assert part in str(caught.value)


def test_a_file_fetched_by_other_means_is_taken_in(saved: bytes, tmp_path: Path) -> None:
    file = tmp_path / "by-hand.pth"
    file.write_bytes(saved)
    kept = import_vgg19(file, tmp_path / "weights", digest_prefix=hashlib.sha256(saved).hexdigest()[:8])
    assert kept.exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match=r"nowhere\.pth cannot be read"):
        import_vgg19(tmp_path / "nowhere.pth", tmp_path / "weights")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(WeightsUnavailable, match="NST_WEIGHTS_DIR"):
        import_vgg19(tmp_path / "x.pth", tmp_path / "file" / "weights")
