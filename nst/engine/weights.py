"""The weights that are embedded in the package."""

import hashlib
from importlib import resources

from safetensors.torch import load
from torch import Tensor

State = dict[str, Tensor]


def embedded(name: str) -> tuple[State, str]:
    """The weights of `compact` or `instant` in single precision, and the SHA-256 of their file."""
    data = resources.files("nst.weights").joinpath(f"{name}.safetensors").read_bytes()
    return {name: value.float() for name, value in load(data).items()}, hashlib.sha256(data).hexdigest()
