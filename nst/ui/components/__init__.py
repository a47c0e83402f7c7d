"""Four small elements that Streamlit does not have. Each is a few lines of HTML, CSS and JavaScript, and needs no network.

They are given addresses and words, and put them into the page as attributes and text, never as HTML.
"""

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TypedDict

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from nst.ui.pictures import CRISP, Shape

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


def arrival(view: str, arrivals: int) -> None:
    """Nothing to see: with each further arrival, the focus moves to the view's heading."""
    _element("arrival")(data={"view": view, "arrivals": arrivals}, key="arrival")


def showcase(slides: Sequence[Slide], seconds: float) -> None:
    """Photos and paintings that follow each other, until somebody stops them or looks closer."""
    _element("showcase")(data={"slides": list(slides), "seconds": seconds, "crisp": CRISP}, key="showcase")


def _keep_place(name: str, shape: Shape) -> None:
    """As large as the element will be: its code is loaded a moment after the page, and what is below must not jump."""
    width = f"min(100%, {shape.width}px, calc(62vh * {shape.ratio:.4f}))"
    st.html(f"<style>.stApp .st-key-{name} {{ width: {width}; aspect-ratio: {shape.ratio:.4f}; margin: 0 auto; }}</style>")


@cache
def _element(name: str) -> ComponentRenderer:
    files = (_FOLDER / f"{name}.{kind}" for kind in ("html", "css", "js"))
    html, css, js = (file.read_text() if file.exists() else None for file in files)
    return st.components.v2.component(f"pastiche_{name}", html=html, css=css, js=js)
