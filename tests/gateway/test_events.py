"""The socket.io contract: socket.io-client 4 with a running gateway, its worker and an engine that takes a moment."""

import httpx
import pytest

from tests.gateway.conftest import StartServer
from tests.gateway.node import Node
from tests.support.gateway import a_submission, an_id, data_url
from tests.support.pictures import picture_bytes


def test_a_photo_is_painted_with_the_contracts_required_fields_alone(node: Node) -> None:
    anna = node.client()
    error, data = anna.emit("TRANSFER_STYLE", {"image": data_url(), "style": "starlit-swirl", "isPrivate": True})
    assert error is None
    assert set(data) == {"requestId"}
    done = anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{data['requestId']}")
    assert set(done) == {"result"}
    assert httpx.get(done["result"]).content.startswith(b"\xff\xd8")


def test_progress_events_arrive_while_a_job_waits_and_is_painted(node: Node) -> None:
    anna = node.client()
    job_id = anna.emit("TRANSFER_STYLE", a_submission())[1]["requestId"]
    anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")
    progress = anna.received(f"TRANSFER_STYLE_PROGRESS::{job_id}")
    assert progress[0]["state"] in ("queued", "running")
    assert all(set(one) == {"state", "fraction", "stage", "secondsLeft"} for one in progress)


def test_a_public_painting_is_broadcast_and_its_photo_has_the_same_url_with_input_for_output(node: Node) -> None:
    anna, ben = node.client("anna"), node.client("ben")
    job_id = anna.emit("TRANSFER_STYLE", a_submission(isPrivate=False))[1]["requestId"]
    own = anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")
    assert anna.wait_for("TRANSFER_STYLE_COMPLETED") == ben.wait_for("TRANSFER_STYLE_COMPLETED") == own
    after = own["result"]
    assert after.endswith(f"/public/output/{job_id}.jpg")
    assert ben.received(f"TRANSFER_STYLE_COMPLETED::{job_id}") == []
    for url in (after, after.replace("/output/", "/input/")):
        answer = httpx.get(url)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "image/jpeg"
    assert ben.emit("LIST_IMAGES")[1][0] == after


def test_a_private_painting_is_sent_to_its_client_alone(node: Node) -> None:
    anna, ben = node.client("anna"), node.client("ben")
    private = anna.emit("TRANSFER_STYLE", a_submission())[1]["requestId"]
    url = anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{private}")["result"]
    public = anna.emit("TRANSFER_STYLE", a_submission(isPrivate=False))[1]["requestId"]
    ben.wait_for("TRANSFER_STYLE_COMPLETED")  # events arrive in order: one for the private painting would have arrived before
    assert all(private not in event["result"] for event in ben.received("TRANSFER_STYLE_COMPLETED"))
    assert any(public in event["result"] for event in ben.received("TRANSFER_STYLE_COMPLETED"))
    assert not any(private in image for image in ben.emit("LIST_IMAGES")[1])
    assert url.partition("?")[0].endswith(f"/private/output/{private}.jpg")
    assert httpx.get(url).status_code == 200
    assert httpx.get(url.partition("?")[0]).status_code == 404
    assert httpx.get(url[:-1] + ("0" if url[-1] != "0" else "1")).status_code == 404
    assert httpx.get(url.replace("until=1", "until=2")).status_code == 404
    assert httpx.get(url.replace("/output/", "/input/")).status_code == 404


def test_styles_are_urls_that_end_with_the_styles_name(node: Node) -> None:
    anna = node.client()
    _, urls = anna.emit("LIST_STYLES")
    assert len(urls) > 5
    name = urls[-1].rpartition("/")[2]
    assert httpx.get(urls[-1]).headers["Content-Type"] == "image/jpeg"
    assert anna.emit("TRANSFER_STYLE", a_submission(style=name))[0] is None
    assert anna.emit("TRANSFER_STYLE", a_submission(style=name.removesuffix(".jpg")))[0] is None


def test_the_gallery_comes_in_pages(node: Node) -> None:
    anna = node.client()
    for _ in range(3):
        job_id = anna.emit("TRANSFER_STYLE", a_submission(isPrivate=False))[1]["requestId"]
        anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")
    _, all_urls, _ = anna.emit("LIST_IMAGES", {"limit": 100})
    _, first, more = anna.emit("LIST_IMAGES", {"limit": 2})
    _, second, _ = anna.emit("LIST_IMAGES", {"limit": 1, "cursor": more["cursor"]})
    assert first + second == all_urls[:3]
    assert job_id in first[0]


@pytest.mark.parametrize(("strength", "sentence"), [(0.0, "Nothing finite was found. Lower the strength."), (0.5, "a problem on our side")])
def test_a_failure_is_an_event_with_a_sentence(start: StartServer, strength: float, sentence: str) -> None:
    _, node = start("raises")
    anna = node.client()
    job_id = anna.emit("TRANSFER_STYLE", a_submission(params={"strength": strength}))[1]["requestId"]
    failed = anna.wait_for(f"TRANSFER_STYLE_FAILED::{job_id}")
    assert sentence in failed["error"]
    assert failed["code"] == "failed"
    assert "secret" not in failed["error"]


