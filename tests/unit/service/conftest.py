"""A studio in memory, with a clock that stands still until a test moves it."""

import pytest

from tests.support.studio import Studio


@pytest.fixture
def studio(request: pytest.FixtureRequest) -> Studio:
    return Studio(getattr(request, "param", {}))
