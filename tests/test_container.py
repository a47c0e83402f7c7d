"""The Dockerfile, .dockerignore and the front page for Hugging Face Spaces, read as text: there is no Docker where the tests run."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def instructions() -> list[tuple[str, str]]:
    """(name, argument), with continued lines joined and comments left out."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(name, argument) for name, _, argument in (line.partition(" ") for line in joined.splitlines() if line.strip())]


def all_of(name: str) -> list[str]:
    return [argument for found, argument in instructions() if found == name]


def environment() -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(all_of("ENV"))))


def front_matter() -> dict[str, str]:
    _, matter, _ = (ROOT / "deploy" / "spaces" / "README.md").read_text().split("---\n", 2)
    return dict(re.findall(r"^(\w+): (.*)$", matter, re.MULTILINE))


def lets_through(path: str) -> bool:
    """What .dockerignore does with a path, for the few forms that ours has: the last line that fits decides."""
    verdict = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!")
        fits = path == pattern or path.startswith(f"{pattern}/") or pattern == "*"
        fits = fits or (pattern.startswith("**/") and any(Path(part).match(pattern[3:]) for part in path.split("/")))
        if line and not line.startswith("#") and fits:
            verdict = line.startswith("!")
    return verdict


def test_the_base_is_pinned_to_a_patch_release_of_a_python_that_we_support() -> None:
    (base,) = all_of("FROM")
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", base)


def test_the_app_runs_as_nobody_special_and_owns_its_data_alone() -> None:
    names = [name for name, _ in instructions()]
    assert all_of("USER") == ["1000"]
    assert names.index("USER") > max(place for place, name in enumerate(names) if name in ("RUN", "COPY"))
    assert any("--uid 1000 studio" in run and "--owner=studio --group=studio /data" in run for run in all_of("RUN"))
    assert not any("--chown" in copy for copy in all_of("COPY"))
    assert environment()["NST_DATA_DIR"].startswith("/data/")


def test_what_is_installed_is_installed_before_the_code_is_copied() -> None:
    order = [name if name == "RUN" else argument for name, argument in instructions() if name in ("RUN", "COPY")]
    assert order == ["RUN", "requirements.txt constraints.txt ./", "RUN", ". ."]


def test_torch_and_torchvision_come_together_from_the_index_that_is_asked_for() -> None:
    assert all_of("ARG") == ['TORCH_INDEX=""']
    (installing,) = (run for run in all_of("RUN") if "pip install" in run)
    (pattern,) = re.findall(r"grep -E '([^']+)'", installing)
    pinned = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if re.search(pattern, line)]
    assert [line.partition("==")[0] for line in pinned] == ["torch", "torchvision"]
    assert '--no-deps --index-url "$TORCH_INDEX" -r torch.txt' in installing
    assert installing.endswith("&& pip install -c constraints.txt -r requirements.txt")


def test_the_health_check_asks_streamlit_at_the_port_that_is_served() -> None:
    (check,) = all_of("HEALTHCHECK")
    command = json.loads(check[check.index("[") :])
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
        "nst/images.py",
        "nst/weights/compact.safetensors",
        "worker/__main__.py",
        "pages/gallery.py",
        "streamlit_app.py",
        ".streamlit/config.toml",
    ],
)
def test_what_runs_is_in_the_image(path: str) -> None:
    assert lets_through(path)


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
def test_what_does_not_run_or_is_secret_is_not(path: str) -> None:
    assert not lets_through(path)


def test_the_space_is_a_docker_space_on_the_port_that_the_image_serves() -> None:
    found = front_matter()
    assert (found["sdk"], found["app_port"]) == ("docker", environment()["STREAMLIT_SERVER_PORT"])
    assert {"title", "emoji", "colorFrom", "colorTo", "license"} <= found.keys()
    assert len(found["short_description"]) <= 60  # longer ones are refused
