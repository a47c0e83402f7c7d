"""Three small elements that Streamlit does not have. Each is a few lines of HTML, CSS and JavaScript, and needs no network.

They are given addresses and words, and put them into the page as attributes and text, never as HTML.
"""

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TypedDict

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from nst.ui.pictures import Shape

_FOLDER = Path(__file__).parent


class Slide(TypedDict):
    """A painting in the showcase."""

    before: str
    after: str
    title: str
    href: str


def compare(before: str, after: str, shape: Shape, alt: str) -> None:
    """Photo and painting on top of each other, with a divider to be dragged or moved by the arrow keys."""
    _keep_place("compare", shape)
    _element("compare")(data={"before": before, "after": after, **asdict(shape), "alt": alt}, key="compare")


def emerging(before: str, after: str | None, shape: Shape, alt: str) -> None:
    """The photo, and the painting as it emerges from it: each new preview fades in over the last."""
    _keep_place("emerging", shape)
    _element("emerging")(data={"before": before, "after": after, **asdict(shape), "alt": alt}, key="emerging")


def showcase(slides: Sequence[Slide], seconds: float) -> None:
    """Photos and paintings that follow each other, until somebody stops them or looks closer."""
    _element("showcase")(data={"slides": list(slides), "seconds": seconds}, key="showcase")


def _keep_place(name: str, shape: Shape) -> None:
    """As high as the element will be: its code is loaded a moment after the page, and what is below must not jump."""
    heights = f"62vh, {shape.width / shape.ratio:.0f}px, calc((100vw - 2rem) / {shape.ratio:.4f})"
    st.html(f"<style>.st-key-{name} {{ min-height: min({heights}); }}</style>")


@cache
def _element(name: str) -> ComponentRenderer:
    html, css, js = ((_FOLDER / f"{name}.{kind}").read_text() for kind in ("html", "css", "js"))
    return st.components.v2.component(f"pastiche_{name}", html=html, css=css, js=js)
