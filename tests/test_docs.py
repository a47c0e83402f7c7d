"""What the README promises to list is listed."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from nst import errors
from nst.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
ROWS = {name.lower(): (default, what) for name, default, what in re.findall(r"^\| `NST_(\w+)` \| (.+?) \| (.+?) \|$", README, re.MULTILINE)}


def shown(default: object) -> str:
    """A default as the table has it."""
    if default in (None, ()):
        return "none"
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, bool):
        return str(default).lower()
    return f"`{default}`" if isinstance(default, str) else f"{default:g}" if isinstance(default, float) else str(default)


def test_the_table_has_every_setting_and_no_other() -> None:
    assert list(ROWS) == list(Settings.model_fields)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_stands_in_the_readme_with_its_default(name: str) -> None:
    field, (default, what) = Settings.model_fields[name], ROWS[name]
    assert default.startswith("the user's") if field.default_factory else default == shown(field.default)
    assert what
    assert field.description


@pytest.mark.parametrize("path", ["README.md", "CONTRIBUTING.md", "Dockerfile"])
def test_no_document_speaks_of_a_setting_that_there_is_not(path: str) -> None:
    assert {name.lower() for name in re.findall(r"\bNST_(\w+)", (ROOT / path).read_text())} <= Settings.model_fields.keys()


def test_every_exit_code_is_in_the_readme_and_no_other() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.PasticheError)]
    own = {kind.exit_code for kind in kinds if not kind.__subclasses__()}
    section = README.partition("## Exit codes")[2].partition("\n## ")[0]
    listed = {int(code) for row in re.findall(r"^\| ([\d, ]+) \|", section, re.MULTILINE) for code in row.split(", ")}
    assert listed - {2, 130} == own


@pytest.mark.parametrize("path", re.findall(r"^((?:[\w.]+/)*[\w.]+(?:/|\.\w+)?) {2,}\S", README, re.MULTILINE))
def test_the_map_names_what_is_there(path: str) -> None:
    assert (ROOT / path).exists()
