"""The painting that an agent enlarges: its key is a parameter of the job, and nothing else in the bucket is read."""

import threading

import pytest

from nst.domain import Job
from nst.domain.keys import earlier_key
from nst.model_process.messages import PaintRequest
from nst.settings import Settings
from nst.store.aws.batch import parameters_of
from nst.store.wire import Failed
from nst.styles import Catalogue
from nst.worker.cloud.agent import FAILED, SUCCEEDED, Agent
from nst.worker.cloud.main import assignment_of
from tests.support.jobs import a_job
from tests.support.memory_store import MemoryObjects
from tests.support.pictures import picture_bytes
from tests.support.workers import LIMITS, ObedientChild, SentMessages

PAINTING = picture_bytes(48, 32)


def run(job: Job, words: list[str] | None = None) -> tuple[int, SentMessages, list[PaintRequest]]:
    """The exit code of an agent with the parameters of such a job, what it reports, and what its child is asked."""
    given = parameters_of(job)
    more = ["--earlier", given["earlier"]] if words is None else words
    objects, mail, child = MemoryObjects(), SentMessages(), ObedientChild()
    objects.put(job.input_key, picture_bytes())
    objects.put(earlier_key(job.id, ".png"), PAINTING)
    assignment = assignment_of(["--style", given["style"], "--request-id", given["requestId"], *more, given["contentKey"]])
    code = Agent(assignment, objects, mail, Catalogue(LIMITS), Settings(), lambda: child).run(threading.Event())
    return code, mail, [message for message in child.heard if isinstance(message, PaintRequest)]


def test_the_painting_is_read_from_the_bucket() -> None:
    plain = a_job()
    code, _, (request,) = run(a_job(id=plain.id, earlier_key=earlier_key(plain.id, ".png")))
    assert (code, request.earlier) == (SUCCEEDED, PAINTING)


@pytest.mark.parametrize("words", [None, []])
def test_most_jobs_and_those_of_earlier_front_ends_have_none(words: list[str] | None) -> None:
    code, _, (request,) = run(a_job(), words)
    assert (code, request.earlier) == (SUCCEEDED, None)


@pytest.mark.parametrize("key", ["../secret", "private/earlier/x.png", "private/earlier/" + "0" * 32 + ".png"])
def test_what_is_no_painting_fails_with_a_sentence(key: str) -> None:
    code, mail, requests = run(a_job(), ["--earlier", key])
    assert (code, requests) == (FAILED, [])
    assert isinstance(mail.sent[-1], Failed)
