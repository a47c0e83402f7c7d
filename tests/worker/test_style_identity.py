"""A worker paints in the picture that was meant, or says that it cannot. The studio's folder of styles and the worker's are two."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from nst.domain import Job, JobState, StyleRef
from nst.errors import StyleChanged
from nst.gateway.answers import failure
from nst.images import Limits
from nst.model_process.messages import PaintRequest
from nst.service import Order, Service, StyleChoice
from nst.settings import Settings
from nst.store.aws.batch import parameters_of
from nst.store.wire import Failed, Message, Painted, encode_message
from nst.styles import Catalogue
from nst.worker.cloud.agent import FAILED, Agent, Assignment
from nst.worker.cloud.main import _parser
from tests.support.files import named
from tests.support.jobs import record, submitted
from tests.support.memory_store import MemoryObjects
from tests.support.pictures import picture_bytes
from tests.support.studio import Studio
from tests.support.workers import Bench, ObedientChild, SentMessages

LIMITS = Limits.of(Settings())
RED, BLUE, GREEN = (picture_bytes(colour=colour) for colour in ("red", "blue", "green"))


class Folders:
    """The studio's pictures, and the worker's."""

    def __init__(self, studio: Studio, root: Path) -> None:
        self.studio, self.theirs, self.ours = studio, root / "studio", root / "worker"
        for folder in (self.theirs, self.ours):
            folder.mkdir()
            (folder / named("北斎.png")).write_bytes(RED)
            (folder / named("広重.png")).write_bytes(BLUE)

    def submit(self, file: str) -> Job:
        """A job in the style of this file, as the studio offers it."""
        catalogue = Catalogue(LIMITS, self.theirs)
        service = Service(self.studio.backend, catalogue, Settings(), clock=lambda: self.studio.now)
        (style_id,) = (entry.id for entry in catalogue.entries() if entry.path.name == file)
        return service.submit("anna", Order(picture_bytes(), [StyleChoice(style_id)], f"form-{file}"))

    def painted_in(self, job: Job) -> bytes | None:
        """The style picture that the worker, which starts now, gives to its child; None when the job has failed."""
        bench = Bench(self.studio, Catalogue(LIMITS, self.ours))
        bench.step()
        if record(self.studio.backend, job.id).state is JobState.FAILED:
            return None
        (order,) = bench.child.heard
        assert isinstance(order, PaintRequest)
        return order.styles[0].style


@pytest.fixture
def folders(studio: Studio, tmp_path: Path) -> Folders:
    return Folders(studio, tmp_path)


def error_of(folders: Folders, job: Job) -> str:
    assert folders.painted_in(job) is None
    failed = record(folders.studio.backend, job.id)
    assert failure(failed).as_json() == {"error": failed.error, "code": "style_changed"}
    return failed.error or ""


def test_a_picture_that_is_added_changes_no_job(folders: Folders) -> None:
    job = folders.submit(named("北斎.png"))
    (folders.ours / named("アジサイ.png")).write_bytes(GREEN)
    assert folders.painted_in(job) == RED


@pytest.mark.parametrize(("before", "after"), [("a.png", "a.jpg"), ("a.png", "A.png"), ("é.png", "e.jpg"), ("a b.png", "a_b.jpg")])
def test_a_picture_that_is_added_under_a_name_alike_changes_no_job(folders: Folders, before: str, after: str) -> None:
    before = named(before)
    for folder in (folders.theirs, folders.ours):
        (folder / before).write_bytes(RED)
    job = folders.submit(before)
    (folders.ours / after).write_bytes(GREEN)
    assert folders.painted_in(job) == RED


def test_a_picture_that_is_removed_changes_no_other_job(folders: Folders) -> None:
    job = folders.submit(named("広重.png"))
    (folders.ours / named("北斎.png")).unlink()
    assert folders.painted_in(job) == BLUE


def test_another_picture_under_the_same_name_is_an_error(folders: Folders) -> None:
    job = folders.submit(named("北斎.png"))
    (folders.ours / named("北斎.png")).write_bytes(GREEN)
    assert "has changed since" in error_of(folders, job)


def test_a_picture_that_the_worker_does_not_have_is_an_error(folders: Folders) -> None:
    job = folders.submit(named("北斎.png"))
    (folders.ours / named("北斎.png")).unlink()
    assert "not there any more" in error_of(folders, job)


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(RED[:20]), lambda path: (path.unlink(), path.mkdir())])
def test_a_picture_that_breaks_while_the_job_waits_is_an_error(folders: Folders, spoil: Callable[[Path], object]) -> None:
    job = folders.submit(named("北斎.png"))
    spoil(folders.ours / named("北斎.png"))
    error_of(folders, job)


def test_a_bundled_style_that_was_another_picture_in_the_previous_version_is_an_error(folders: Folders) -> None:
    job = submitted(folders.studio.backend, styles=(StyleRef("tide-wash", 1.0, "0" * 64),))
    assert "has changed since" in error_of(folders, job)


def test_a_record_of_an_earlier_version_is_painted_in_what_has_the_id(folders: Folders) -> None:
    (folders.ours / "My style.png").write_bytes(GREEN)
    job = submitted(folders.studio.backend, styles=(StyleRef("my-style"),))
    folders.studio.backend.objects.put(job.input_key, picture_bytes())
    assert folders.painted_in(job) == GREEN


def test_a_second_try_is_in_the_same_picture_or_none(folders: Folders) -> None:
    job = folders.submit(named("北斎.png"))
    (folders.ours / named("北斎.png")).unlink()
    error_of(folders, job)
    (folders.theirs / named("北斎.png")).write_bytes(GREEN)
    service = Service(folders.studio.backend, Catalogue(LIMITS, folders.theirs), Settings(), clock=lambda: folders.studio.now)
    with pytest.raises(StyleChanged):
        service.retry(job.id, "anna")
    (folders.theirs / named("北斎.png")).write_bytes(RED)
    assert service.retry(job.id, "anna").styles == job.styles


# --- The agent in the cloud -------------------------------------------------------------------------------------------------------


def by_the_agent(folders: Folders, job: Job, **bucket: bytes) -> tuple[Message, list[bytes], int]:
    """What an agent reports that gets the job's parameters on its command line, and the style pictures that it paints in."""
    given = parameters_of(job)
    words = ["--style", given["style"], "--request-id", given["requestId"], "--blend", given["blend"], "--digests", given["digests"]]
    options = _parser().parse_args([*words, "--params", given["params"], given["contentKey"]])
    objects, mail, child = MemoryObjects(), SentMessages(), ObedientChild()
    objects.put(job.input_key, picture_bytes())
    for name, data in bucket.items():
        objects.put(f"style/{name}.jpg", data)
    assignment = Assignment(options.content_key, options.style, options.request_id, 1, options.params, options.blend, options.digests)
    agent = Agent(assignment, objects, mail, Catalogue(LIMITS, folders.ours), Settings(), lambda: child)
    code = agent.run(threading.Event())
    return (
        mail.sent[-1],
        [data for order in child.heard if isinstance(order, PaintRequest) for data in (style.style for style in order.styles)],
        code,
    )


