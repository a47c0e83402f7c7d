"""Whatever is done in whatever order, SQLite and Redis say what the fake in memory says, and no job takes a step that it must not."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nst.domain import FeedOrder, FencingToken, Job, JobProgress, Outcome, Preset, SearchTerm
from nst.errors import Refused
from nst.store.files import FileObjects
from nst.store.ports import Backend, Quota
from nst.store.redis import redis_backend
from nst.store.sqlite import Database, sqlite_backend
from tests.support.jobs import a_job, painted
from tests.support.memory_store import MemoryObjects, memory_backend
from tests.support.servers import connected

QUOTA = Quota(uploads_per_minute=6, active=3, queued=8)
OUTCOMES = ["succeeded", "failed", "cancelled"]


class AllBackends(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(Path(self.folder.name) / "nst.sqlite3")
        local = sqlite_backend(self.database, FileObjects(Path(self.folder.name) / "objects"))
        self.connection = connected()
        self.backends = (memory_backend(), local, redis_backend(self.connection, MemoryObjects()))
        self.now = 0.0
        self.jobs: dict[str, Job] = {}
        self.tokens: list[FencingToken] = []

    def teardown(self) -> None:
        self.connection.close()
        self.database.close()
        self.folder.cleanup()

    def all(self, action: object) -> object:
        def tried(backend: Backend) -> object:
            try:
                return action(backend)  # type: ignore[operator]
            except Refused as error:
                return (type(error), str(error))

        memory, local, redis = (tried(backend) for backend in self.backends)
        assert memory == local == redis
        return memory

    @rule(seconds=st.sampled_from([0.5, 20.0, 40.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(
        owner=st.sampled_from("ab"),
        token=st.sampled_from(["1", "2", None]),
        preset=st.sampled_from([Preset.DRAFT, Preset.HIGH]),
        public=st.booleans(),
    )
    def somebody_submits(self, owner: str, token: str | None, preset: Preset, public: bool) -> None:
        job = a_job(owner, preset, self.now, public, max_attempts=2, **({"token": token} if token else {}))
        stored = self.all(lambda backend: backend.queue.submit(job, QUOTA))
        if isinstance(stored, Job):
            self.jobs.setdefault(stored.id, stored)

    @rule()
    def a_worker_claims(self) -> None:
        lease = self.all(lambda backend: backend.queue.claim("worker", self.now, 30.0))
        if lease is not None:
            self.tokens.append(lease.job.fencing_token)  # type: ignore[attr-defined]

    @precondition(lambda self: self.tokens)
    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES))
    def somebody_finishes(self, data: st.DataObject, outcome: str) -> None:
        token = data.draw(st.sampled_from(self.tokens))
        ends = {"failed": Outcome.failed("no"), "cancelled": Outcome.cancelled(), "succeeded": painted(self.jobs[token.job_id])}
        self.all(lambda backend: backend.jobs.finish(token, ends[outcome], self.now))
        self.all(lambda backend: backend.queue.acknowledge(token))

    @precondition(lambda self: self.tokens)
    @rule(data=st.data(), what=st.sampled_from(["heartbeat", "advance", "give back"]))
    def somebody_speaks(self, data: st.DataObject, what: str) -> None:
        token = data.draw(st.sampled_from(self.tokens))
        if what == "heartbeat":
            self.all(lambda backend: backend.queue.heartbeat(token, self.now, 30.0))
        elif what == "advance":
            self.all(lambda backend: backend.jobs.advance(token, JobProgress(0.5, "scale 1 of 2", 3.0), None))
        else:
            self.all(lambda backend: backend.queue.give_back(token, self.now))

    @rule()
    def leases_lapse(self) -> None:
        self.all(lambda backend: {job.id: job for job in backend.queue.requeue_lapsed(self.now)})

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), what=st.sampled_from(["cancel", "publish", "unpublish", "hide", "show", "like", "unlike", "title", "keep"]))
    def the_owner_acts(self, data: st.DataObject, what: str) -> None:
        job = self.jobs[data.draw(st.sampled_from(sorted(self.jobs)))]
        if what == "cancel":
            self.all(lambda backend: backend.queue.cancel(job.id, self.now))
        elif what in ("hide", "show"):
            self.all(lambda backend: backend.feed.hide(job.id, what == "hide"))
        elif what in ("like", "unlike"):
            fan = data.draw(st.sampled_from("xy"))
            self.all(lambda backend: backend.feed.like(job.id, fan, what == "like", self.now))
        elif what == "title":
            title = data.draw(st.sampled_from(["Sunset", "Sun and sea", None]))
            self.all(lambda backend: backend.jobs.set_title(job.id, title))
        elif what == "keep":
            self.all(lambda backend: backend.jobs.keep(job.id, self.now + 10.0))
        else:
            keys = (job.input_key, painted(job).output_key or "")
            self.all(lambda backend: backend.jobs.set_public(job.id, what == "publish", *keys, self.now))

    @invariant()
    def they_agree_and_only_legal_steps_were_taken(self) -> None:
        self.all(lambda backend: backend.feed.page(99))
        for order in FeedOrder:
            self.all(lambda backend, order=order: backend.feed.page(2, order=order))  # type: ignore[misc]
            self.all(lambda backend, order=order: backend.feed.page(2, None, None, order, [SearchTerm("sun")]))  # type: ignore[misc]
        for fan in "xy":
            first = self.all(lambda backend, fan=fan: backend.feed.liked_by(fan, 1))  # type: ignore[misc]
            if first.following:  # type: ignore[attr-defined]
                self.all(lambda backend, fan=fan, at=first.following: backend.feed.liked_by(fan, 9, at))  # type: ignore[misc,attr-defined]
        self.all(lambda backend: dict(backend.jobs.counts()))
        self.all(lambda backend: backend.queue.lane_stats())
        self.all(lambda backend: backend.jobs.dead(99))
        self.all(lambda backend: (backend.jobs.oldest_private(99.0, 99), backend.jobs.kept_longer(99.0, 99)))
        for job_id, before in self.jobs.items():
            after = self.all(lambda backend, job_id=job_id: (backend.jobs.get(job_id), backend.queue.position(job_id)))[0]  # type: ignore[index,misc]
            assert after.state is before.state or before.state.may_become(after.state) or after.attempt > before.attempt
            assert not before.state.is_terminal or after.state is before.state
            self.jobs[job_id] = after


AllBackends.TestCase.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
TestAllBackends = AllBackends.TestCase
