"""Where to compute."""

import torch

from nst.errors import InvalidParams


def best_device() -> torch.device:
    """CUDA, else Apple's MPS, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def device_named(name: str) -> torch.device:
    """The device of that name: auto, cpu, cuda, cuda:1 or mps.

    Raises:
        InvalidParams: when this machine has no such device.
    """
    if name == "auto":
        return best_device()
    device = torch.device(name)
    present = {
        "cpu": True,
        "cuda": (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not present[device.type]:
        raise InvalidParams(f"This machine has no device {name}. Use auto, which takes the best that there is.")
    return device


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether it is a CPU for which convolutions in bfloat16 are a gain: on others they are slower than in single precision."""
    if device.type != "cpu":
        return False
    abilities = torch.cpu.get_capabilities()
    return any(abilities.get(name, False) for name in ("avx512_bf16", "amx_bf16"))
