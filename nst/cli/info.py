"""`info`: what a bug report should begin with."""

import platform
from importlib.metadata import version
from typing import Any

from PIL import Image

import nst
from nst.cli.options import AsJson, Device, load_settings
from nst.cli.terminal import print_result
from nst.domain import Mode, StyleParams
from nst.settings import Settings

ENCODERS = ("compact", "vgg19")
PACKAGES = ("torch", "torchvision", "pillow")


def info(device: Device = None, as_json: AsJson = False) -> None:
    """Show the device, its free memory, the largest painting that fits, versions and folders."""
    facts = _facts(load_settings(device))
    print_result("\n".join(f"{name:<18} {value}" for name, value in _lines(facts)), facts, as_json=as_json)


def _facts(settings: Settings) -> dict[str, Any]:
    import torch

    from nst.engine import device_named
    from nst.engine.devices import uses_bfloat16
    from nst.engine.memory_budget import free_bytes, largest_size, pixels_at_once, stores_bfloat16

    device = device_named(settings.device)
    free, in_half = free_bytes(device), uses_bfloat16(device, settings.precision)
    photo, stored_in_half = Image.new("L", (4, 3)), stores_bfloat16(device, settings.precision)  # of the photo, only its shape counts

    def largest(params: StyleParams) -> int:
        return largest_size(photo, params, free, stored_in_half, at_once=pixels_at_once(params, device, free))

    return {
        "device": str(device),
        "precision": "bfloat16" if in_half else "float32",
        "threads": torch.get_num_threads(),
        "free_bytes": round(free),
        "largest_size": {
            **{encoder: largest(StyleParams(encoder=encoder)) for encoder in ENCODERS},
            **{mode.value: largest(StyleParams(mode=mode)) for mode in (Mode.QUICK, Mode.INSTANT)},
        },
        "versions": {"pastiche": nst.__version__, "python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "folders": {"weights": str(settings.weights_dir), "styles": str(settings.styles_dir) if settings.styles_dir else None},
    }


def _lines(facts: dict[str, Any]) -> list[tuple[str, str]]:
    sizes = ", ".join(f"{size} pixels with {means}" for means, size in facts["largest_size"].items())
    return [
        ("Device", facts["device"]),
        ("Precision", facts["precision"]),
        ("Threads", str(facts["threads"])),
        ("Free memory", f"{facts['free_bytes'] / 1e9:.1f} GB"),
        ("Largest painting", f"{sizes} (long side, 4:3)"),
        *((name.capitalize(), number) for name, number in facts["versions"].items()),
        *((f"{name.capitalize()} folder", path or "none") for name, path in facts["folders"].items()),
    ]
