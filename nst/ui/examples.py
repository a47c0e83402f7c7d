"""Examples: paintings of the sample photos, which an empty gallery shows. They are files of the studio, in no feed and no store."""

from dataclasses import dataclass
from html import escape

import streamlit as st

from nst.samples import SAMPLES
from nst.styles import StyleEntry
from nst.ui import frame, past_drafts
from nst.ui.frame import Visit
from nst.ui.urls import url


@dataclass(frozen=True)
class Example:
    """A painting of a sample photo, in a bundled style. The painting is among the assets.

    Attributes:
        photo: the name of the sample.
        style: the style's id.
    """

    photo: str
    style: str

    @property
    def name(self) -> str:
        return f"{self.photo}-{self.style}"

    @property
    def sources(self) -> tuple[str, str]:
        """The URLs of the painting and the photo."""
        return url("assets", f"example-{self.name}.webp"), url("samples", self.photo, size="large")


EXAMPLES = (
    Example("cat", "starlit-swirl"),
    Example("astronaut", "cathedral-glass"),
    Example("rocket", "woodblock-surf"),
    Example("coffee", "tide-wash"),
    Example("astronaut", "copperplate"),
    Example("cat", "sunday-dots"),
)


def show_examples(visit: Visit) -> None:
    """Each with its photo on the left, and a button that opens the form with its style."""
    styles = {entry.id: entry for entry in visit.service.styles()}
    examples = [each for each in EXAMPLES if each.style in styles]
    st.html('<h2 class="step examples">Examples</h2>')
    st.caption("This studio has painted them from its sample photos. They disappear as soon as a painting is published.")
    with st.container(key="examples"):
        for each in examples:
            with st.container(key=f"example_{each.name}", gap="small"):
                _show(each, styles[each.style])


def _show(example: Example, style: StyleEntry) -> None:
    title = next(sample.title for sample in SAMPLES if sample.name == example.photo)
    alt = f"{title}: the photo on the left, a painting in the style {style.title} on the right"
    pictures = "".join(f'<img src="{source}" alt="">' for source in example.sources)
    st.html(
        f'<figure class="example" role="img" aria-label="{escape(alt)}">{pictures}'
        '<span class="badge" aria-hidden="true">Example</span></figure>'
        f'<p class="card-words"><b>{escape(title)}</b><span>{escape(style.title)}</span></p>'
    )
    if st.button("Paint mine like this", key=f"try_{example.name}"):
        past_drafts.begin_with(style.id, example.photo)
        st.switch_page(frame.page("create"))
