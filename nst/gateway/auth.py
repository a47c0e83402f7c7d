"""Who a program is, and which jobs it may see.

A program with an API key is always the same owner, derived from the key: its quota and its paintings are the same on
every connection and every server.

Without a key, each job has an owner of its own, derived from the job's id. Not each connection: a program that speaks
the old contract knows nothing but its requestId, and after a reconnect that is all it has. The id is 128 random bits
that only the submitter knows, until a public painting is shown under it; from then on it grants no access.

Cookies are ignored: another site's page can make a browser send them.
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
class Principal:
    """An authenticated or anonymous program.

    Attributes:
        address: of its network.
        owner: of everything that it submits; None without a key.
        quota: None for the one that every visitor has.
    """

    address: str
    owner: str | None = None
    quota: Quota | None = None

    def owner_of(self, job_id: str) -> str:
        """The owner of a job that it submits."""
        return self.owner or anonymous_owner(job_id)


def anonymous_owner(job_id: str) -> str:
    """The owner of a job submitted without a key. No browser's token looks like it, so no cookie can claim the job."""
    return "job:" + hashlib.sha256(f"pastiche job {job_id}".encode()).hexdigest()


def find_job(service: Service, principal: Principal, job_id: str) -> Job:
    """The job as this program may see it: without its owner when the gallery alone gives access.

    Raises:
        UnknownJob: when the program has no access.
    """
    if principal.owner is not None:
        with suppress(UnknownJob):
            job = service.get(job_id, principal.owner)
            if job.owner:
                return job
    job = service.get(job_id, anonymous_owner(job_id))
    return job if job.owner and id_grants_access(job) else service.get(job_id, "")


def id_grants_access(job: Job) -> bool:
    """Whether knowing the id is enough: not once the gallery has shown it to everybody."""
    return not (job.public and job.state is JobState.SUCCEEDED)


def authenticate(key: str | None, address: str, settings: Settings) -> Principal:
    """
    Raises:
        NotAllowed: when the key is unknown, or there is none and one is required.
    """
    if key is not None:
        return _with_key(_known(key, settings.api_keys), address, settings)
    if not settings.anonymous:
        raise NotAllowed("This studio serves only programs with a key. Ask its operator for one.")
    return Principal(address)


def _known(key: str, keys: Sequence[ApiKey]) -> ApiKey:
    """Compares all keys, each in constant time."""
    sent = key.encode(errors="replace")
    found = [known for known in keys if compare_digest(known.key.get_secret_value().encode(), sent)]
    if not found:
        raise NotAllowed("This key is unknown. Check it, or leave it out.")
    return found[0]


def _with_key(key: ApiKey, address: str, settings: Settings) -> Principal:
    quota = Quota(key.uploads_per_minute or settings.uploads_per_minute, key.jobs or settings.jobs_per_visitor, settings.queue_length)
    owner = "key:" + hashlib.sha256(f"pastiche key {key.key.get_secret_value()}".encode()).hexdigest()
    return Principal(address, owner, quota)
