"""Keys, quotas, origins, and limits on connections."""

import json

import httpx
import websocket

from tests.gateway.conftest import StartServer
from tests.gateway.server import Server
from tests.support.gateway import a_submission, an_id

KEYS = [
    {"name": "shop", "key": "s" * 30, "uploads_per_minute": 50, "jobs": 50},
    {"name": "other", "key": "o" * 30},
]


def test_programs_without_a_key_share_the_quota_of_their_address(start: StartServer) -> None:
    _, node = start("hangs", jobs_per_visitor=2)
    anna, ben = node.client("anna"), node.client("ben")
    assert anna.emit("TRANSFER_STYLE", a_submission())[0] is None
    assert ben.emit("TRANSFER_STYLE", a_submission())[0] is None
    (error,) = anna.emit("TRANSFER_STYLE", a_submission())
    assert error["code"] == "too_many_jobs"
    assert "At most 2" in error["error"]


def test_uploads_a_minute_are_limited_and_a_repeated_id_is_not_counted(start: StartServer) -> None:
    _, node = start("instant", uploads_per_minute=2)
    anna, job_id = node.client(), an_id()
    for _ in range(5):
        assert anna.emit("TRANSFER_STYLE", a_submission(requestId=job_id))[0] is None
    assert anna.emit("TRANSFER_STYLE", a_submission())[0] is None
    assert anna.emit("TRANSFER_STYLE", a_submission())[0]["code"] == "too_many_uploads"


def test_a_submission_that_was_refused_is_not_counted(start: StartServer) -> None:
    _, node = start("instant", uploads_per_minute=1)
    anna = node.client()
    for _ in range(3):
        assert anna.emit("TRANSFER_STYLE", a_submission(style="none"))[0]["code"] == "unknown_style"
    assert anna.emit("TRANSFER_STYLE", a_submission())[0] is None


def test_a_key_has_a_quota_of_its_own_and_paintings_that_others_cannot_see(start: StartServer) -> None:
    server, node = start("instant", uploads_per_minute=1, api_keys=json.dumps(KEYS))
    shop, again = node.client("shop", auth={"key": "s" * 30}), node.client("again", auth={"key": "s" * 30})
    other, nobody = node.client("other", auth={"key": "o" * 30}), node.client("nobody")
    for _ in range(3):
        job_id = shop.emit("TRANSFER_STYLE", a_submission())[1]["requestId"]
    shop.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")
    assert again.emit("WATCH_JOB", {"requestId": job_id})[0] is None
    for stranger in (other, nobody):
        assert stranger.emit("WATCH_JOB", {"requestId": job_id})[0]["code"] == "unknown_job"
        assert stranger.emit("CANCEL_TRANSFER", {"requestId": job_id})[0]["code"] == "unknown_job"
    path = f"{server.url}/api/jobs/{job_id}/result"
    assert httpx.get(path).status_code == 404
    assert httpx.get(path, headers={"Authorization": f"Bearer {'o' * 30}"}).status_code == 404
    assert httpx.get(path, headers={"Authorization": f"Bearer {'s' * 30}"}).status_code == 200
    assert other.emit("TRANSFER_STYLE", a_submission())[0] is None
    assert other.emit("TRANSFER_STYLE", a_submission())[0]["code"] == "too_many_uploads"


def test_an_unknown_key_is_refused(start: StartServer) -> None:
    server, node = start("instant", api_keys=json.dumps(KEYS))
    refused = node.refused(auth={"key": "wrong"})
    assert refused["data"]["code"] == "not_allowed"
    assert refused["message"] == "This key is unknown. Check it, or leave it out."
    assert node.refused("x", auth={"key": 7})["data"]["code"] == "invalid_request"
    answer = httpx.get(f"{server.url}/api/jobs/{an_id()}", headers={"Authorization": "Bearer wrong"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_a_studio_may_require_a_key(start: StartServer) -> None:
    server, node = start("instant", api_keys=json.dumps(KEYS), anonymous="false")
    assert node.refused()["data"]["code"] == "not_allowed"
    assert httpx.post(f"{server.url}/api/jobs", json=a_submission()).status_code == 403
    assert httpx.get(f"{server.url}/api/images").status_code == 200
    shop = node.client("shop", auth={"key": "s" * 30})
    assert shop.emit("TRANSFER_STYLE", a_submission())[0] is None


def test_only_pages_of_allowed_origins_may_connect(start: StartServer) -> None:
    server, _ = start("instant", origins='["https://friend.example"]')
    address = f"{server.url}/socket.io/?EIO=4&transport=polling"
    assert httpx.get(address, headers={"Origin": "https://evil.example"}).status_code == 400
    for origin in ("https://friend.example", server.url):
        assert httpx.get(address, headers={"Origin": origin}).status_code == 200
    assert "access-control-allow-origin" not in httpx.get(f"{server.url}/api/styles", headers={"Origin": "https://evil.example"}).headers
    friendly = httpx.get(f"{server.url}/api/styles", headers={"Origin": "https://friend.example"})
    assert friendly.headers["access-control-allow-origin"] == "https://friend.example"


def test_connections_are_limited_by_address_until_they_end(start: StartServer) -> None:
    _, node = start("instant", connections_per_address=2)
    first = node.client("one")
    node.client("two")
    assert node.refused("three")["data"]["code"] == "too_many_connections"
    first.leave()
    first.wait_for("disconnect")
    node.client("four")


def test_a_full_gateway_refuses_new_connections(start: StartServer) -> None:
    server, node = start("instant", connections=2)
    node.client("one")
    node.client("two")
    answer = httpx.get(f"{server.url}/socket.io/?EIO=4&transport=polling")
    assert (answer.status_code, answer.json()["code"]) == (503, "too_many_connections")
    assert httpx.get(f"{server.url}/api/styles").status_code == 200


def test_an_idle_connection_is_closed_unless_it_watches_a_job(start: StartServer) -> None:
    _, node = start("hangs", idle_seconds=1)
    idle, waiting = node.client("idle", reconnection=False), node.client("waiting", reconnection=False)
    assert waiting.emit("TRANSFER_STYLE", a_submission())[0] is None
    idle.wait_for("disconnect")
    assert waiting.received("disconnect") == []


def test_urls_begin_with_the_host_that_was_called_or_with_the_public_url(start: StartServer, server: Server) -> None:
    own, node = start("instant", public_url="https://pictures.example/studio/")
    assert node.client().emit("LIST_STYLES")[1][0].startswith("https://pictures.example/studio/api/media/style/")
    assert httpx.get(f"{own.url}/api/styles").json()[0]["url"].startswith("https://pictures.example/studio/api/")
    called = httpx.get(f"{server.url}/api/styles", headers={"Host": "nickname:81"}).json()
    assert called[0]["url"].startswith("http://nickname:81/api/")


def test_a_malformed_host_header_is_refused(server: Server) -> None:
    connection = websocket.create_connection(
        f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket", host='evil"><script>', suppress_origin=True, timeout=60
    )
    connection.recv()
    connection.send("40")
    assert connection.recv().startswith("44")
    connection.close()
