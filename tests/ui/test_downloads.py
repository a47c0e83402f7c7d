"""nst.ui.downloads: names of files, by which Streamlit tells them apart."""

from dataclasses import replace

from nst.ui.downloads import file_name
from tests.support.jobs import a_job


def test_a_file_has_another_name_for_each_visitor_but_the_owner_knows_it_by_its_id() -> None:
    job = a_job(owner="anna")
    seen_by_others = replace(job, owner="")
    assert file_name(job, "anna", ".png") == f"pastiche-{job.id[:8]}.png"
    names = [file_name(seen_by_others, viewer, ".png") for viewer in ("bert", "carl", "bert")]
    assert names[0] == names[2] != names[1]
    assert job.id[:8] not in "".join(names)
