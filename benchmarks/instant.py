"""Time of the instant network compared with other feed-forward networks, interleaved in one run, so that other load affects all."""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import torch

from benchmarks.report import Table
from benchmarks.rivals import AdaIN, MicroAST, Transform, ready
from nst.engine import load_instant
from nst.engine.instant.wct import CodedPart
from nst.engine.regions import StyleTensor

THREADS = 2
SIZES = (512, 1024)
ROUNDS = {512: 7, 1024: 5}
OURS, SLIDER = "Pastiche, instant", "Pastiche, instant, photo cached"


def run() -> Table:
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        rows = [row for size in SIZES for row in _rows(size)]
    finally:
        torch.set_num_threads(before)
    return Table(
        "Instant painting",
        f"Seconds from tensor to tensor on {THREADS} threads of a CPU; medians of {ROUNDS[512]} and {ROUNDS[1024]} interleaved "
        "rounds. Times with a new style include the computation of its code.",
        ("size", "network", "seconds, style known", "style new", "ours is faster by", "style new"),
        rows,
    )


def _rows(size: int) -> list[tuple[Any, ...]]:
    known, new = _measured(size)
    return [
        (f"{size}x{size}", name, known[name], new[name], f"{known[name] / known[OURS]:.1f} times", f"{new[name] / new[OURS]:.1f} times")
        for name in known
    ]


@torch.inference_mode()
def _measured(size: int) -> tuple[dict[str, float], dict[str, float]]:
    """Median seconds by network: with a known style, and with the computation of its code."""
    photo, style = (torch.rand(1, 3, size, size).contiguous(memory_format=torch.channels_last) for _ in range(2))
    known, new = _subjects(photo, style)
    for action in [*known.values(), *new.values()]:
        action()
    seconds: dict[tuple[int, str], list[float]] = {}
    for _ in range(ROUNDS[size]):
        for kind, actions in enumerate((known, new)):
            for name, action in actions.items():
                seconds.setdefault((kind, name), []).append(_once(action))
    medians = {key: median(values) for key, values in seconds.items()}
    return tuple({name: medians[kind, name] for name in known} for kind in (0, 1))  # type: ignore[return-value]


def _subjects(photo: torch.Tensor, style: torch.Tensor) -> tuple[dict[str, Callable[[], Any]], dict[str, Callable[[], Any]]]:
    instant = load_instant(torch.device("cpu"))
    known_style = StyleTensor(style)
    code = instant.code("style", lambda: known_style)
    known: dict[str, Callable[[], Any]] = {
        OURS: lambda: instant.stylize(object(), lambda: photo, [CodedPart(code, 1.0)]),
        SLIDER: lambda: instant.stylize("photo", lambda: photo, [CodedPart(code, 1.0)]),
    }
    new: dict[str, Callable[[], Any]] = {
        OURS: lambda: instant.stylize(object(), lambda: photo, [CodedPart(instant.code(object(), lambda: known_style), 1.0)]),
        SLIDER: lambda: instant.stylize("photo", lambda: photo, [CodedPart(instant.code(object(), lambda: known_style), 1.0)]),
    }
    for name, network in {"MicroAST": MicroAST(), "Johnson et al., one style": Transform(), "AdaIN over VGG-19": AdaIN()}.items():
        rival: Any = ready(network)
        kept = rival.code(style)
        known[name] = lambda rival=rival, kept=kept: rival.paint(photo, kept)  # type: ignore[misc]
        new[name] = lambda rival=rival: rival.paint(photo, rival.code(style))  # type: ignore[misc]
    return known, new


def _once(action: Callable[[], Any]) -> float:
    started = perf_counter()
    action()
    return perf_counter() - started
