"""The state that the in-memory fakes of one backend share."""

import threading
from dataclasses import dataclass, field

from nst.domain import FencingToken, Job, JobState


@dataclass
class State:
    """What the fakes of one backend share."""

    jobs: dict[str, Job] = field(default_factory=dict)
    submissions: list[tuple[str, float]] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    reports: set[tuple[str, str]] = field(default_factory=set)
    likes: dict[tuple[str, str], float] = field(default_factory=dict)  # when, by job and owner
    events: list[str] = field(default_factory=list)
    virtual_time: float = 0.0
    paused: bool = False
    changed: threading.Condition = field(default_factory=lambda: threading.Condition(threading.RLock()))

    def held(self, token: FencingToken) -> Job | None:
        """The job, if it is running and the token is of its current attempt."""
        job = self.jobs.get(token.job_id)
        return job if job and job.attempt == token.attempt and job.state is JobState.RUNNING else None

    def in_state(self, *states: JobState, owner: str | None = None) -> list[Job]:
        return [job for job in self.jobs.values() if job.state in states and owner in (None, job.owner)]
