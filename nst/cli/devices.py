"""From a device's name to the device. Torch is imported when it is asked for."""

from typing import Any

from nst.errors import InvalidParams


def device_named(name: str) -> Any:
    """The torch.device of that name; the annotation may not say so, for it would have to import torch.

    Args:
        name: auto, cpu, cuda, cuda:1 or mps, as Settings lets through.

    Raises:
        InvalidParams: when this machine has no such device.
    """
    import torch

    from nst.engine import best_device

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


def threads() -> int:
    """How many threads compute on the CPU."""
    import torch

    return torch.get_num_threads()
