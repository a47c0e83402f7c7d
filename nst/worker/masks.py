"""The masks of a job's regions and of parts of their styles, for the model's process."""

from nst.domain import RegionRef, is_automatic
from nst.store.ports import ObjectStore


def mask_file(objects: ObjectStore, key: str) -> bytes | str:
    """A mask's file; the key itself where it is the name of a region that is found.

    Raises:
        ObjectMissing: when there is none.
    """
    return key if is_automatic(key) else objects.get(key)


def style_masks(objects: ObjectStore, region: RegionRef) -> tuple[bytes | str | None, ...]:
    """The masks of the parts of a region's styles, as `RegionRequest` has them."""
    if not any(style.part for style in region.styles):
        return ()
    return tuple(mask_file(objects, style.part) if style.part else None for style in region.styles)
