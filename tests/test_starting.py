"""Settings that cannot be used end the start of whatever serves, with a sentence and no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.aws import CHOSEN
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


CLOUD: dict[str, str | None] = {
    "NST_BACKEND": "aws",
    "NST_OBJECTS_URL": "s3://pictures",
    "NST_BATCH_QUEUE": "queue",
    "NST_BATCH_DEFINITION": "agent",
    "NST_DONE_QUEUE_URL": "https://sqs.example/done",
    **CHOSEN,
    "NST_REDIS_URL": "redis://localhost:1",
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_DEFAULT_REGION": None,
    "AWS_REGION": None,
}


@pytest.mark.parametrize("way", [*WAYS, "agent"])
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"NST_DISK_BYTES": None}, "NST_BACKEND=aws needs NST_DISK_BYTES"),
        ({"NST_MAX_PIXELS": "many"}, "NST_MAX_PIXELS (largest picture"),
        ({"NST_HOSTS": "pastiche.example"}, "not valid JSON"),
        ({}, "Set AWS_DEFAULT_REGION"),
    ],
)
def test_settings_of_the_cloud_that_cannot_be_used_end_the_start_with_a_sentence(
    way: str, changes: dict[str, str | None], sentence: str
) -> None:
    port = [str(free_port())] if way in ("studio", "gateway") else []
    agent = ["-m", "worker.batch", "--style", "tide-wash", "--request-id", "studio::x", "public/input/x.jpg"]
    chosen = {**os.environ, **CLOUD, "IMAGE_BUCKET_NAME": "b", "JOB_DONE_QUEUE_URL": "u", "PYTHONPATH": str(ROOT), **changes}
    environment = {name: value for name, value in chosen.items() if value is not None}
    command = [sys.executable, *(agent if way == "agent" else [*WAYS[way], *port])]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", timeout=240)
    assert done.returncode not in (0, 143)
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_an_agent_without_bucket_and_queue_ends_with_a_sentence() -> None:
    command = [sys.executable, "-m", "worker.batch", "--style", "tide-wash", "--request-id", "studio::x", "public/input/x.jpg"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "IMAGE_BUCKET_NAME": "", "JOB_DONE_QUEUE_URL": ""}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", timeout=240)
    assert done.returncode == 1
    assert "Set IMAGE_BUCKET_NAME (the bucket of the pictures) and JOB_DONE_QUEUE_URL (the SQS queue for reports)." in done.stderr
    assert "Traceback" not in done.stderr
