"""A folder of styles that cannot be read ends the start of whatever serves, with a sentence and no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.servers import free_port

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.servers
WAYS = {
    "studio": ["-m", "uvicorn", "streamlit_app:app", "--port"],
    "gateway": ["-m", "nst.gateway", "--port"],
    "worker": ["-m", "worker"],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", ["missing", "file"])
def test_a_folder_of_styles_that_cannot_be_read_ends_the_start_with_a_sentence(tmp_path: Path, way: str, make: str) -> None:
    folder = tmp_path / "styles"
    if make == "file":
        folder.touch()
    port = [str(free_port())] if way != "worker" else []
    environment = {**os.environ, "NST_DATA_DIR": str(tmp_path / "data"), "NST_STYLES_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *WAYS[way], *port], cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", timeout=240
    )
    assert done.returncode not in (0, 143)
    assert "NST_STYLES_DIR" in done.stderr
    assert "Traceback" not in done.stderr
