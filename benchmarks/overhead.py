"""Cost of an optimisation step beyond the encoder's forward and backward pass."""

from collections.abc import Callable
from statistics import median
from time import perf_counter

from benchmarks import subjects
from benchmarks.report import Table
from nst.domain import Precision, StyleParams, StyleShare
from nst.engine import best_device
from nst.engine.optimised.minimise import minimise
from nst.engine.optimised.objective import Objective
from nst.engine.optimised.sums import WholeSums
from nst.engine.optimised.targets import target
from nst.engine.regions import Part, StyleTensor
from nst.engine.tensors import fit, pad, to_tensor

STEPS = 15


def run() -> Table:
    return Table(
        "Overhead",
        f"Seconds a step of the rendering against a bare forward and backward pass through the same encoder, interleaved, {STEPS} of "
        "each: in the machine's own precision (bfloat16 where it is fast), and with the bare pass in single precision.",
        ("long side, px", "bare pass, s", "rendering step, s", "ratio", "bare pass in single precision, s", "ratio to that"),
        [(size, bare, step, step / bare, single, step / single) for size, bare, step, single in map(_measure, (512, 1024))],
    )


def _measure(size: int) -> tuple[int, float, float, float]:
    encoder, single = subjects.compact(), subjects.compact(Precision.FLOAT32)
    photo, style = (pad(to_tensor(p, fit(p, size), best_device())) for p in (subjects.photo(), subjects.style()))
    sums, params = WholeSums(encoder), StyleParams()
    of_style = target(sums, Part([StyleShare(StyleTensor(style))], params.strength), params)
    rendering = minimise(Objective(sums, photo, [of_style], params), photo, 3 + STEPS)
    for _ in range(3):
        next(rendering)
    calls: list[Callable[[], object]] = [
        lambda: subjects.bare_pass(encoder, photo),
        lambda: next(rendering),
        lambda: subjects.bare_pass(single, photo),
    ]
    turns = [[_seconds(call) for call in calls] for _ in range(STEPS)]
    bare, step, in_single = (median(column) for column in zip(*turns, strict=True))
    return size, bare, step, in_single


def _seconds(call: Callable[[], object]) -> float:
    started = perf_counter()
    call()
    return perf_counter() - started
