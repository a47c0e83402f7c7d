"""Downloads: their addresses, who may fetch them, and the names of files, by which Streamlit tells them apart."""

import json
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image
from starlette.testclient import TestClient

from nst.domain.keys import timelapse_key
from nst.timelapse import film
from nst.ui import download_files
from nst.ui.downloads import File, file_name
from tests.support.jobs import a_job
from tests.support.pages import DiskStudio
from tests.support.pictures import picture
from tests.ui.browser import owner

OpenBrowser = Callable[[], TestClient]


def test_a_file_has_another_name_for_each_visitor_but_the_owner_knows_it_by_its_id() -> None:
    job = a_job(owner="anna")
    seen_by_others = replace(job, owner="")
    assert file_name(job, "anna", ".png") == f"pastiche-{job.id[:8]}.png"
    names = [file_name(seen_by_others, viewer, ".png") for viewer in ("bert", "carl", "bert")]
    assert names[0] == names[2] != names[1]
    assert job.id[:8] not in "".join(names)


@pytest.mark.parametrize(("file", "format"), [(File.PNG, "PNG"), (File.JPEG, "JPEG"), (File.TIFF, "TIFF")])
def test_a_private_painting_is_downloaded_by_its_owner_alone(visitor: OpenBrowser, studio: DiskStudio, file: File, format: str) -> None:
    anna, bert = visitor(), visitor()
    job = studio.painted(owner=owner(anna))
    for _ in range(2):  # the address stays
        answer = anna.get(f"/downloads/{job.id}/{file}")
        with Image.open(BytesIO(answer.content)) as painting:
            assert (painting.format, painting.size, round(float(painting.info["dpi"][0]))) == (format, (96, 64), 300)
        assert answer.headers["content-disposition"] == f'attachment; filename="pastiche-{job.id[:8]}{file.suffix}"'
        assert (answer.headers["content-type"], answer.headers["cache-control"]) == (f"image/{format.lower()}", "private, no-store")
    assert bert.get(f"/downloads/{job.id}/{file}").status_code == 404
    assert TestClient(anna.app).get(f"/downloads/{job.id}/{file}").status_code == 404
    studio.service.publish(job.id, owner(anna))
    assert bert.get(f"/downloads/{job.id}/{file}").status_code == 200
    studio.service.make_private(job.id, owner(anna))
    assert bert.get(f"/downloads/{job.id}/{file}").status_code == 404
    assert bert.head(f"/downloads/{job.id}/{file}").status_code == 404


def test_a_time_lapse_is_its_owners_also_where_the_painting_is_published(visitor: OpenBrowser, studio: DiskStudio) -> None:
    anna, bert = visitor(), visitor()
    job = studio.painted(owner=owner(anna), public=True)
    for file in (File.MP4, File.WEBP):
        assert anna.get(f"/downloads/{job.id}/{file}").status_code == 404  # there is none yet
    studio.backend.objects.put(timelapse_key(job.id), film(picture(96, 64), [], picture(96, 64, seed=1)))
    for file, begins in ((File.MP4, b"ftyp"), (File.WEBP, b"RIFF")):
        answer = anna.get(f"/downloads/{job.id}/{file}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, file.media_type)
        assert begins in answer.content[:12]
        assert bert.get(f"/downloads/{job.id}/{file}").status_code == 404


def test_a_recipe_is_for_those_who_may_see_the_painting(visitor: OpenBrowser, studio: DiskStudio) -> None:
    anna, bert = visitor(), visitor()
    job = studio.painted(owner=owner(anna), style="tide-wash")
    address = f"/downloads/{job.id}/{File.RECIPE}"
    assert bert.get(address).status_code == 404
    studio.service.publish(job.id, owner(anna))
    assert json.loads(bert.get(address).content) == json.loads(anna.get(address).content)
    assert json.loads(bert.get(address).content)["styles"] == {"tide-wash": 1.0}


def test_downloads_are_bounded_and_none_stays_counted(visitor: OpenBrowser, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = visitor()
    job = studio.painted(owner=owner(anna))
    address = f"/downloads/{job.id}/{File.PNG}"
    assert anna.get(address).status_code == 200
    assert download_files._slots.under_way == {}
    monkeypatch.setattr(download_files._slots, "_at_a_time", 0)
    answer = anna.get(address)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
