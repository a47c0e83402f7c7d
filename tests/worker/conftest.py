"""A local backend with settings for a worker, and what every test of it needs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nst.bootstrap import open_backend, open_catalogue
from nst.service import Service
from nst.settings import Settings
from nst.store.ports import Backend
from tests.unit.service.conftest import Studio

QUOTAS = {"uploads_per_minute": 10**6, "jobs_per_visitor": 10**6, "queue_length": 10**6}
MakeSettings = Callable[..., Settings]


@pytest.fixture
def make_settings(tmp_path: Path) -> MakeSettings:
    def make(engine: str = "quick", **changes: Any) -> Settings:
        return Settings(**{"data_dir": tmp_path, "engine": f"tests.worker.engines.{engine}:engine", **QUOTAS, **changes})

    return make


@pytest.fixture
def studio() -> Studio:
    return Studio({})


def service_of(settings: Settings) -> tuple[Backend, Service]:
    backend = open_backend(settings)
    return backend, Service(backend, open_catalogue(settings), settings)