def test_a_job_is_cancelled_while_it_is_painted(start: StartServer) -> None:
    _, node = start("hangs")
    anna = node.client()
    job_id = anna.emit("TRANSFER_STYLE", a_submission())[1]["requestId"]
    count, progress = 1, f"TRANSFER_STYLE_PROGRESS::{job_id}"
    while anna.wait_for(progress, count)["state"] != "running":
        count = len(anna.received(progress)) + 1
    error, job = anna.emit("CANCEL_TRANSFER", {"requestId": job_id})
    assert (error, job["requestId"]) == (None, job_id)
    assert anna.wait_for(f"TRANSFER_STYLE_FAILED::{job_id}")["code"] == "cancelled"


def test_a_client_that_reconnects_watches_its_job_again(start: StartServer) -> None:
    _, node = start("slow")
    anna = node.client()
    job_id = anna.emit("TRANSFER_STYLE", a_submission())[1]["requestId"]
    anna.drop()
    anna.wait_for("connect", 2)
    error, job = anna.emit("WATCH_JOB", {"requestId": job_id})
    assert error is None
    assert job["state"] in ("queued", "running")
    anna.wait_for(f"TRANSFER_STYLE_PROGRESS::{job_id}")
    assert anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")["result"]


def test_a_late_watcher_receives_the_end_at_once(node: Node) -> None:
    anna, late = node.client("anna"), node.client("late")
    job_id = anna.emit("TRANSFER_STYLE", a_submission())[1]["requestId"]
    anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")
    assert late.emit("WATCH_JOB", {"requestId": job_id})[1]["state"] == "succeeded"
    assert late.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")["result"]


def test_each_watcher_receives_the_end_once(node: Node) -> None:
    anna, ben = node.client("anna"), node.client("ben")
    job_id = anna.emit("TRANSFER_STYLE", a_submission())[1]["requestId"]
    for _ in range(3):
        ben.emit("WATCH_JOB", {"requestId": job_id})
        anna.emit("WATCH_JOB", {"requestId": job_id})
    anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")
    ben.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")
    after = anna.emit("TRANSFER_STYLE", a_submission())[1]["requestId"]
    anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{after}")
    ends = anna.received(f"TRANSFER_STYLE_COMPLETED::{job_id}")
    # Watching a finished job sends its end again, on purpose.
    assert 1 <= len(ends) <= 4


def test_a_job_with_an_unknown_id_cannot_be_watched_or_cancelled(node: Node) -> None:
    anna = node.client()
    (error,) = anna.emit("WATCH_JOB", {"requestId": an_id()})
    assert error["code"] == "unknown_job"
    (error,) = anna.emit("CANCEL_TRANSFER", {"requestId": an_id()})
    assert error["code"] == "unknown_job"


def test_a_chosen_id_makes_one_job_however_often_it_is_sent(node: Node) -> None:
    anna, again = node.client("anna"), node.client("again")
    job_id = an_id()
    for client in (anna, again, anna):
        assert client.emit("TRANSFER_STYLE", a_submission(requestId=job_id)) == [None, {"requestId": job_id}]
    first = anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")["result"]
    assert anna.emit("TRANSFER_STYLE", a_submission(requestId=job_id)) == [None, {"requestId": job_id}]
    assert httpx.get(first).status_code == 200


def test_the_id_of_another_clients_painting_is_refused_and_the_painting_stays(node: Node) -> None:
    anna, eve = node.client("anna"), node.client("eve")
    public = anna.emit("TRANSFER_STYLE", a_submission(isPrivate=False))[1]["requestId"]
    url = anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{public}")["result"]
    before = httpx.get(url).content
    forged = data_url(picture_bytes(colour="red"))
    eve.emit("TRANSFER_STYLE", a_submission(requestId=public, image=forged))
    (error,) = eve.emit("CANCEL_TRANSFER", {"requestId": public})
    assert error["code"] == "not_allowed"
    assert httpx.get(url).content == before
    assert httpx.get(url.replace("/output/", "/input/")).status_code == 200


def test_bytes_are_accepted_as_well_as_data_urls(node: Node) -> None:
    anna = node.client()
    error, data = anna.emit_bytes("TRANSFER_STYLE", a_submission(), picture_bytes())
    assert error is None
    anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{data['requestId']}")


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_both_transports_carry_a_large_photo(node: Node, transport: str) -> None:
    anna = node.client(transports=[transport])
    large = data_url(picture_bytes(1200, 900, "RGB"))
    job_id = anna.emit("TRANSFER_STYLE", a_submission(image=large))[1]["requestId"]
    anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")


def test_any_picture_or_blend_is_a_style(node: Node) -> None:
    anna = node.client()
    blend = [{"style": "starlit-swirl", "share": 2.0}, {"style": data_url(), "share": 1.0}]
    for style in (data_url(), blend):
        job_id = anna.emit("TRANSFER_STYLE", a_submission(style=style))[1]["requestId"]
        anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")


def test_a_gateway_that_was_killed_continues_with_its_jobs(start: StartServer) -> None:
    own, node = start("slow", lease_seconds=5)
    anna = node.client()
    job_id = anna.emit("TRANSFER_STYLE", a_submission())[1]["requestId"]
    own.kill()
    own.start()
    anna.wait_for("connect", 2)
    assert anna.emit("WATCH_JOB", {"requestId": job_id})[0] is None
    anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")
