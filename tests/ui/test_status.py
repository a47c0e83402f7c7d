"""The Status page."""

import re

from nst import __version__
from nst.domain import JobState
from nst.store.ports import WorkerInfo
from tests.support.pages import ANNA, DiskStudio, words
from tests.ui.conftest import OpenPage


def test_without_a_worker_the_page_says_that_nothing_is_lost(open_page: OpenPage) -> None:
    said = words(open_page("status"))
    assert "No painter is running" in said
    assert "Nothing has been painted yet" in said


def test_numbers_workers_durations_and_version_are_shown_and_no_secrets(open_page: OpenPage, studio: DiskStudio) -> None:
    studio.painted()
    studio.submit()
    studio.backend.workers.report(WorkerInfo("host-1-a83a-0", started=1e10, seen=1e10, job_id=None))
    page = open_page("status")
    numbers = {metric.label: metric.value for metric in page.metric}
    assert (numbers["Waiting"], numbers["Finished"]) == ("1", "1")
    assert re.fullmatch(r"\d+(\.\d)? (bytes|kB)", numbers["Stored pictures"])
    assert studio.service.status().counts == {JobState.QUEUED: 1, JobState.SUCCEEDED: 1}
    assert f"Pastiche {__version__} · backend local" in words(page)
    tables = " ".join(str(table.value) for table in page.table)
    assert "a83a-0" in tables
    assert "Standard" in tables
    assert "host-1" not in tables
    assert ANNA not in tables + words(page)
