"""What `nst.store.ports.JobEvents` and `nst.store.ports.WorkerRegistry` promise."""

from nst.domain import Mode, Preset, PresetSeconds
from nst.store.ports import Backend, WorkerInfo


def test_every_listener_receives_each_event_since_it_was_opened_once(backend: Backend) -> None:
    backend.job_events.notify("too early", 0.0)
    first = backend.job_events.listen()
    second = backend.job_events.listen()
    assert first.wait(0.0) == []
    for job_id in ("one", "two"):
        backend.job_events.notify(job_id, 1.0)
    assert first.wait(0.0) == ["one", "two"]
    backend.job_events.notify("three", 2.0)
    assert first.wait(0.0) == ["three"]
    assert second.wait(0.0) == ["one", "two", "three"]
    assert second.wait(0.0) == []


def test_workers_are_present_while_they_report_themselves(backend: Backend) -> None:
    backend.workers.report(WorkerInfo("a", started=0.0, seen=5.0))
    backend.workers.report(WorkerInfo("b", started=0.0, seen=5.0))
    backend.workers.report(WorkerInfo("b", started=0.0, seen=9.0, job_id="job"))
    assert backend.workers.present(0.0) == [WorkerInfo("a", 0.0, 5.0), WorkerInfo("b", 0.0, 9.0, "job")]
    assert [worker.name for worker in backend.workers.present(6.0)] == ["b"]
    backend.workers.leave("b")
    backend.workers.leave("b")
    assert backend.workers.present(6.0) == []


def test_a_worker_reports_what_paintings_take_on_its_machine(backend: Backend) -> None:
    seconds: PresetSeconds = {Mode.OPTIMISED: {Preset.DRAFT: 4.25, Preset.HIGH: 20.0}, Mode.QUICK: {Preset.DRAFT: 2.0}}
    backend.workers.report(WorkerInfo("a", started=0.0, seen=5.0))
    backend.workers.report(WorkerInfo("b", started=0.0, seen=5.0, seconds=seconds))
    assert [worker.seconds for worker in backend.workers.present(0.0)] == [{}, seconds]
    backend.workers.report(WorkerInfo("a", started=0.0, seen=6.0, seconds=seconds))
    backend.workers.leave("b")
    backend.workers.report(WorkerInfo("b", started=7.0, seen=7.0))
    assert [worker.seconds for worker in backend.workers.present(0.0)] == [seconds, {}]
