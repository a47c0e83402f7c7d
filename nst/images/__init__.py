"""Picture files in and out: the only module that turns bytes into pictures, and pictures into bytes.

Everything that visitors, programs or folders bring passes here: format detection by content, limits, removal of metadata, decoding within a
memory budget, conversion to upright sRGB, and encoding. It knows nothing of styles, jobs or stores. Its error sentences name no file, so
that they can be shown to anybody.
"""

from nst.images.codec import (
    PRINT_QUALITY,
    STORED_LIMITS,
    THUMBNAIL_QUALITY,
    THUMBNAIL_SIDE,
    Limits,
    decode,
    encode,
    printable,
    read,
    read_bytes,
    size_of,
    thumbnail,
    transcode,
    transcode_mask,
    transcode_part,
    transcode_style_mask,
)
from nst.images.crops import MAX_ANGLE, Crop
from nst.images.formats import INPUT_FORMATS, INPUT_SUFFIXES, OUTPUT_SUFFIXES, WEB_FORMATS, Format, format_of, has_input_suffix
from nst.images.masks import mask_of

__all__ = ["INPUT_FORMATS", "INPUT_SUFFIXES", "MAX_ANGLE", "OUTPUT_SUFFIXES", "PRINT_QUALITY", "STORED_LIMITS", "THUMBNAIL_QUALITY"]
__all__ += ["THUMBNAIL_SIDE", "WEB_FORMATS", "Crop", "Format", "Limits", "decode", "encode", "format_of", "has_input_suffix", "mask_of"]
__all__ += ["printable", "read", "read_bytes", "size_of", "thumbnail", "transcode", "transcode_mask", "transcode_part"]
__all__ += ["transcode_style_mask"]
