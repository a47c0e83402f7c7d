"""Familiar words that find the bundled styles, besides their titles and lines: artists, movements, techniques, moods."""

from nst.styles.catalogue import StyleEntry

WORDS = {
    "starlit-swirl": "van gogh starry night post-impressionism oil impasto blue",
    "woodblock-surf": "hokusai great wave japanese print ukiyo-e anime manga sea",
    "cathedral-glass": "stained glass church window gothic tiffany",
    "sunday-dots": "seurat signac pointillism impressionism monet summer",
    "golden-tesserae": "mosaic byzantine tiles ravenna roman",
    "knife-harvest": "monet impressionism palette knife oil impasto sunset landscape",
    "ottoman-marble": "marbling ebru psychedelic abstract fluid",
    "copperplate": "engraving etching durer dürer pencil drawing sketch black and white hatching",
    "paper-garden": "matisse collage cut-out paper kids comic cartoon",
    "tide-wash": "watercolor watercolour aquarelle soft turner",
    "circle-rhythm": "delaunay kandinsky abstract orphism circles modern pop art",
    "linocut-thicket": "linocut woodcut print leaves forest expressionism comic",
    "night-chalk": "pastel chalk degas flowers fireworks",
    "silk-thread": "embroidery textile stitch folk floral fabric",
    "cubist-table": "picasso braque cubism geometric",
    "gilded-spirals": "klimt gold art nouveau kiss ornament",
}


def matches(entry: StyleEntry, wanted: str) -> bool:
    """Whether each word of a search is part of the style's title, line, id or words."""
    text = description_of(entry).lower()
    return all(word in text for word in wanted.lower().split())


def description_of(entry: StyleEntry) -> str:
    """All words that find the style."""
    return f"{entry.title} {entry.line} {entry.id} {WORDS.get(entry.id, '')}"
