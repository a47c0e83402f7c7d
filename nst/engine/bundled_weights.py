"""The weights that are part of the package."""

import hashlib
from importlib import resources

import safetensors.torch
from torch import Tensor

State = dict[str, Tensor]


def load_bundled(name: str) -> tuple[State, str]:
    """Load the weights of `compact` or `instant` in single precision, with the SHA-256 of their file."""
    data = resources.files("nst.weights").joinpath(f"{name}.safetensors").read_bytes()
    return {name: value.float() for name, value in safetensors.torch.load(data).items()}, hashlib.sha256(data).hexdigest()
