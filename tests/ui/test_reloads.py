"""A form that is taken up again by a reload or in another tab."""

import pytest

from nst.ui import owner
from nst.ui.owner import Owner
from tests.support.pages import ANNA, DiskStudio
from tests.support.pictures import picture_bytes
from tests.ui.conftest import OpenPage


def test_what_is_sent_again_after_a_reload_is_painted_once_and_what_was_changed_is_painted(
    open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, "current", lambda: Owner(ANNA, has_cookie=True, since=0.0))
    first = open_page()
    first.file_uploader(key="photo").upload("me.png", picture_bytes(), "image/png").run()
    reloaded, changed = open_page(), open_page()
    changed.button(key="style_copperplate").click().run()
    led_to = [page.button(key="submit").click().run().query_params["job"] for page in (first, reloaded, changed)]
    assert led_to[0] == led_to[1] != led_to[2]
    assert len(studio.service.mine(ANNA)) == 2
    later = open_page()
    later.button(key="submit").click().run()
    assert len(studio.service.mine(ANNA)) == 3, "a form that was sent has become another"
