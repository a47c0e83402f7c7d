"""Checkpoints: a painting after a finished scale, as bytes, from which an interrupted rendering goes on.

They are safetensors, which run no code: `picture`, (3, H, W) in 16 bits, and `facts`, a JSON object. A scale begins with nothing of the
ones before but their painting, `rounded` to 16 bits, so the rest of the rendering is the same with an interruption and without. A small
difference would grow: steps and passes amplify it.
"""

import hashlib
import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import safetensors.numpy
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import Tensor

import nst
from nst.domain import Optimiser
from nst.engine.tensors import BAND, Size

_KIND = "pastiche-checkpoint"
_LEVELS = 65_535
_MAX_FACTS = 65_536  # bytes
_MAX_HEADER = 4096  # bytes of a safetensors file besides its tensors
_MAX_SECONDS = 1e8

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """
    Attributes:
        picture: (1, 3, H, W) in [0, 1], in the size of the last finished scale.
        scales: the number of finished scales.
        seconds: that they took.
        optimisers: the names of those that took steps, by scale.
        losses: the objective's terms after the last step.
    """

    picture: Tensor
    scales: int
    seconds: float
    optimisers: Sequence[Sequence[str]]
    losses: Mapping[str, float]


class _Unusable(Exception):
    """Says why a checkpoint is not used."""


def fingerprint_of(facts: Any) -> str:
    """A hash of everything that decides on the rest of a rendering, this version included.

    Args:
        facts: ready for JSON.
    """
    return hashlib.blake2b(json.dumps([nst.__version__, facts]).encode(), digest_size=16).hexdigest()


def rounded(x: Tensor) -> Tensor:
    """x clamped to [0, 1] and rounded to 16 bits, as a checkpoint stores it, and in the same order in memory: on that, rounding depends."""
    return torch.clamp(x, 0, 1, out=torch.empty(x.shape, device=x.device)).mul_(_LEVELS).round_().div_(_LEVELS)


def encode(checkpoint: Checkpoint, fingerprint: str) -> bytes:
    """
    Args:
        fingerprint: of the rendering.
    """
    facts = {
        "rendering": fingerprint,
        "scales": checkpoint.scales,
        "seconds": checkpoint.seconds,
        "optimisers": [list(names) for names in checkpoint.optimisers],
        "losses": dict(checkpoint.losses),
    }
    described = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)
    return safetensors.numpy.save({"picture": _quantised(checkpoint.picture), "facts": described}, {"kind": _KIND})


def is_checkpoint(start: bytes) -> bool:
    """Whether a file that begins so claims to be a checkpoint."""
    return f'"kind":"{_KIND}"'.encode() in start


def decode(data: bytes, fingerprint: str, sizes: Sequence[Size]) -> Checkpoint | None:
    """The checkpoint in bytes of any origin; None, with a line in the log, when it is damaged or of another rendering.

    Args:
        fingerprint: of the rendering that is to go on.
        sizes: of the painting at its scales.
    """
    try:
        return _checked(data, fingerprint, sizes)
    except (_Unusable, SafetensorError, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        log.warning("a checkpoint is not used: %s", error if isinstance(error, _Unusable) else type(error).__name__)
        return None


def _checked(data: bytes, fingerprint: str, sizes: Sequence[Size]) -> Checkpoint:
    if len(data) > max(2 * 3 * height * width for height, width in sizes) + _MAX_FACTS + _MAX_HEADER:
        raise _Unusable(f"it has {len(data)} bytes")
    tensors = safetensors.numpy.load(data)
    picture, described = tensors["picture"], tensors["facts"]
    if described.nbytes > _MAX_FACTS:
        raise _Unusable("it says too much")
    match json.loads(described.tobytes()):
        case {"rendering": found} if found != fingerprint:
            raise _Unusable("it is of another version, or of a rendering with other inputs, parameters or scales")
        case {
            "rendering": str(),
            "scales": int(scales),
            "seconds": int() | float() as seconds,
            "optimisers": [*names],
            "losses": dict(losses),
        } if 0 < scales < len(sizes) and 0 <= seconds < _MAX_SECONDS and len(names) == scales:
            if picture.dtype != np.uint16 or picture.shape != (3, *sizes[scales - 1]):
                raise _Unusable("its picture has another size")
            optimisers = [[Optimiser(name).value for name in of_scale] for of_scale in names]
            return Checkpoint(_restored(picture), scales, float(seconds), optimisers, _finite(losses))
    raise _Unusable("it lacks something")


def _finite(losses: Mapping[str, Any]) -> dict[str, float]:
    values = {name: float(value) for name, value in losses.items()}
    if not all(map(math.isfinite, values.values())):
        raise _Unusable("its losses are not finite")
    return values


def _quantised(x: Tensor) -> NDArray[np.uint16]:
    """x (1, 3, H, W) as (3, H, W), in C order: safetensors writes an array's bytes as they are."""
    picture = np.empty(x.shape[1:], dtype=np.uint16)
    for top in range(0, x.shape[2], BAND):
        band = x[0, :, top : top + BAND].detach().clamp(0, 1).mul(_LEVELS).round()
        picture[:, top : top + BAND] = band.to(torch.int32).cpu().numpy()
    return picture


def _restored(picture: NDArray[np.uint16]) -> Tensor:
    return torch.from_numpy(picture.astype(np.float32))[None].div_(_LEVELS)
