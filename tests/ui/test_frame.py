"""What all pages stand in."""

import re
import subprocess
import sys
import tomllib

import pytest

from tests.ui.conftest import ROOT, OpenPage

PAGES = {"gallery": "Gallery", "my_pictures": "My pictures", "status": "Status"}


@pytest.mark.parametrize("name", ["create", *PAGES])
def test_a_page_that_is_the_first_one_asked_for_stands_in_its_frame(open_page: OpenPage, name: str) -> None:
    page = open_page(name)
    assert not page.exception
    assert [link.proto.label for link in page.get("page_link")] == ["Create", *PAGES.values()]


def test_pages_do_without_torch() -> None:
    script = (
        "import sys, logging; logging.disable(); from streamlit.testing.v1 import AppTest\n"
        "for page in ('streamlit_app.py', 'pages/gallery.py', 'pages/my_pictures.py', 'pages/status.py'):\n"
        "    assert not AppTest.from_file(page, default_timeout=60).run().exception\n"
        "import streamlit_app\n"
        "sys.exit(', '.join({'torch', 'torchvision', 'skimage'} & set(sys.modules)) or None)"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_the_style_sheet_has_the_colours_of_the_theme() -> None:
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    sheet = (ROOT / "nst" / "ui" / "assets" / "style.css").read_text()
    names = {
        "accent": "primaryColor",
        "ground": "backgroundColor",
        "shade": "secondaryBackgroundColor",
        "ink": "textColor",
        "line": "borderColor",
    }
    for name, option in names.items():
        found = re.search(rf"--{name}: light-dark\((#\w+), (#\w+)\);", sheet)
        assert found
        assert found.groups() == (theme["light"][option], theme["dark"][option])


def test_every_line_of_the_configuration_has_its_reason() -> None:
    for line in (ROOT / ".streamlit" / "config.toml").read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            assert re.search(r"\s# \S", line), line


def test_nothing_on_the_pages_comes_from_elsewhere() -> None:
    for path in [*(ROOT / "nst" / "ui").rglob("*"), ROOT / ".streamlit" / "config.toml"]:
        if path.suffix in (".css", ".js", ".html", ".toml", ".svg"):
            assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", path.read_text()), path
