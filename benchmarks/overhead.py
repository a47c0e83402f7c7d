"""What a step costs beyond the encoder's own forward and backward pass."""

from statistics import median
from time import perf_counter

import torch

from benchmarks import subjects
from benchmarks.report import Table
from nst.domain import StyleParams
from nst.engine import best_device, load_encoder
from nst.engine.descent import descend
from nst.engine.encoders import CONTENT_LAYER, STYLE_LAYERS
from nst.engine.objective import Objective
from nst.engine.pictures import fit, framed, to_tensor
from nst.settings import Settings

STEPS = 15


def run() -> Table:
    rows = [(size, *_measure(size)) for size in (512, 1024)]
    return Table(
        "Overhead",
        f"Seconds a step of the rendering against a bare forward and backward pass through the same encoder, in turns, {STEPS} of each.",
        ("long side, px", "bare pass, s", "rendering step, s", "ratio"),
        [(size, bare, step, step / bare) for size, bare, step in rows],
    )


def _measure(size: int) -> tuple[float, float]:
    device = best_device()
    encoder = load_encoder("compact", device, Settings().weights_dir)
    photo, style = (framed(to_tensor(p, fit(p, size), device)) for p in (subjects.photo(), subjects.style()))
    rendering = descend(Objective(encoder, photo, [(style, 1.0)], StyleParams()), photo, 3 + STEPS)
    for _ in range(3):
        next(rendering)
    bare, steps = [], []
    for _ in range(STEPS):
        started = perf_counter()
        x = photo.clone().requires_grad_(True)
        torch.stack([features.mean() for features in encoder(x, [*STYLE_LAYERS, CONTENT_LAYER]).values()]).sum().backward()  # type: ignore[no-untyped-call]
        bare.append(perf_counter() - started)
        started = perf_counter()
        next(rendering)
        steps.append(perf_counter() - started)
    return median(bare), median(steps)
