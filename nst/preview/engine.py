"""The engine of sketches: the default one, after its first pass."""

from PIL import Image

from nst.domain import StyleParams
from nst.model_process import child
from nst.model_process.engine import Paint
from nst.settings import Settings


def painter(settings: Settings) -> Paint:
    """The default engine, after its first pass at the sketches' size, which is slower than later ones."""
    paint = child.painter(settings)
    grey = Image.new("RGB", (settings.preview_side, settings.preview_side), "grey")
    params = StyleParams.from_dict({"mode": "instant", "size": settings.preview_side})
    paint(grey, [(grey, 1.0)], params, lambda _: None, lambda: False)
    return paint
