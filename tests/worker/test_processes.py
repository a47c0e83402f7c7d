"""The worker with real children, and as a real process. Waits end when what they wait for has happened, and fail after minutes."""

import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest

from nst.bootstrap import open_catalogue
from nst.domain import FencingToken, Job, JobState, Mode, StyleParams, StyleShare
from nst.domain.keys import timelapse_key
from nst.model_process.messages import Done, FromChild, PaintRequest
from nst.model_process.parent import BROKEN, ModelProcess
from nst.service import RegionChoice, Service, StyleChoice
from nst.service.retention import delete_orphans
from nst.settings import Settings
from nst.store.ports import Backend
from nst.worker.loop import Worker
from tests.support.jobs import state_of
from tests.support.pictures import half_mask, noise_bytes, picture_bytes
from tests.support.waiting import PATIENCE, until
from tests.support.worker_processes import order, program, worker_process
from tests.support.workers import service_of
from tests.worker.conftest import MakeSettings
from tests.worker.engines import killed, raises, taken_over


class Here:
    """A worker in this process, with a child that is one."""

    def __init__(self, settings: Settings) -> None:
        self.backend, self.service = service_of(settings)
        self.worker = Worker("here", self.backend, open_catalogue(settings), settings, partial(ModelProcess, settings))

    def work_until(self, what: Callable[[], object]) -> None:
        def worked() -> object:
            if not self.worker.step(time.time()):
                return what()
            self.worker.rest()
            return what()

        until(worked)

    def finished(self, job: Job) -> Job:
        self.work_until(lambda: self.record(job).state.is_terminal)
        return self.record(job)

    def record(self, job: Job) -> Job:
        return self.service.get(job.id, "anna")


@pytest.fixture
def here(make_settings: MakeSettings) -> Iterator[Callable[..., Here]]:
    workers: list[Here] = []

    def make(*args: object, **changes: object) -> Here:
        workers.append(Here(make_settings(*args, **changes)))
        return workers[-1]

    yield make
    for each in workers:
        each.worker.stop(time.time())


def test_a_job_is_painted_with_progress_and_preview(here: Callable[..., Here]) -> None:
    bench = here("quick")
    job = bench.service.submit("anna", order())
    bench.work_until(lambda: bench.service.preview(job.id, "anna"))
    assert bench.record(job).progress.stage == "scale 1 of 1"
    done = bench.finished(job)
    assert (done.state, done.recipe) == (JobState.SUCCEEDED, {"engine": "quick"})
    assert bench.service.result(job.id, "anna").startswith(b"\xff\xd8")


def test_the_engine_is_given_the_regions_of_a_job(here: Callable[..., Here]) -> None:
    bench = here("tells_regions")
    own = picture_bytes(40, 80)
    in_part = [StyleChoice(own, part=half_mask(60, 90)), StyleChoice(own), StyleChoice(own, part="dark")]
    regions = [
        RegionChoice(half_mask(), [StyleChoice(own, 2.0)], 0.25),
        RegionChoice("colour:#4466aa:30"),
        RegionChoice(half_mask()),
        RegionChoice("sky", in_part),
    ]
    done = bench.finished(bench.service.submit("anna", replace(order(), regions=regions)))
    mask = ["L", 96, 64, 255, 0]
    assert done.recipe == {
        "regions": [
            {"mask": mask, "styles": [[40, 80, 2.0]], "strength": 0.25},
            {"mask": "colour:#4466aa:30", "styles": [], "strength": None},
            {"mask": mask, "styles": [], "strength": None},
            {"mask": "sky", "styles": [[40, 80, 1.0]] * 3, "strength": None, "style_masks": [["L", 60, 90, 255, 0], None, "dark"]},
        ]
    }


def test_a_part_that_a_style_does_not_have_ends_in_a_sentence(here: Callable[..., Here]) -> None:
    bench = here("real")
    regions = [RegionChoice(half_mask(), [StyleChoice(picture_bytes(colour="red"), part="colour:#00ff00:1")])]
    failed = bench.finished(bench.service.submit("anna", replace(order(), regions=regions)))
    assert (failed.state, failed.recipe) == (JobState.FAILED, None)
    assert "Nothing was found for 'colour:#00ff00:1' in a style's picture. Choose another part" in (failed.error or "")


