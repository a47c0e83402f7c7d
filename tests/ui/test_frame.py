"""The frame that all pages share."""

import logging
import re
import subprocess
import sys
import tomllib

import pytest
import streamlit as st
from streamlit import error_util
from streamlit.elements.widgets.slider import SliderSerde
from streamlit.proto.Slider_pb2 import Slider

from nst.ui import frame, server
from tests.support.pages import DiskStudio
from tests.ui.conftest import ROOT, OpenPage

PAGES = {"gallery": "Gallery", "my_pictures": "My pictures", "status": "Status"}


@pytest.mark.parametrize("name", ["create", *PAGES])
def test_the_first_page_of_a_server_has_its_frame(open_page: OpenPage, name: str) -> None:
    page = open_page(name)
    assert not page.exception
    assert [link.proto.label for link in page.get("page_link")] == ["Create", *PAGES.values()]


def test_pages_do_not_import_torch() -> None:
    script = (
        "import sys, logging; logging.disable(); from streamlit.testing.v1 import AppTest\n"
        "for page in ('streamlit_app.py', 'pages/gallery.py', 'pages/my_pictures.py', 'pages/status.py'):\n"
        "    assert not AppTest.from_file(page, default_timeout=60).run().exception\n"
        "import streamlit_app\n"
        "sys.exit(', '.join({'torch', 'torchvision', 'skimage'} & set(sys.modules)) or None)"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, encoding="utf-8")
    assert ended.returncode == 0, ended.stderr


def test_the_style_sheet_has_the_colours_of_the_theme() -> None:
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    sheet = (ROOT / "nst" / "ui" / "assets" / "style.css").read_text(encoding="utf-8")
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
    for line in (ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            assert re.search(r"\s# \S", line), line


def test_pages_load_nothing_from_other_hosts() -> None:
    for path in [*(ROOT / "nst" / "ui").rglob("*"), ROOT / ".streamlit" / "config.toml"]:
        if path.suffix in (".css", ".js", ".html", ".toml", ".svg"):
            assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize(
    ("job_id", "logged"), [("a" * 32, "a" * 32), ("x\n2026-11-28 22:00:00,000 CRITICAL root: FORGED", "-"), ("\x1b[31m", "-"), ("", "-")]
)
def test_an_error_is_logged_once_with_the_jobs_id_if_it_is_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, job_id: str, logged: str
) -> None:
    monkeypatch.setattr(st, "query_params", {"job": job_id})
    assert frame.show_apology(ValueError("broken"))
    assert [record.getMessage() for record in caplog.records if record.name == "nst.ui.frame"] == [f"page failed, job {logged}"]


def test_a_value_that_no_browser_sends_fills_no_log(caplog: pytest.LogCaptureFixture) -> None:
    try:
        SliderSerde([0.5], Slider.FLOAT, True, None, 0.0, 1.0).deserialize(99)  # type: ignore[arg-type]
    except Exception as error:
        frame.show_apology(error)
    else:
        pytest.fail("it was read")
    assert [record for record in caplog.records if record.name == "nst.ui.frame"] == []


def test_streamlit_does_not_log_an_error_of_a_page_again(studio: DiskStudio, caplog: pytest.LogCaptureFixture) -> None:
    server.configure_logs()
    streamlits = logging.getLogger("streamlit.error_util")
    streamlits.addHandler(caplog.handler)
    error_util._log_uncaught_app_exception(ValueError("broken"))
    streamlits.removeHandler(caplog.handler)
    assert "broken" not in caplog.text
    assert caplog.records == []


def test_a_run_that_another_one_has_disturbed_is_repeated(open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Streamlit's session state fails when two runs of a page overlap."""
    errors = [RuntimeError("dictionary changed size during iteration")]
    service = type(studio.service)
    real = service.styles

    def disturbed_once(self: object) -> object:
        if errors:
            raise errors.pop()
        return real(self)  # type: ignore[arg-type]

    monkeypatch.setattr(service, "styles", disturbed_once)
    page = open_page()
    assert not errors
    assert not page.exception
    assert not page.error
    assert page.button(key="submit")