def test_the_agent_paints_in_the_picture_that_was_meant(folders: Folders) -> None:
    job = folders.submit(named("北斎.png"))
    (folders.ours / named("アジサイ.png")).write_bytes(GREEN)
    report, pictures, _ = by_the_agent(folders, job)
    assert isinstance(report, Painted)
    assert pictures == [RED]


@pytest.mark.parametrize("data", [None, GREEN])
def test_an_agent_with_another_picture_or_none_says_so(folders: Folders, data: bytes | None) -> None:
    job = folders.submit(named("北斎.png"))
    (folders.ours / named("北斎.png")).unlink()
    if data:
        (folders.ours / named("北斎.png")).write_bytes(data)
    report, pictures, code = by_the_agent(folders, job)
    assert isinstance(report, Failed)
    assert (report.code, pictures, code) == ("style_changed", [], FAILED)
    assert json.loads(encode_message(report))["code"] == "style_changed"


def test_the_buckets_picture_counts_if_it_is_the_one_that_was_meant(folders: Folders) -> None:
    job = folders.submit(named("北斎.png"))
    (folders.ours / named("北斎.png")).unlink()
    for data, kind in ((GREEN, Failed), (RED, Painted)):
        report, _, _ = by_the_agent(folders, job, **{job.styles[0].name: data})
        assert isinstance(report, kind)
