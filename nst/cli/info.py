"""`info`: what a report of a fault should begin with."""

import platform
from importlib.metadata import version
from typing import Any

from PIL import Image

import nst
from nst.cli.configuration import settings
from nst.cli.edge import AsJson, say
from nst.cli.options import Device
from nst.domain import Mode, StyleParams
from nst.settings import Settings

ENCODERS = ("compact", "vgg19")
PACKAGES = ("torch", "torchvision", "pillow")


def info(device: Device = None, as_json: AsJson = False) -> None:
    """Shows the device, its free memory, the largest painting that fits, versions and folders."""
    facts = _facts(settings(device))
    say("\n".join(f"{name:<18} {value}" for name, value in _lines(facts)), facts, as_json=as_json)


def _facts(chosen: Settings) -> dict[str, Any]:
    import torch

    from nst.engine import device_named
    from nst.engine.memory import free_bytes, largest_size

    device = device_named(chosen.device)
    free = free_bytes(device)
    photo = Image.new("L", (4, 3))  # its shape is all that counts
    return {
        "device": str(device),
        "threads": torch.get_num_threads(),
        "free_bytes": round(free),
        "largest_size": {
            **{encoder: largest_size(photo, StyleParams(encoder=encoder), free) for encoder in ENCODERS},
            "instant": largest_size(photo, StyleParams(mode=Mode.INSTANT), free),
        },
        "versions": {"pastiche": nst.__version__, "python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "folders": {"weights": str(chosen.weights_dir), "styles": str(chosen.styles_dir) if chosen.styles_dir else None},
    }


def _lines(facts: dict[str, Any]) -> list[tuple[str, str]]:
    sizes = ", ".join(f"{size} pixels with {means}" for means, size in facts["largest_size"].items())
    return [
        ("Device", facts["device"]),
        ("Threads", str(facts["threads"])),
        ("Free memory", f"{facts['free_bytes'] / 1e9:.1f} GB"),
        ("Largest painting", f"{sizes} (long side, 4:3)"),
        *((name.capitalize(), number) for name, number in facts["versions"].items()),
        *((f"Folder of {name}", path or "none") for name, path in facts["folders"].items()),
    ]