@pytest.mark.parametrize(
    ("engine", "strength", "sentence"),
    [
        ("raises", raises.WITH_A_SENTENCE, "Nothing finite was found. Lower the strength."),
        ("raises", raises.WITHOUT_MEMORY, "needs more memory"),
        ("raises", raises.WITHOUT_MEMORY_IN_TORCH, "needs more memory"),
        ("raises", 0.5, "a problem on our side"),
        ("killed", 0.5, "most likely because memory ran out"),
        ("killed", killed.EXITS, "broke off unexpectedly"),
    ],
)
def test_whatever_befalls_an_engine_ends_in_a_sentence(here: Callable[..., Here], engine: str, strength: float, sentence: str) -> None:
    bench = here(engine)
    failed = bench.finished(bench.service.submit("anna", order(strength=strength)))
    assert failed.state is JobState.FAILED
    assert sentence in (failed.error or "")
    assert "secret" not in (failed.error or "")


def request(strength: float = 0.5) -> PaintRequest:
    return PaintRequest(FencingToken("0" * 32, 1), picture_bytes(), (StyleShare(picture_bytes()),), StyleParams(strength=strength), ".png")


@pytest.fixture
def start(make_settings: MakeSettings) -> Iterator[Callable[[str], ModelProcess]]:
    """Starts a model process with the test engine of this name."""
    started: list[ModelProcess] = []

    def start_one(engine: str) -> ModelProcess:
        started.append(ModelProcess(make_settings(engine)))
        return started[-1]

    yield start_one
    for child in started:
        child.kill()


def test_the_parent_receives_plain_values_and_so_never_loads_what_the_child_has_loaded(start: Callable[[str], ModelProcess]) -> None:
    child = start("quick")
    child.send(request())
    received: list[FromChild] = []
    until(lambda: received.extend(child.received()) or any(isinstance(message, Done) for message in received))
    (done,) = (message for message in received if isinstance(message, Done))
    assert type(done.recipe["engine"]) is str
    assert done.picture.startswith(b"\x89PNG")


@pytest.mark.parametrize(("mode", "is_filmed"), [(Mode.OPTIMISED, True), (Mode.QUICK, True), (Mode.INSTANT, False)])
def test_paintings_with_steps_have_a_time_lapse(start: Callable[[str], ModelProcess], mode: Mode, is_filmed: bool) -> None:
    child = start("quick")
    asked = request()
    child.send(replace(asked, params=replace(asked.params, mode=mode)))
    received: list[FromChild] = []
    until(lambda: received.extend(child.received()) or any(isinstance(message, Done) for message in received))
    (done,) = (message for message in received if isinstance(message, Done))
    assert (done.film is not None) == is_filmed
    assert len(done.thumbnails) == 2


