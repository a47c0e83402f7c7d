"""Visitors beside attacks, while workers are killed: a short form of `benchmarks.mixed_traffic`."""

from pathlib import Path

import pytest

from benchmarks import mixed_traffic

pytestmark = pytest.mark.slow

SECONDS, VISITORS, KILLS_SECONDS = 40.0, 8, 15.0


def test_visitors_beside_attacks_are_answered_and_lose_nothing(tmp_path: Path) -> None:
    pytest.importorskip("streamlit.starlette", reason="the app's requirements are not installed")
    outcome = mixed_traffic.measure(tmp_path, SECONDS, VISITORS, KILLS_SECONDS)
    print(outcome.table().markdown())  # noqa: T201 -- shown with -s, and when the test fails
    assert outcome.attacked.paintings
    assert outcome.kills
    assert outcome.calm.failures == outcome.attacked.failures == outcome.lost == []
    assert outcome.peak_rss < 1_500_000_000
