"""The search for styles. Familiar words find the bundled ones, besides their titles and lines: artists, movements, techniques, moods."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import lru_cache
from itertools import pairwise

from nst.domain import words_of
from nst.styles.catalogue import StyleEntry

WORDS = {
    "starlit-swirl": "van gogh starry night post-impressionism expressionism munch scream oil impasto blue dreamy",
    "woodblock-surf": "hokusai hiroshige great wave japanese print ukiyo-e anime manga ghibli sea",
    "cathedral-glass": "stained glass church window gothic tiffany medieval colourful colorful",
    "sunday-dots": "seurat signac pissarro renoir pointillism impressionism monet summer spring",
    "golden-tesserae": "mosaic byzantine tiles ravenna roman pixel lego",
    "knife-harvest": "monet cezanne turner impressionism palette knife oil acrylic impasto sunset autumn landscape",
    "ottoman-marble": "marbling ebru psychedelic trippy abstract fluid pollock",
    "copperplate": "engraving etching durer rembrandt renaissance pencil charcoal ink line drawing sketch black and white hatching vintage",
    "paper-garden": "matisse collage cut-out paper origami kids comic cartoon colourful colorful",
    "tide-wash": "watercolor watercolour water color aquarelle ink wash soft turner ghibli chinese",
    "circle-rhythm": "delaunay kandinsky bauhaus abstract orphism circles modern geometric pop art warhol art deco colourful colorful",
    "linocut-thicket": "linocut woodcut print leaves forest expressionism kirchner comic autumn",
    "night-chalk": "pastel chalk crayon coloured colored pencil degas flowers fireworks neon",
    "silk-thread": "embroidery textile stitch knitting folk floral flowers fabric",
    "cubist-table": "picasso braque juan gris cubism geometric",
    "gilded-spirals": "klimt mucha gold art nouveau deco kiss ornament",
}
_FILLERS = "a an and art by da de in like look made of on painted painting paintings picture style styles the van with"
_ENDING = re.compile(r"(?<=\w{4})(?:ists?|isms?|istic|ings?|ed|s)$")
_CLOSE = 0.8  # of two spellings
_MOST_WORDS = 100


def search(entries: Sequence[StyleEntry], wanted: str) -> list[StyleEntry]:
    """The styles that have most words of a search, or words that begin with them: "impressionist" finds impressionism, "picaso" Picasso."""
    asked = words_of(wanted)
    words = [word for word in asked if word not in _FILLERS.split()]
    if not words:
        return [] if wanted.strip() and not asked else list(entries)
    vocabularies = {entry.id: _vocabulary(description_of(entry)) for entry in entries}
    found = Counter(style for word in words for style in _with(word, vocabularies))
    most = max(found.values(), default=0)
    return [entry for entry in entries if most and found[entry.id] == most]


def description_of(entry: StyleEntry) -> str:
    """All words that find the style."""
    return f"{entry.title} {entry.line} {entry.id} {WORDS.get(entry.id, '')}"


def _with(word: str, vocabularies: dict[str, frozenset[str]]) -> list[str]:
    """The ids of the styles with a word; of those with a similar one, if there are none."""
    stem = _ENDING.sub("", word)
    exact = [style for style, known in vocabularies.items() if _begins(known, stem)]
    if exact or len(word) < 5:
        return exact
    similar = get_close_matches(word, set().union(*vocabularies.values()), cutoff=_CLOSE)
    return [style for style, known in vocabularies.items() if known.intersection(similar)]


def _begins(words: Iterable[str], stem: str) -> bool:
    return any(word.startswith(stem) for word in words)


@lru_cache(maxsize=4096)
def _vocabulary(text: str) -> frozenset[str]:
    """The words of a text, and neighbours as one word: "vangogh"."""
    words = words_of(text, _MOST_WORDS)
    return frozenset([*words, *("".join(pair) for pair in pairwise(words))])
