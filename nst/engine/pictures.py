"""Between Pillow's pictures and tensors (1, 3, H, W) of RGB in [0, 1]; sizes and resampling."""

import math
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

Size = tuple[int, int]
"""(height, width) in pixels."""

# Pixels around the picture that are painted, too, and cut off at the end: features see a mirrored world beyond the border, which
# paints a band of its own along it. A frame also makes the smallest picture large enough for the encoder.
MARGIN = 16
# A photo's sides up to which its long one says how large a painting is. Of a longer panorama that would leave a thread, with strokes
# larger than it is high: its preset, style pictures and coarsest scale are those of a part of it with these sides.
LONGEST = 4.0
DETAIL = 0.5


def to_tensor(picture: Image.Image, size: Size, device: torch.device) -> Tensor:
    """A picture at `size`, filtered well in both directions (Lanczos), transparent parts filled with its mean visible colour."""
    height, width = size
    resized = opaque(picture).resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    array = torch.from_numpy(np.array(resized)).to(device)
    return array.permute(2, 0, 1)[None].float() / 255


def to_picture(x: Tensor) -> Image.Image:
    """The reverse of `to_tensor`, clamped to what can be shown."""
    array = (x[0].detach().clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu()
    return Image.fromarray(array.numpy(), "RGB")


def opaque(picture: Image.Image) -> Image.Image:
    """The picture as RGB. What hides behind full transparency is often garbage, so it is replaced by the mean of what shows."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    rgba = picture.convert("RGBA")
    values = np.asarray(rgba, dtype=np.float32)
    alpha = values[..., 3:]
    mean = (values[..., :3] * alpha).sum((0, 1)) / max(float(alpha.sum()), 1.0)
    ground = Image.new("RGBA", rgba.size, (*(round(float(channel)) for channel in mean), 255))
    return Image.alpha_composite(ground, rgba).convert("RGB")


def alpha_of(picture: Image.Image) -> Image.Image | None:
    """The alpha channel, where something is transparent."""
    if not picture.has_transparency_data:
        return None
    alpha = picture.convert("RGBA").getchannel("A")
    return alpha if alpha.getextrema() != (255, 255) else None


def fit(picture: Image.Image, long_side: float) -> Size:
    """The size with that long side and the picture's own shape; no side below one pixel."""
    factor = long_side / max(picture.size)
    return max(1, round(picture.height * factor)), max(1, round(picture.width * factor))


def elongation(picture: Image.Image) -> float:
    """How many times longer than `LONGEST` a picture is, upright or lying; 1 when it is not."""
    return max(1.0, max(picture.size) / min(picture.size) / LONGEST)


def resize(x: Tensor, size: Size) -> Tensor:
    """(1, 3, H, W) at another size, bicubic."""
    if tuple(x.shape[-2:]) == size:
        return x
    return F.interpolate(x, size=size, mode="bicubic", antialias=True).clamp(0, 1)


def enlarged(painting: Tensor, photo: Tensor, larger_photo: Tensor) -> Tensor:
    """A painting (1, 3, h, w) of `photo` at the size of `larger_photo`, with half of the detail that only the larger one shows.

    Without, edges begin blurred, and the optimiser has to find again what the photo knows: at equal steps the style is as near, and the
    content lost is 4 % more. With all of it, the photo's grain stays in calm places.
    """
    size = (larger_photo.shape[-2], larger_photo.shape[-1])
    return resize(painting, size) + DETAIL * (larger_photo - resize(photo, size))


def framed(x: Tensor, margin: int = MARGIN, length: Callable[[int], int] | None = None) -> Tensor:
    """(1, 3, H, W) with at least `margin` pixels more on every side, mirrored, or repeated where the picture is too small to be mirrored.

    The sides become what `length` makes of them, which is no less: by default, what a Fourier transform is fast for; of a prime length it
    takes three times as long. `crop_to` takes the frame off.
    """
    length = length or fast_length
    pads = [(extra // 2, extra - extra // 2) for extra in (length(side + 2 * margin) - side for side in x.shape[-2:])]
    mirrored = [pad if side > max(pad) else (0, 0) for side, pad in zip(x.shape[-2:], pads, strict=True)]
    repeated = [(0, 0) if any(mirror) else pad for mirror, pad in zip(mirrored, pads, strict=True)]
    for (down, across), mode in ((mirrored, "reflect"), (repeated, "replicate")):
        x = F.pad(x, (*across, *down), mode=mode)
    return x


def fast_length(least: int) -> int:
    """The smallest product of 2, 3 and 5 that is not below `least`."""
    rest = least
    for prime in (2, 3, 5):
        while rest % prime == 0:
            rest //= prime
    return least if rest == 1 else fast_length(least + 1)


def crop_to(x: Tensor, size: Size) -> Tensor:
    """The middle of x, as `framed` had it."""
    top, left = ((have - want) // 2 for have, want in zip(x.shape[-2:], size, strict=True))
    return x[..., top : top + size[0], left : left + size[1]]


def tile_to(x: Tensor, least: int) -> Tensor:
    """Grows sides shorter than `least` by repeating the picture: statistics stay what they were."""
    down, across = (math.ceil(least / side) for side in x.shape[-2:])
    return x.repeat(1, 1, down, across) if max(down, across) > 1 else x
