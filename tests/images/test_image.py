"""The image of the studio, which is also that of workers, the gateway and the cloud's agent: built and started."""

from tests.support.containers import engine, in_image, painted, painting_of, started, volume
from tests.support.waiting import until

ANY_USER = ("--user", "12345:0", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")  # noqa: S108


def test_a_painting_of_one_run_is_there_in_the_next(image: str) -> None:
    with volume() as data:
        with started(image, "--volume", f"{data}:/data") as container:
            until(container.is_healthy, pause=1)
            job_id, painting = painted(container.url)
        with started(image, "--volume", f"{data}:/data") as container:
            assert painting_of(container.url, job_id) == painting


def test_any_user_can_run_it_with_a_root_that_cannot_be_written(image: str) -> None:
    with volume() as data, started(image, *ANY_USER, "--volume", f"{data}:/data") as container:
        assert container.run("id", "-u") == "12345"
        assert painted(container.url)
        until(container.is_healthy, pause=1)


def test_it_runs_as_an_ordinary_user_who_owns_only_the_data(image: str) -> None:
    found = in_image(image, "sh", "-c", "id -u; find / -xdev -writable -not -type l -not -path '/proc/*' -not -path '/dev/*' -prune").stdout
    user, *writable = found.split()
    assert user == "1000"
    assert set(writable) <= {"/data", "/home/studio", "/tmp", "/var/tmp", "/run/lock"}  # noqa: S108


def test_a_terminated_container_ends_by_itself(image: str) -> None:
    with started(image) as container:
        assert container.run("cat", "/proc/1/comm") == "tini"
        engine("stop", "-t", "120", container.name)
        assert container.state("ExitCode") in ("0", "143")


def test_the_image_has_what_runs_and_no_caches(image: str) -> None:
    listing = "ls -A /app; echo --; find /root /tmp /var/lib/apt/lists /var/cache/apt -type f -size +64k"
    own, _, caches = in_image(image, "sh", "-c", listing, options=("--user", "0")).stdout.partition("--")
    folders, files = {".streamlit", "nst", "pages", "worker"}, {"LICENSE", "constraints.txt", "requirements.txt", "streamlit_app.py"}
    assert set(own.split()) == folders | files
    assert not caches.split()


def test_the_agent_says_how_it_is_used_and_what_it_lacks(image: str) -> None:
    agent = ("python", "-m", "worker.batch")
    usage = in_image(image, *agent, "--help")
    assert usage.returncode == 0
    assert "CONTENT_KEY" in usage.stdout
    lacking = in_image(image, *agent, "--style", "tide-wash", "--request-id", "studio::x", "public/input/x.jpg")
    assert lacking.returncode == 1
    assert "Set IMAGE_BUCKET_NAME" in lacking.stderr


def test_the_command_line_paints_in_the_image(image: str) -> None:
    with volume() as data:
        command = "python -m nst demo --mode instant --preset draft --output /data/demo.jpg && ls /data/demo.jpg"
        done = in_image(image, "sh", "-c", command, options=("--volume", f"{data}:/data"))
        assert done.returncode == 0, done.stderr
