"""How a model's process decodes, encodes and reports: one way for paintings, one for previews.

Both codecs have `photo`, `style` and `mask`, which decode; the seconds before the first report of progress and between two; and the user's
sentences for a fault of the engine and for one that ran out of memory.
"""

from functools import lru_cache
from pathlib import PurePath

from PIL import Image

from nst import images
from nst.domain import PRINT_DPI, Progress
from nst.images import STORED_LIMITS, Format
from nst.model_process.messages import PaintRequest, Role
from nst.settings import Settings

PROGRESS_SIDE = 512  # pixels, of the pictures that show a painting's progress
_PROGRESS_QUALITY, _PREVIEW_QUALITY = 80, 85
_PHOTOS, _STYLES, _MASKS = 4, 32, 32  # decoded pictures that are kept: a visitor who drags a slider sends the same ones again and again
_LARGEST_STYLE = 2.0  # the side of a kept style picture, relative to the preview's: as large as the parameter "style scale" can ask for


class PaintingCodec:
    """Pictures as they are stored, and the painting in the photo's format, ready for print. Progress is a JPEG of at most 512 pixels."""

    progress_seconds = 0.5
    first_progress_seconds = 0.0
    fault = "The painting failed because of a problem on our side. Please try again, or choose another photo or preset."
    out_of_memory = "The painting needs more memory than there is. Choose a smaller preset."

    def photo(self, data: bytes) -> Image.Image:
        return images.decode(data, STORED_LIMITS)

    style = photo

    def mask(self, data: bytes) -> Image.Image:
        return images.mask_of(self.photo(data))

    def encode(self, picture: Image.Image, request: PaintRequest) -> bytes:
        file_format = images.format_of(PurePath(f"painting{request.suffix}")) or Format.JPEG
        return images.encode(picture, file_format, images.PRINT_QUALITY, PRINT_DPI)

    def is_shown(self, _: Progress) -> bool:
        return True

    def encode_progress(self, progress: Progress, _: PaintRequest) -> bytes:
        picture = progress.preview(PROGRESS_SIDE)
        picture.thumbnail((PROGRESS_SIDE, PROGRESS_SIDE))
        return images.encode(picture, Format.JPEG, _PROGRESS_QUALITY)


class PreviewCodec:
    """Pictures reduced to the preview's size. The preview and its progress are JPEG, or PNG where they are transparent."""

    progress_seconds = first_progress_seconds = 0.8
    fault = out_of_memory = "The preview failed because of a problem on our side. The painting itself may still succeed."

    def __init__(self, settings: Settings) -> None:
        self._side = side = settings.preview_side
        self.photo = lru_cache(_PHOTOS)(lambda data: images.decode(data, STORED_LIMITS, max_side=side))
        self.mask = lru_cache(_MASKS)(lambda data: images.mask_of(images.decode(data, STORED_LIMITS, max_side=side)))
        self.style = lru_cache(_STYLES)(lambda data: images.decode(data, STORED_LIMITS, max_side=round(_LARGEST_STYLE * side)))

    def encode(self, picture: Image.Image, _: PaintRequest) -> bytes:
        return images.encode(picture, Format.PNG if picture.mode == "RGBA" else Format.JPEG, _PREVIEW_QUALITY)

    def is_shown(self, progress: Progress) -> bool:
        """At the last scale alone: pictures of earlier ones are coarser than the sketch that is shown already."""
        return progress.scale == progress.scales

    def encode_progress(self, progress: Progress, request: PaintRequest) -> bytes:
        return self.encode(progress.preview(request.params.size or self._side), request)


Codec = PaintingCodec | PreviewCodec


def codec_for(role: Role, settings: Settings) -> Codec:
    return PreviewCodec(settings) if role is Role.PREVIEW else PaintingCodec()
