"""What the README promises to list is listed."""

from pathlib import Path

import pytest

from nst.settings import Settings

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_readme(name: str) -> None:
    assert f"| `NST_{name.upper()}` |" in README
    assert Settings.model_fields[name].description
