"""The Dockerfile, .dockerignore and the front page for Hugging Face Spaces, read as text: the tests run without Docker."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.web import Web, answering, running

ROOT = Path(__file__).parents[1]


def instructions() -> list[tuple[str, str]]:
    """(name, argument) of each instruction, without comments."""
    lines = [line for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(name, argument) for name, _, argument in (line.partition(" ") for line in joined.splitlines() if line.strip())]


def all_of(name: str) -> list[str]:
    return [argument for found, argument in instructions() if found == name]


def environment() -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(all_of("ENV"))))


def front_matter() -> dict[str, str]:
    _, matter, _ = (ROOT / "deploy" / "spaces" / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return dict(re.findall(r"^(\w+): (.*)$", matter, re.MULTILINE))


def admits(path: str) -> bool:
    """Whether .dockerignore admits a path, for the forms of patterns that it has: the last matching line decides."""
    verdict = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!")
        fits = path == pattern or path.startswith(f"{pattern}/") or pattern == "*"
        fits = fits or (pattern.startswith("**/") and any(Path(part).match(pattern[3:]) for part in path.split("/")))
        if line and not line.startswith("#") and fits:
            verdict = line.startswith("!")
    return verdict


def test_the_base_image_is_pinned_to_a_patch_release_of_a_supported_python() -> None:
    (base,) = all_of("FROM")
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?", base)


def test_the_app_runs_as_an_ordinary_user_and_owns_only_its_data() -> None:
    names = [name for name, _ in instructions()]
    assert all_of("USER") == ["1000"]
    assert names.index("USER") > max(place for place, name in enumerate(names) if name in ("RUN", "COPY"))
    assert any("--uid 1000 studio" in run and "--owner=studio --group=root --mode=775 /data" in run for run in all_of("RUN"))
    assert not any("--chown" in copy for copy in all_of("COPY"))
    assert environment()["NST_DATA_DIR"].startswith("/data/")


def test_dependencies_are_installed_before_the_code_is_copied() -> None:
    order = [name if name == "RUN" else argument for name, argument in instructions() if name in ("RUN", "COPY")]
    assert order == ["RUN", "requirements.txt constraints.txt ./", "RUN", ". ."]


def test_torch_and_torchvision_come_from_the_same_index() -> None:
    assert all_of("ARG") == ['TORCH_INDEX=""']
    (installing,) = (run for run in all_of("RUN") if "pip install" in run)
    (pattern,) = re.findall(r"grep -E '([^']+)'", installing)
    pinned = [line for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines() if re.search(pattern, line)]
    assert [line.partition("==")[0] for line in pinned] == ["torch", "torchvision"]
    assert '--no-deps --index-url "$TORCH_INDEX" -r torch.txt' in installing
    assert installing.endswith("&& pip install -c constraints.txt -r requirements.txt")


def _health_check() -> list[str]:
    (check,) = all_of("HEALTHCHECK")
    command: list[str] = json.loads(check[check.index("[") :])
    return command


def test_the_health_check_asks_streamlit_at_the_served_port() -> None:
    command = _health_check()
    assert command[:2] == ["python", "-c"]
    compile(command[2], "health", "exec")
    assert "/_stcore/health" in command[2]
    assert all_of("EXPOSE") == [environment()["STREAMLIT_SERVER_PORT"]] == ["8501"]
    assert environment()["PYTHONDONTWRITEBYTECODE"] == "1"


def test_the_app_is_started_without_a_shell_under_a_reaper() -> None:
    assert [json.loads(argument) for argument in all_of("ENTRYPOINT") + all_of("CMD")] == [
        ["tini", "--"],
        ["streamlit", "run", "streamlit_app.py"],
    ]


@pytest.mark.parametrize(
    "path",
    [
        "nst/images/codec.py",
        "nst/weights/compact.safetensors",
        "worker/__main__.py",
        "pages/gallery.py",
        "streamlit_app.py",
        ".streamlit/config.toml",
    ],
)
def test_the_image_has_what_runs(path: str) -> None:
    assert admits(path)


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".env",
        ".venv/bin/python",
        "tests/builders.py",
        "notebooks/tour.ipynb",
        "nst/__pycache__/a.pyc",
        ".streamlit/secrets.toml",
    ],
)
def test_the_image_has_no_secrets_and_nothing_that_does_not_run(path: str) -> None:
    assert not admits(path)


def test_the_space_uses_docker_and_the_port_of_the_image() -> None:
    found = front_matter()
    assert (found["sdk"], found["app_port"]) == ("docker", environment()["STREAMLIT_SERVER_PORT"])
    assert {"title", "emoji", "colorFrom", "colorTo", "license"} <= found.keys()
    assert len(found["short_description"]) <= 60  # longer ones are refused


@pytest.mark.parametrize("base", ["", "studio", "/a/b/"])
def test_the_health_check_finds_the_studio_below_its_path_and_uses_no_proxy(base: str) -> None:
    path = f"/{base.strip('/')}/_stcore/health".replace("//", "/")
    with running(Web({path: answering(body=b"ok")})) as web:
        own = {"STREAMLIT_SERVER_PORT": str(web.server_port), "STREAMLIT_SERVER_BASE_URL_PATH": base, "http_proxy": "http://127.0.0.1:9"}
        subprocess.run([sys.executable, "-c", _health_check()[2]], env={**os.environ, **own, "no_proxy": ""}, check=True)
        assert [asked for asked, _ in web.seen] == [path]
