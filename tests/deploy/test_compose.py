"""deploy/compose.yaml, read: Docker itself is not asked."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from nst.settings import Settings

COMPOSE: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("app", "worker")


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_looked_after_and_started_again(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_redis_keeps_what_it_has_accepted_and_forgets_nothing_for_want_of_room() -> None:
    command = SERVICES["redis"]["command"]
    for words in (
        "--appendonly yes",
        "--appendfsync always",
        "--maxmemory-policy noeviction",
        "--hash-max-listpack-value 4096",
        "--requirepass",
    ):
        assert words in command
    assert "redis:/data" in SERVICES["redis"]["volumes"]
    assert "ports" not in SERVICES["redis"]


@pytest.mark.parametrize("name", OURS)
def test_every_variable_of_ours_is_a_setting(name: str) -> None:
    names = [variable.removeprefix("NST_").lower() for variable in SERVICES[name]["environment"] if variable.startswith("NST_")]
    # The app's own settings came with it.
    assert set(names) - set(Settings.model_fields) <= {"own_worker"}
    assert {"backend", "redis_url", "objects_url"} <= set(names)


def test_the_parts_of_a_fleet_share_one_redis_and_one_place_for_pictures() -> None:
    app, worker = (SERVICES[name] for name in OURS)
    for variable in ("NST_BACKEND", "NST_REDIS_URL", "NST_OBJECTS_URL"):
        assert app["environment"][variable] == worker["environment"][variable]
    assert app["volumes"] == worker["volumes"]
    assert all(service["depends_on"]["redis"]["condition"] == "service_healthy" for service in (app, worker))


def test_there_are_two_workers_and_time_enough_for_them_to_finish() -> None:
    worker = SERVICES["worker"]
    assert worker["deploy"]["replicas"] == 2
    assert worker["stop_grace_period"] == "2m"
    assert float(worker["environment"]["NST_DRAIN_SECONDS"]) < 120
    assert ":9100/readyz" in worker["healthcheck"]["test"][-1]
    assert worker["environment"]["NST_METRICS_PORT"] == "9100"
