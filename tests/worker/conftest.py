"""A local backend with settings for a worker, and what every test of it needs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nst.settings import Settings
from tests.support.studio import Studio
from tests.support.workers import QUOTAS, Bench

MakeSettings = Callable[..., Settings]


@pytest.fixture
def make_settings(tmp_path: Path) -> MakeSettings:
    def make(engine: str = "quick", **changes: Any) -> Settings:
        return Settings(**{"data_dir": tmp_path, "engine": f"tests.worker.engines.{engine}:engine", **QUOTAS, **changes})

    return make


@pytest.fixture
def studio() -> Studio:
    return Studio({})


@pytest.fixture
def bench(studio: Studio) -> Bench:
    return Bench(studio)
