"""In whose name a program speaks.

A program with a key is always the same owner, made from the key: its quotas and its paintings stay together over connections and servers.

Without a key there is an owner for each job, made from the job's id. Not one for each connection: a program that speaks the old contract
knows nothing but its requestId, and after a reconnect that is all it has. The id is 128 random bits and told to nobody but the
submitter, until a public painting is shown under it; from then on it opens nothing any more (`opens`).

No cookie is looked at: another site's page can make a browser send one.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from secrets import compare_digest

from nst.domain import Job, JobState
from nst.errors import NotAllowed, UnknownJob
from nst.service import Service
from nst.settings import ApiKey, Settings
from nst.store.ports import Quota


@dataclass(frozen=True)
class Caller:
    """
    Attributes:
        owner: of everything that is submitted; None is an owner for each job.
        quota: None is what every visitor has.
        address: where the program is.
    """

    address: str
    owner: str | None = None
    quota: Quota | None = None

    def owner_of(self, job_id: str) -> str:
        return self.owner or bearer(job_id)


def bearer(job_id: str) -> str:
    """The owner of a job that belongs to whoever knows its id. Like no token of a browser, so that no cookie can claim it."""
    return "job:" + hashlib.sha256(f"pastiche job {job_id}".encode()).hexdigest()


def find(service: Service, caller: Caller, job_id: str) -> tuple[Job, str]:
    """The job, and in whose name this caller sees it.

    Raises:
        UnknownJob: when it is not for this caller.
    """
    if caller.owner is not None:
        with suppress(UnknownJob):
            job = service.get(job_id, caller.owner)
            if job.owner:
                return job, caller.owner
    return _by_id(service, job_id)


def _by_id(service: Service, job_id: str) -> tuple[Job, str]:
    job = service.get(job_id, bearer(job_id))
    if job.owner and opens(job):
        return job, bearer(job_id)
    return service.get(job_id, ""), ""


def opens(job: Job) -> bool:
    """Whether knowing the id is enough: it is not where the gallery has shown it to everybody."""
    return not (job.public and job.state is JobState.SUCCEEDED)


def recognise(key: str | None, address: str, settings: Settings) -> Caller:
    """
    Raises:
        NotAllowed: when it is no key of ours, or there is none and there has to be.
    """
    if key is not None:
        return _keyed(_known(key, settings.api_keys), address, settings)
    if not settings.anonymous:
        raise NotAllowed("This studio paints for programs that have a key. Ask whoever runs it for one.")
    return Caller(address)


def _known(key: str, keys: Sequence[ApiKey]) -> ApiKey:
    """All are compared, in the same time each."""
    sent = key.encode(errors="replace")
    found = [known for known in keys if compare_digest(known.key.get_secret_value().encode(), sent)]
    if not found:
        raise NotAllowed("This key is not known here. Check it, or leave it out.")
    return found[0]


def _keyed(key: ApiKey, address: str, settings: Settings) -> Caller:
    quota = Quota(key.uploads_per_minute or settings.uploads_per_minute, key.jobs or settings.jobs_per_visitor, settings.queue_length)
    owner = "key:" + hashlib.sha256(f"pastiche key {key.key.get_secret_value()}".encode()).hexdigest()
    return Caller(address, owner, quota)
