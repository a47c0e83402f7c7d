"""Sketches at several strengths. While the strength is being changed, the page fades between them; its own sketch comes afterwards.

Such a fade differs from the sketch by 3 levels of 255 on average, one between the photo and the strongest sketch by 11 (four styles, three
photos): a little strength changes much.
"""

from dataclasses import replace

import streamlit as st

from nst.errors import PasticheError
from nst.ui import draft, singletons
from nst.ui.components import fade_strengths
from nst.ui.frame import Visit
from nst.ui.sketch_addresses import keep_for_later
from nst.ui.sketch_order import SketchOrder, order_of, pictures_of
from nst.ui.urls import url

STRENGTHS = (0.25, 0.5, 0.75, 1.0)


def show_fade(visit: Visit) -> None:
    """They are painted once the visitor reaches for the slider."""
    if draft.current().photo is None or not singletons.previews().enabled:
        return
    try:
        order = order_of(visit, draft.current())
        fade_strengths({strength: url("sketches", token) for strength, token in _tokens(visit, order).items()}, order.params.strength)
    except PasticheError:  # which the sketch reports
        return


def _tokens(visit: Visit, order: SketchOrder) -> dict[float, str]:
    """The same until something else than the strength changes."""
    strongest = replace(order, params=replace(order.params, strength=1.0))
    kept: tuple[SketchOrder, dict[float, str]] | None = st.session_state.get("strength_sketches")
    if kept is None or kept[0] != strongest:
        pictures = pictures_of(visit, order)

        def later(strength: float) -> str:
            return keep_for_later(lambda: pictures.request(replace(order.params, strength=strength), slot=f"strength {strength}"))

        kept = strongest, {strength: later(strength) for strength in STRENGTHS}
        st.session_state["strength_sketches"] = kept
    return kept[1]
