"""Seconds to the loss at which the common recipe ends: Adam, rate 0.003, 2,000 steps from the photo at one scale."""

from collections.abc import Mapping
from contextlib import suppress
from statistics import median
from time import perf_counter

import torch
from PIL import Image
from torch import Tensor

from benchmarks import subjects
from benchmarks.report import Table
from nst.domain import Precision, StyleParams
from nst.engine import best_device
from nst.engine.devices import has_fast_bfloat16
from nst.engine.encoders.registry import STYLE_LAYERS, Encoder
from nst.engine.optimised.minimise import minimise
from nst.engine.optimised.scales import plan
from nst.engine.tensors import fit, to_tensor, upsample_with_detail

SIZE = 400
LAYER_WEIGHTS = dict(zip(STYLE_LAYERS, (1.0, 0.8, 0.5, 0.3, 0.1), strict=True))
RATE, STEPS = 0.003, 2000
ROUNDS = 7  # of Pastiche, which takes seconds: a single one would measure other load, too


class CommonObjective:
    """Gram losses at relu1_1 .. relu5_1, each divided by C·H·W, and a content loss at relu5_1: what tutorials minimise."""

    def __init__(self, encoder: Encoder, photo: Tensor, style: Tensor, style_weight: float = 1.0) -> None:
        self._encoder, self._style_weight = encoder, style_weight
        with torch.no_grad():
            self._grams = {layer: _gram(features) for layer, features in encoder(style, STYLE_LAYERS).items()}
            self._content = encoder(photo, ["relu5_1"])["relu5_1"].float()

    def __call__(self, x: Tensor) -> Mapping[str, Tensor]:
        features = self._encoder(x, STYLE_LAYERS)
        style = torch.stack([weight * self._style_loss(features[layer], layer) for layer, weight in LAYER_WEIGHTS.items()]).sum()
        return {"style": self._style_weight * style, "content": (features["relu5_1"].float() - self._content).square().mean()}

    def _style_loss(self, features: Tensor, layer: str) -> Tensor:
        return (_gram(features) - self._grams[layer]).square().mean() / features.numel()

    def balanced_at(self, photo: Tensor) -> float:
        """A style weight for which the photo's style loss is 64 times the mean square of its content features: both terms end alike."""
        with torch.no_grad():
            return 64 * self._content.square().mean().item() / self(photo)["style"].item()


def _gram(features: Tensor) -> Tensor:
    flat = features[0].flatten(1).float()  # (C, H*W)
    return flat @ flat.T / flat.shape[1] ** 0.5  # so that C·H·W normalises the square


def run() -> Table:
    single = subjects.compact(Precision.FLOAT32)
    pictures = subjects.photo(), subjects.style()
    photo, style = (_at(picture, SIZE) for picture in pictures)
    weight = CommonObjective(single, photo, style).balanced_at(photo)
    exact = CommonObjective(single, photo, style, weight)
    common_seconds, goal = _common(exact, photo)
    rows: list[tuple[str, int, float, float]] = [(f"Adam, rate {RATE}, from the photo, one scale", STEPS, common_seconds, 1.0)]
    evaluations, seconds = _torch_lbfgs(exact, photo, goal)
    rows.append(("L-BFGS of torch, strong Wolfe line search, from the photo, one scale", evaluations, seconds, common_seconds / seconds))
    recipes = {"Pastiche: coarse to fine, preconditioned L-BFGS": Precision.FLOAT32}
    if has_fast_bfloat16(best_device()):
        recipes["the same in bfloat16, the default on this CPU"] = Precision.BFLOAT16
    for name, precision in recipes.items():
        rounds = [_ours(subjects.compact(precision), exact, pictures, weight, goal) for _ in range(ROUNDS)]
        seconds = median(seconds for seconds, _ in rounds)
        rows.append((name, rounds[0][1], seconds, common_seconds / seconds))
    return Table(
        "Time to quality",
        f"Seconds until the loss at which the common recipe ends ({goal:.4g}), one photo and style at {SIZE} px, the same encoder and "
        f"objective; losses are compared in single precision. Pastiche's are medians of {ROUNDS}.",
        ("recipe", "steps", "seconds", "ratio"),
        rows,
    )


def _at(picture: Image.Image, size: int) -> Tensor:
    return to_tensor(picture, fit(picture, size), best_device())


def _common(objective: CommonObjective, photo: Tensor) -> tuple[float, float]:
    """Seconds, and the loss at the end."""
    x = photo.clone().requires_grad_(True)
    adam = torch.optim.Adam([x], lr=RATE)
    started = perf_counter()
    loss = torch.tensor(0.0)
    for _ in range(STEPS):
        adam.zero_grad()
        loss = torch.stack(list(objective(x).values())).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
    return perf_counter() - started, loss.item()


class _Reached(Exception):
    """Raised to leave torch's optimiser at the goal; not an error."""


def _torch_lbfgs(objective: CommonObjective, photo: Tensor, goal: float) -> tuple[int, float]:
    """Evaluations and seconds until the loss is at most `goal`, or until the limit of evaluations."""
    flat = photo.flatten().clone().requires_grad_(True)  # its gradient is contiguous, as torch's optimiser expects
    lbfgs = torch.optim.LBFGS([flat], max_iter=STEPS, max_eval=STEPS, history_size=10, line_search_fn="strong_wolfe")
    evaluations = 0

    def closure() -> Tensor:
        nonlocal evaluations
        evaluations += 1
        lbfgs.zero_grad()
        loss = torch.stack(list(objective(flat.view_as(photo)).values())).sum()
        if loss.item() <= goal:
            raise _Reached
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    started = perf_counter()
    with suppress(_Reached):
        lbfgs.step(closure)
    return evaluations, perf_counter() - started


def _ours(
    encoder: Encoder, exact: CommonObjective, pictures: tuple[Image.Image, Image.Image], style_weight: float, goal: float
) -> tuple[float, int]:
    """Seconds until the loss at full size, as `exact` has it, is at most `goal`, coarse scales included, and the steps taken."""
    started, x, smaller, steps = perf_counter(), None, None, 0
    scales = plan(SIZE, StyleParams(iterations=6))
    for scale in scales:
        photo, style = (_at(picture, scale.long_side) for picture in pictures)
        objective = CommonObjective(encoder, photo, style, style_weight)
        start = photo if x is None or smaller is None else upsample_with_detail(x, smaller, photo)
        smaller = photo
        for step in minimise(objective, start, scale.steps if scale is not scales[-1] else 500):
            x, steps = step.picture, steps + 1
            if scale is scales[-1] and sum(step.losses.values()) <= goal and _loss(exact, x) <= goal:
                return perf_counter() - started, steps
    raise RuntimeError("the goal was not reached in 500 steps")


@torch.no_grad()
def _loss(objective: CommonObjective, x: Tensor) -> float:
    return sum(term.item() for term in objective(x).values())
