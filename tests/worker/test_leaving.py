"""A worker process: its options, how it exits, outages, and metrics."""

import json
import logging
from dataclasses import replace

import httpx
import pytest

from nst.domain import FencingToken, JobProgress, JobState, Preset, StyleParams
from nst.errors import StoreUnavailable
from nst.images import Limits
from nst.logs import JsonLines
from nst.model_process.messages import Advanced, Done, PaintRequest
from nst.styles import Catalogue
from nst.worker.loop import Worker
from nst.worker.main import ExitRequest, _parser, work
from nst.worker.metrics import Metrics, serve
from tests.support.memory_store import MemoryJobs, MemoryObjects, MemoryQueue, MemoryWorkerRegistry, memory_backend
from tests.support.studio import Studio
from tests.support.workers import Bench


class TestOptions:
    def test_lanes_and_concurrency_are_read(self) -> None:
        options = _parser().parse_args(["--concurrency", "3", "--lanes", "draft,high", "--device", "cuda:1"])
        assert (options.concurrency, options.lanes, options.device) == (3, (Preset.DRAFT, Preset.HIGH), "cuda:1")

    @pytest.mark.parametrize("words", [["--lanes", "draft,tiny"], ["--concurrency", "0"], ["--concurrency", "many"]])
    def test_what_makes_no_sense_is_refused(self, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            _parser().parse_args(words)
        assert words[0] in capsys.readouterr().err

    def test_a_worker_takes_jobs_of_its_lanes_alone(self, studio: Studio) -> None:
        studio.submit(token="1", params=StyleParams(preset=Preset.HIGH))
        bench = Bench(studio)
        bench.worker = Worker("w", studio.backend, Catalogue(Limits.of(bench.settings)), bench.settings, bench._make_child, (Preset.DRAFT,))
        assert not bench.step()
        small = studio.submit(token="2", params=StyleParams(preset=Preset.DRAFT))
        bench.step()
        assert bench.state(small.id) is JobState.RUNNING


class TestDraining:
    def test_a_worker_asked_to_exit_finishes_its_painting_and_takes_no_other(self, bench: Bench, studio: Studio) -> None:
        job, other = studio.submit(token="1"), studio.submit(token="2")
        bench.step()
        bench.child.says.append(Done(FencingToken(job.id, 1), b"painting", {}))
        exit_request = ExitRequest()
        exit_request.ask()
        work(bench.worker, exit_request, lambda: studio.now, drain_seconds=600.0)
        assert (bench.state(job.id), bench.state(other.id)) == (JobState.SUCCEEDED, JobState.QUEUED)

    @pytest.mark.parametrize(("signals", "seconds"), [(1, 0.0), (2, 600.0)])
    def test_without_time_or_when_it_is_asked_again_it_gives_its_painting_back(
        self, bench: Bench, studio: Studio, signals: int, seconds: float
    ) -> None:
        job = studio.submit()
        bench.step()
        exit_request = ExitRequest()
        for _ in range(signals):
            exit_request.ask()
        work(bench.worker, exit_request, lambda: studio.now, drain_seconds=seconds)
        given_back = studio.service.get(job.id, "anna")
        assert (given_back.state, given_back.attempt, given_back.returns) == (JobState.QUEUED, 1, 1)


def away(*_: object) -> None:
    raise StoreUnavailable("away")


class TestOutages:
    def test_a_painting_that_ends_while_the_store_is_away_is_recorded_once_it_is_back(
        self, bench: Bench, studio: Studio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = studio.submit(public=True)
        bench.step()
        with monkeypatch.context() as outage:
            for port in (MemoryJobs, MemoryQueue, MemoryObjects, MemoryWorkerRegistry):
                for name in ("finish", "advance", "heartbeat", "claim", "requeue_lapsed", "put", "report"):
                    if hasattr(port, name):
                        outage.setattr(port, name, away)
            for says in (Advanced(FencingToken(job.id, 1), JobProgress(0.5), b""), Done(FencingToken(job.id, 1), b"painting", {})):
                with pytest.raises(StoreUnavailable):
                    bench.step(says, after=60.0)
                bench.worker.note_outage()
        bench.step()
        assert bench.state(job.id) is JobState.SUCCEEDED
        assert studio.service.get(job.id, "anna").attempt == 1
        assert studio.service.result(job.id, "anna") == b"painting"
        assert len(studio.service.feed().entries) == 1

    @pytest.mark.parametrize("name", ["finish", "put"])
    def test_whatever_part_of_the_end_fails_is_done_again(
        self, bench: Bench, studio: Studio, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        job = studio.submit(public=True)
        bench.step()
        with monkeypatch.context() as outage:
            outage.setattr(MemoryObjects if name == "put" else MemoryJobs, name, away)
            with pytest.raises(StoreUnavailable):
                bench.step(Done(FencingToken(job.id, 1), b"painting", {}))
        bench.step()
        assert bench.state(job.id) is JobState.SUCCEEDED

    def test_a_job_whose_pictures_are_out_of_reach_is_begun_once_they_are_not(
        self, bench: Bench, studio: Studio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = studio.submit()
        with monkeypatch.context() as outage:
            outage.setattr(MemoryObjects, "get", away)
            with pytest.raises(StoreUnavailable):
                bench.step()
        bench.step()
        assert [type(message) for message in bench.child.heard] == [PaintRequest]
        bench.step(Done(FencingToken(job.id, 1), b"painting", {}))
        assert bench.state(job.id) is JobState.SUCCEEDED

    def test_after_an_outage_other_workers_have_the_time_of_a_lease_for_a_heartbeat(self, bench: Bench, studio: Studio) -> None:
        job = studio.submit()
        studio.backend.queue.claim("another", studio.now, 30.0)
        bench.worker.note_outage()
        bench.step(after=60.0)
        assert studio.service.get(job.id, "anna").attempt == 1
        bench.step(after=31.0)
        assert studio.service.get(job.id, "anna").attempt == 2


class TestFigures:
    def test_queue_outcomes_and_heartbeats_are_counted(self, studio: Studio) -> None:
        metrics = Metrics(replace(studio.backend, clock=lambda: studio.now))
        bench = Bench(studio)
        bench.worker = Worker(
            "painter", studio.backend, Catalogue(Limits.of(bench.settings)), bench.settings, bench._make_child, on_end=metrics.note_end
        )
        first, _ = studio.submit(token="1"), studio.submit(token="2")
        bench.step()
        bench.step(Done(FencingToken(first.id, 1), b"painting", {}), after=7.0)
        server = serve(metrics, lambda: True, 0)
        try:
            address = f"http://127.0.0.1:{server.server_port}"
            lines = httpx.get(f"{address}/metrics").text.splitlines()
            assert httpx.get(f"{address}/readyz").text == "ready"
            assert httpx.get(f"{address}/secrets").status_code == 404
        finally:
            server.shutdown()
            server.server_close()
        wanted = [
            'pastiche_queue_jobs{preset="standard"} 1.0',
            'pastiche_queue_oldest_seconds{preset="standard"} 7.0',
            'pastiche_jobs{state="succeeded"} 1.0',
            'pastiche_jobs_ended_total{preset="standard",state="succeeded"} 1.0',
            'pastiche_painting_seconds_sum{preset="standard"} 7.0',
            'pastiche_worker_heartbeat_seconds{worker="painter"} 0.0',
            "pastiche_store_up 1.0",
        ]
        assert set(wanted) <= set(lines)

    def test_a_store_that_is_away_is_a_figure_as_well(self, monkeypatch: pytest.MonkeyPatch) -> None:
        backend = memory_backend()
        monkeypatch.setattr(backend.queue, "lane_stats", away)
        found = {sample.name: sample.value for family in Metrics(backend).registry.collect() for sample in family.samples}
        assert found["pastiche_store_up"] == 0

    def test_a_worker_that_is_not_ready_says_so(self) -> None:
        server = serve(Metrics(memory_backend()), lambda: False, 0)
        try:
            assert httpx.get(f"http://127.0.0.1:{server.server_port}/readyz").status_code == 503
        finally:
            server.shutdown()
            server.server_close()


def test_a_line_of_the_log_is_an_object_with_the_jobs_id() -> None:
    record = logging.LogRecord("worker.loop", logging.INFO, "", 1, "job %s begins", ("abc",), None)
    record.job_id = "abc"
    line = json.loads(JsonLines().format(record))
    assert (line["level"], line["message"], line["job_id"]) == ("info", "job abc begins", "abc")
