"""What `nst.store.ports.Completions` and `nst.store.ports.Roster` promise."""

from nst.store.ports import Backend, WorkerInfo


def test_every_listener_hears_everything_since_it_was_opened_once(backend: Backend) -> None:
    backend.completions.notify("too early", 0.0)
    with backend.completions.listen() as first, backend.completions.listen() as second:
        assert first.wait(0.0) == []
        for job_id in ("one", "two"):
            backend.completions.notify(job_id, 1.0)
        assert first.wait(0.0) == ["one", "two"]
        backend.completions.notify("three", 2.0)
        assert first.wait(0.0) == ["three"]
        assert second.wait(0.0) == ["one", "two", "three"]
        assert second.wait(0.0) == []


def test_workers_are_present_while_they_report_themselves(backend: Backend) -> None:
    backend.roster.report(WorkerInfo("a", started=0.0, seen=5.0))
    backend.roster.report(WorkerInfo("b", started=0.0, seen=5.0))
    backend.roster.report(WorkerInfo("b", started=0.0, seen=9.0, job_id="job"))
    assert backend.roster.present(0.0) == [WorkerInfo("a", 0.0, 5.0), WorkerInfo("b", 0.0, 9.0, "job")]
    assert [worker.name for worker in backend.roster.present(6.0)] == ["b"]
    backend.roster.leave("b")
    backend.roster.leave("b")
    assert backend.roster.present(6.0) == []
