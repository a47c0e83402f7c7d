"""Job records and the feed."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from nst.domain import (
    Cursor,
    FeedEntry,
    FeedOrder,
    FencingToken,
    Job,
    JobProgress,
    JobState,
    Outcome,
    Page,
    Preset,
    SearchTerm,
    title_words,
)
from nst.store.ports import Feed, JobStore
from tests.support.memory_store.state import State


class MemoryJobs(JobStore):
    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, job_id: str) -> Job | None:
        return self._state.jobs.get(job_id)

    def of_owner(self, owner: str, limit: int, before: Cursor | None = None) -> list[Job]:
        with self._state.changed:
            jobs = sorted(self._state.in_state(*JobState, owner=owner), key=lambda job: (job.created, job.id), reverse=True)
        return [job for job in jobs if before is None or (job.created, job.id) < before[:2]][:limit]

    def rename_owner(self, old: str, new: str) -> int:
        with self._state.changed:
            jobs = self._state.in_state(*JobState, owner=old)
            self._state.jobs.update({job.id: replace(job, owner=new) for job in jobs})
            self._state.submissions = [(new if owner == old else owner, at) for owner, at in self._state.submissions]
            self._rename_in_likes(old, new)
            return len(jobs)

    def _rename_in_likes(self, old: str, new: str) -> None:
        for job_id in [job_id for job_id, owner in self._state.likes if owner == old]:
            self._state.likes.setdefault((job_id, new), self._state.likes.pop((job_id, old)))
            likes = sum(each == job_id for each, _ in self._state.likes)
            self._state.jobs[job_id] = replace(self._state.jobs[job_id], likes=likes)

    def rename_owners(self, new_name: Callable[[str], str]) -> int:
        with self._state.changed:
            owners = {job.owner for job in self._state.jobs.values()} | {owner for _, owner in self._state.likes}
            names = owners | {reporter for _, reporter in self._state.reports}
            changed = {name: new for name in names if (new := new_name(name)) != name}
            for old, new in changed.items():
                self.rename_owner(old, new)
            self._state.reports = {(job, changed.get(reporter, reporter)) for job, reporter in self._state.reports}
            return len(changed)

    def advance(self, token: FencingToken, progress: JobProgress, preview_key: str | None) -> bool:
        with self._state.changed:
            job = self._state.held(token)
            if job is not None:
                self._state.jobs[job.id] = replace(job, progress=progress, preview_key=preview_key or job.preview_key)
            return job is not None

    def finish(self, token: FencingToken, outcome: Outcome, now: float) -> bool:
        with self._state.changed:
            job = self._state.held(token)
            if job is None:
                return False
            succeeded = outcome.state is JobState.SUCCEEDED
            self._state.jobs[job.id] = job.transition(
                outcome.state,
                error=outcome.error,
                error_code=outcome.error_code,
                output_key=outcome.output_key,
                size_bytes=job.size_bytes + outcome.size_bytes,
                recipe=outcome.recipe,
                has_thumbnails=outcome.has_thumbnails,
                finished=now,
                progress=JobProgress(1.0 if succeeded else job.progress.fraction, job.progress.stage),
                preview_key=None,
                published=now if succeeded and job.public else None,
            )
            return True

    def set_public(self, job_id: str, public: bool, input_key: str, output_key: str, now: float, expected: str | None = None) -> bool:
        with self._state.changed:
            job = self.get(job_id)
            if job is None or job.state is not JobState.SUCCEEDED or expected not in (None, job.output_key):
                return False
            published = None if not public else now if job.published is None else job.published
            self._state.jobs[job_id] = replace(job, public=public, input_key=input_key, output_key=output_key, published=published)
            return True

    def set_title(self, job_id: str, title: str | None) -> bool:
        with self._state.changed:
            job = self.get(job_id)
            if job is None or job.state is not JobState.SUCCEEDED:
                return False
            self._state.jobs[job_id] = replace(job, title=title, cleared=job.cleared and job.title == title)
            return True

    def keep(self, job_id: str, until: float) -> bool:
        with self._state.changed:
            job = self.get(job_id)
            if job is None or job.state is not JobState.SUCCEEDED:
                return False
            self._state.jobs[job_id] = replace(job, kept_until=until)
            return True

    def restore(self, job: Job) -> bool:
        with self._state.changed:
            if job.id in self._state.jobs or job.id in self._state.deleted:
                return False
            self._state.jobs[job.id] = job
            return True

    def delete(self, job_id: str, *, only_private: bool = False) -> bool:
        with self._state.changed:
            job = self.get(job_id)
            if job is None or (only_private and (job.published is not None or job.finished is None)):
                return False
            self._state.reports = {(job, reporter) for job, reporter in self._state.reports if job != job_id}
            self._state.likes = {(job, owner): at for (job, owner), at in self._state.likes.items() if job != job_id}
            del self._state.jobs[job_id]
            self._state.deleted.add(job_id)
            return True

    def was_deleted(self, job_id: str) -> bool:
        return job_id in self._state.deleted

    def known(self, job_ids: Collection[str]) -> set[str]:
        return self._state.jobs.keys() & set(job_ids)

    def stored_bytes(self) -> int:
        with self._state.changed:
            return sum(job.size_bytes for job in self._state.jobs.values())

    def oldest_private(self, finished_before: float, limit: int, *, only_unpainted: bool = False) -> list[Job]:
        with self._state.changed:
            private = [job for job in self._state.jobs.values() if job.published is None and job.kept_until is None]
        ended = [(job.finished, job.id, job) for job in private if job.finished is not None]
        found = [job for finished, _, job in sorted(ended) if finished < finished_before]
        return [job for job in found if not (only_unpainted and job.state is JobState.SUCCEEDED)][:limit]

    def kept_longer(self, until_before: float, limit: int) -> list[Job]:
        with self._state.changed:
            private = [job for job in self._state.jobs.values() if job.published is None]
        kept = [(job.kept_until, job.id, job) for job in private if job.kept_until is not None]
        return [job for until, _, job in sorted(kept) if until < until_before][:limit]

    def dead(self, limit: int) -> list[Job]:
        with self._state.changed:
            ended = [(job.finished, job.id, job) for job in self._state.in_state(JobState.FAILED) if job.is_exhausted]
        return [job for _, _, job in sorted(ended, reverse=True)][:limit]

    def counts(self) -> Counter[JobState]:
        with self._state.changed:
            return Counter(job.state for job in self._state.jobs.values())

    def durations(self, preset: Preset | None, limit: int) -> list[tuple[float, float]]:
        with self._state.changed:
            jobs = [job for job in self._state.in_state(JobState.SUCCEEDED) if preset in (None, job.lane) and job.started is not None]
        spans = sorted(((job.finished or 0, job.started or 0, job.cost) for job in jobs), reverse=True)
        return [(cost, finished - started) for finished, started, cost in spans[:limit]]


class MemoryFeed(Feed):
    def __init__(self, state: State) -> None:
        self._state = state

    def page(
        self,
        limit: int,
        before: Cursor | None = None,
        style: str | None = None,
        order: FeedOrder = FeedOrder.NEWEST,
        terms: Sequence[SearchTerm] = (),
    ) -> Page:
        with self._state.changed:
            shown = [job for job in self._state.jobs.values() if job.is_in_feed]
        wanted = [job for job in shown if style is None or style in _styles(job)]
        found = [job for job in wanted if all(_matches(job, term) for term in terms)]
        entries = sorted((FeedEntry.of(job) for job in found), key=lambda entry: order.place(entry.cursor), reverse=True)
        entries = [entry for entry in entries if before is None or order.place(entry.cursor) < order.place(before)]
        return Page(tuple(entries[:limit]), entries[limit - 1].cursor if len(entries) > limit else None)

    def like(self, job_id: str, owner: str, liked: bool, now: float) -> int | None:
        with self._state.changed:
            job = self._state.jobs.get(job_id)
            if job is None or not job.is_in_feed:
                return None
            if liked:
                self._state.likes.setdefault((job_id, owner), now)
            else:
                self._state.likes.pop((job_id, owner), None)
            likes = sum(each == job_id for each, _ in self._state.likes)
            self._state.jobs[job_id] = replace(job, likes=likes)
            return likes

    def liked(self, owner: str, job_ids: Collection[str]) -> set[str]:
        with self._state.changed:
            return {job_id for job_id in job_ids if (job_id, owner) in self._state.likes}

    def liked_by(self, owner: str, limit: int, before: Cursor | None = None) -> Page:
        with self._state.changed:
            likes = [Cursor(at, job_id) for (job_id, fan), at in self._state.likes.items() if fan == owner]
            shown = sorted((like for like in likes if self._state.jobs[like.job_id].is_in_feed), reverse=True)
            shown = [like for like in shown if before is None or like < before]
            entries = [FeedEntry.of(self._state.jobs[like.job_id]) for like in shown[:limit]]
        return Page(tuple(entries), shown[limit - 1] if len(shown) > limit else None)

    def report(self, job_id: str, reporter: str, reason: str, now: float) -> int:  # noqa: ARG002 -- nobody reads reasons here
        with self._state.changed:
            job = self._state.jobs.get(job_id)
            if job is None or not job.is_in_feed:
                return 0
            self._state.reports.add((job_id, reporter))
            return sum(reported == job_id for reported, _ in self._state.reports)

    def hide(self, job_id: str, hidden: bool) -> bool:
        with self._state.changed:
            job = self._state.jobs.get(job_id)
            if job is None:
                return False
            self._state.jobs[job_id] = replace(job, hidden=hidden, cleared=not hidden)
            if not hidden:
                self._state.reports = {(other, who) for other, who in self._state.reports if other != job_id}
            return True


def _styles(job: Job) -> set[str]:
    return {style.name for group in job.style_groups for style in group if not style.is_upload}


def _matches(job: Job, term: SearchTerm) -> bool:
    in_title = bool(term.word) and any(word.startswith(term.word) for word in title_words(job.title or ""))
    return in_title or bool(term.styles & _styles(job))
