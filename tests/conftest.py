"""Pictures and encoders that every test may use."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.support import servers
from tests.support.encoder import TinyEncoder
from tests.support.pictures import picture

# Settings in the environment do not reach the tests.
for name in [name for name in os.environ if name.startswith("NST_")]:
    del os.environ[name]
# No test, and no process that a test starts, reads or writes the user's own folders.
os.environ["NST_DATA_DIR"] = tempfile.mkdtemp(prefix="pastiche-tests-")
os.environ["NST_WEIGHTS_DIR"] = str(Path(os.environ["NST_DATA_DIR"]) / "weights")

TESTS = Path(__file__).parent
# What the tests of a folder need: no server (unit), workers, Redis, Node or a simulated AWS (servers), a browser (e2e), containers (images)
MARKERS = {"unit": "unit", "compatibility": "unit", "deploy": "unit", "e2e": "e2e", "images": "images"}
TIMEOUTS = {"e2e": 900, "fleet": 900, "hostile": 1800, "images": 3600}
"""Seconds for a test of folders in which a fixture or a test waits for many paintings or files."""
LONG = [
    TESTS / name
    for name in (
        "e2e/test_studio.py",
        "hostile/test_attacks.py",
        "e2e/test_accessibility.py",
        "unit/engine/test_memory_budget.py",
        "e2e/test_parts.py",
        "hostile/test_mixed_traffic.py",
        "gateway/test_memory.py",
        "fleet/test_failures.py",
        "e2e/test_coming_back.py",
        "e2e/test_gallery_browsing.py",
        "e2e/test_crop.py",
        "e2e/test_gallery.py",
        "cloud/test_outages.py",
        "worker/test_processes.py",
        "e2e/test_base_path.py",
        "hostile/test_corpus.py",
        "e2e/test_cloud.py",
        "fleet/test_chaos.py",
    )
]
"""Modules of half a minute and more, the longest first: a process runs a whole module, and the run ends when the last one is done."""
assert all(path.is_file() for path in LONG)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long modules first, and mark each test by its folder, unless its module says what it needs. `slow` is set on single tests and
    modules.

    A test with processes or a browser that fails runs a second time: one race in thousands of tests is then listed in the summary
    (RERUN) and does not fail the whole run. A defect fails both times.
    """
    order = {path: number for number, path in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path, len(order)))
    for item in items:
        folder, *rest = item.path.relative_to(TESTS).parts
        if {mark.name for mark in item.iter_markers()}.isdisjoint({"servers", *MARKERS.values()}):
            item.add_marker(MARKERS.get(folder, "servers") if rest else "unit")
        if not item.get_closest_marker("unit"):
            item.add_marker(pytest.mark.flaky(reruns=1))
        if folder in TIMEOUTS and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(TIMEOUTS[folder]))


@pytest.fixture(scope="session", autouse=True)
def _servers() -> Iterator[None]:
    yield
    servers.stop_all()


@pytest.fixture
def tiny() -> TinyEncoder:
    return TinyEncoder()


@pytest.fixture
def photo() -> Image.Image:
    return picture(96, 64)


@pytest.fixture
def style() -> Image.Image:
    return picture(80, 80, seed=1)