def test_the_child_is_given_no_secret(start: Callable[[str], ModelProcess], monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("NST_ADMIN_TOKEN", "NST_REDIS_URL")
    for name in secrets:
        monkeypatch.setenv(name, "redis://a-long-secret")
    child = start("quick")
    until(child.received)
    assert not [name for name in psutil.Process(child.pid).environ() if name in secrets]


@pytest.mark.parametrize("strength", [taken_over.GARBAGE, taken_over.OVERSIZED])
def test_a_child_that_sends_no_messages_is_killed(start: Callable[[str], ModelProcess], strength: float) -> None:
    child = start("taken_over")
    child.send(request(strength))
    until(lambda: not child.received() and child.exit_code is not None)
    assert child.exit_code == BROKEN
    child.wait(60.0)  # returns at once


@pytest.mark.parametrize("strength", [taken_over.GARBAGE, taken_over.OVERSIZED, taken_over.UNFINISHED])
def test_a_job_whose_child_sends_no_messages_fails(here: Callable[..., Here], strength: float) -> None:
    bench = here("taken_over")
    failed = bench.finished(bench.service.submit("anna", order(strength=strength)))
    assert "broke off unexpectedly" in (failed.error or "")


def test_after_a_childs_death_the_next_job_is_painted_as_well(here: Callable[..., Here]) -> None:
    bench = here("killed")
    first, second = (bench.service.submit("anna", order(token)) for token in "12")
    assert [bench.finished(job).state for job in (first, second)] == [JobState.FAILED, JobState.FAILED]


def test_a_hanging_engine_is_broken_off(here: Callable[..., Here]) -> None:
    bench = here("hangs", hang_seconds=0.5)
    failed = bench.finished(bench.service.submit("anna", order()))
    assert "got stuck" in (failed.error or "")


def test_an_engine_that_takes_too_long_is_broken_off(here: Callable[..., Here]) -> None:
    bench = here("ignores_cancel", job_seconds=1.0)
    failed = bench.finished(bench.service.submit("anna", order()))
    assert "longer than" in (failed.error or "")


@pytest.mark.parametrize("engine", ["hangs", "ignores_cancel"])
def test_cancelling_takes_effect_whether_the_engine_obeys_or_not(here: Callable[..., Here], engine: str) -> None:
    bench = here(engine)
    job = bench.service.submit("anna", order())
    bench.work_until(lambda: bench.record(job).state is JobState.RUNNING)
    bench.service.cancel(job.id, "anna")
    assert bench.finished(job).state is JobState.CANCELLED


def test_a_photo_that_is_stored_larger_than_it_came_is_painted(here: Callable[..., Here]) -> None:
    bench = here("instant", max_bytes=20_000)
    job = bench.service.submit("anna", replace(order(), photo=noise_bytes(200, 200, "WEBP", 10)))
    assert job.size_bytes > 20_000
    assert bench.finished(job).state is JobState.SUCCEEDED


def test_an_engine_that_cannot_be_loaded_fails_jobs_and_not_the_worker(here: Callable[..., Here]) -> None:
    bench = here("absent")
    assert "problem on our side" in (bench.finished(bench.service.submit("anna", order())).error or "")


@pytest.mark.parametrize("options", [(), ("--with-parent",)])
def test_sigterm_gives_the_job_back_and_ends_the_worker(make_settings: MakeSettings, options: tuple[str, ...]) -> None:
    settings = make_settings("ignores_cancel")
    backend, service = service_of(settings)
    job = service.submit("anna", order())
    with worker_process(settings, *options) as process:
        until(lambda: state_of(backend, job.id) is JobState.RUNNING)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    given_back = service.get(job.id, "anna")
    assert (given_back.state, given_back.attempt, given_back.returns) == (JobState.QUEUED, 1, 1)
    assert service.status().workers == []


def test_a_worker_leaves_when_its_parent_has_died(make_settings: MakeSettings) -> None:
    settings = make_settings("ignores_cancel")
    backend, service = service_of(settings)
    job = service.submit("anna", order())
    with worker_process(settings, "--with-parent") as process:
        until(lambda: state_of(backend, job.id) is JobState.RUNNING)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(PATIENCE) == 0
    assert state_of(backend, job.id) is JobState.QUEUED


def is_running(process: int) -> bool:
    """Whether the process exists and has not ended; a zombie has."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children_of(process: int) -> list[int]:
    return [child.pid for child in psutil.Process(process).children()]


def test_a_child_does_not_outlive_its_worker(make_settings: MakeSettings) -> None:
    settings = make_settings("ignores_cancel")
    backend, service = service_of(settings)
    job = service.submit("anna", order())
    with worker_process(settings) as process:
        until(lambda: service.preview(job.id, "anna"))
        children = children_of(process.pid)
        process.kill()
        process.wait(PATIENCE)
    assert children
    until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))
    assert state_of(backend, job.id) is JobState.RUNNING


def submit_twenty(service: Service) -> list[Job]:
    return [service.submit(f"owner-{number % 5}", order(f"form-{number}", public=True)) for number in range(20)]


def kill_while_it_works(settings: Settings, backend: Backend, service: Service, least_done: int) -> None:
    """Starts a worker and kills it while it has a job, once at least so many are done."""
    with worker_process(settings) as process:

        def is_at_work() -> bool:
            mine = [worker for worker in backend.workers.present(0.0) if f"-{process.pid}-" in worker.name]
            done = service.status().counts.get(JobState.SUCCEEDED, 0)
            return done >= least_done and any(worker.job_id for worker in mine)

        until(is_at_work)
        process.kill()
        process.wait(PATIENCE)


def test_thirty_killed_workers_lose_and_double_no_job(make_settings: MakeSettings) -> None:
    settings = make_settings("quick", lease_seconds=2.0, max_attempts=1000)
    backend, service = service_of(settings)
    jobs = submit_twenty(service)
    for number in range(30):
        kill_while_it_works(settings, backend, service, least_done=number // 2)
    with worker_process(settings):
        until(lambda: service.status().counts == {JobState.SUCCEEDED: 20})
    assert sum(service.get(job.id, job.owner).attempt for job in jobs) > 20
    each_is_there_once(backend, service, {job.id for job in jobs})


def each_is_there_once(backend: Backend, service: Service, job_ids: set[str]) -> None:
    """All succeeded, all are in the gallery once, and there are no pictures but theirs."""
    assert service.status().counts == {JobState.SUCCEEDED: len(job_ids)}
    assert sorted(entry.job_id for entry in service.feed(100).entries) == sorted(job_ids)
    assert all(service.result(job_id, "a stranger").startswith(b"\xff\xd8") for job_id in job_ids)
    delete_orphans(backend, now=time.time() + 2 * 86_400)  # a worker killed just after writing the record leaves its preview
    records = [service.get(job_id, "a stranger") for job_id in job_ids]
    films = {timelapse_key(job_id) for job_id in job_ids}
    assert {found.key for found in backend.objects.listing()} - films == {key for record in records for key in record.object_keys}


def submit_until_killed(settings: Settings, numbers: range, kill_after: int) -> list[str]:
    """Has an app submit forms, and kills it after `kill_after` of them. Returns the ids of those it confirmed."""
    with program(settings, "tests.worker.app") as app:
        assert app.stdin is not None
        assert app.stdout is not None
        app.stdin.write(b"".join(b"%d\n" % number for number in numbers))
        app.stdin.flush()
        confirmed = [app.stdout.readline().decode().strip() for _ in range(kill_after)]
        app.kill()
        return confirmed + app.stdout.read().decode().split()


def kill_the_app_while_its_worker_works(settings: Settings, backend: Backend, service: Service, least_done: int) -> None:
    """Starts an app and kills it while its worker has a job, once at least so many are done. Its worker leaves by itself."""
    with program(settings, "tests.worker.app") as app:
        until(lambda: children_of(app.pid))
        workers = children_of(app.pid)

        def is_at_work() -> bool:
            mine = [each for each in backend.workers.present(0.0) if any(f"-{pid}-" in each.name for pid in workers)]
            return service.status().counts.get(JobState.SUCCEEDED, 0) >= least_done and any(each.job_id for each in mine)

        until(is_at_work)
        app.kill()
        app.wait(PATIENCE)
        until(lambda: not any(is_running(pid) for pid in workers))


def test_an_app_killed_and_started_again_loses_and_doubles_no_job(make_settings: MakeSettings) -> None:
    settings = make_settings("quick", lease_seconds=2.0, max_attempts=1000)
    backend, service = service_of(settings)
    confirmed: set[str] = set()
    for kill_after in (0, 3, 5, 7):  # a browser submits again what was not confirmed; here, all
        confirmed.update(submit_until_killed(settings, range(20), kill_after))
    with program(settings, "tests.worker.app") as app:
        out, _ = app.communicate(b"".join(b"%d\n" % number for number in range(20)), timeout=PATIENCE)
    job_ids = set(out.decode().split())
    assert confirmed <= job_ids
    assert len(job_ids) == 20
    for number in range(8):
        kill_the_app_while_its_worker_works(settings, backend, service, least_done=2 * number)
    with program(settings, "tests.worker.app"):
        until(lambda: service.status().counts == {JobState.SUCCEEDED: 20})
    each_is_there_once(backend, service, job_ids)
