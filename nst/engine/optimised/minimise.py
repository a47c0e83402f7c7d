"""Minimisation of an objective over a picture: preconditioned L-BFGS, and Adam where that diverges."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from nst.allocator import give_back_freed
from nst.domain import Optimiser
from nst.engine.optimised.lbfgs import LBFGS, Diverged, HistorySize
from nst.errors import NOT_FINITE, RenderingFailed

# Values of a picture, of 1.5 megapixels, up to which the history of L-BFGS is kept in full.
FULL_HISTORY = 3 * 1_500_000
# Bytes of the history of a larger picture, and the number of pairs that are kept in any case: from 12.5 megapixels on there is one. With
# two, losses after six steps are one or two percent lower.
HISTORY_BYTES = 300_000_000
LEAST_PAIRS = 1
# Maps a picture (1, 3, H, W) to the named terms of a loss, each a scalar; their sum is minimised.
ObjectiveFunction = Callable[[Tensor], Mapping[str, Tensor]]


@dataclass(frozen=True)
class Step:
    """One step of a minimisation.

    Attributes:
        picture: (1, 3, H, W), not clamped.
        losses: the objective's terms at it.
        optimiser: which one took the step.
    """

    picture: Tensor
    losses: Mapping[str, float]
    optimiser: Optimiser


def minimise(function: ObjectiveFunction, initial: Tensor, steps: int, optimiser: Optimiser = Optimiser.LBFGS) -> Iterator[Step]:
    """Take `steps` steps from the picture `initial`, with L-BFGS unless `optimiser` says Adam; after a divergence, Adam takes the rest.

    Raises:
        RenderingFailed: when Adam's objective is not finite either.
    """
    objective = PreconditionedObjective(function, initial)
    picture, taken = initial.contiguous(), 0
    del initial  # a large picture that is kept without need
    if optimiser is Optimiser.LBFGS:
        for minimiser in _steps(partial(_LBFGS, objective, picture, steps), steps):
            picture, taken = minimiser.variables, taken + 1
            yield Step(objective.picture, objective.losses, Optimiser.LBFGS)
    for _ in _steps(partial(_Adam, objective, picture), steps - taken):
        if not objective.is_finite:
            raise RenderingFailed(NOT_FINITE)
        yield Step(objective.picture, objective.losses, Optimiser.ADAM)


class Minimiser(Protocol):
    """An iterative minimiser of a picture."""

    @property
    def variables(self) -> Tensor:
        """The present picture."""
        ...

    def step(self) -> None: ...


def _steps(make: Callable[[], Minimiser], steps: int) -> Iterator[Minimiser]:
    """Yield a minimiser after each of its steps, until it diverges."""
    if steps <= 0:
        return
    try:
        minimiser = make()
        del make  # it has the initial picture
        for _ in range(steps):
            minimiser.step()
            yield minimiser
    except Diverged:
        return


class PreconditionedObjective:
    """An objective in variables z, where the picture is ``initial + P^½ z``.

    P^½ amplifies a spatial frequency f by f^-`EXPONENT`, about a third of the way to the 1/f amplitude spectrum of natural images. Steps
    then paint large strokes before fine ones; without it the optimiser reaches the same statistics sooner with high-frequency speckle. P^½
    also damps differences between colour channels, which in natural images vary less than their mean. (Both are ideas of feature
    visualisation: Olah et al. 2017, "Preconditioning".)

    Attributes:
        picture: (1, 3, H, W), the one that was evaluated last.
        losses: the objective's terms at it.
    """

    EXPONENT = 0.35
    # Gain of differences between colour channels, relative to that of their mean.
    CHROMA = 0.35
    # Cycles per pixel, below which all frequencies are amplified alike.
    MIN_FREQUENCY = 1 / 64
    picture: Tensor
    losses: Mapping[str, float]

    def __init__(self, function: ObjectiveFunction, initial: Tensor) -> None:
        self._function = function
        self._size = initial.shape[-2:]
        height, width = self._size
        down = torch.fft.fftfreq(height, device=initial.device)[:, None]
        across = torch.fft.rfftfreq(width, device=initial.device)[None, :]
        frequency = torch.hypot(down, across).clamp_(min=self.MIN_FREQUENCY)
        self._gain = frequency.mul_(2).pow_(-self.EXPONENT)  # 1 at half a cycle per pixel
        self._grey = torch.full((3, 3), 1 / 3).to(initial)
        self._chroma = torch.eye(3).to(initial) - self._grey

    @property
    def is_finite(self) -> bool:
        return all(math.isfinite(value) for value in self.losses.values())

    def evaluate(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """The objective's value and its gradient with respect to the picture."""
        picture = picture.detach().requires_grad_(True)
        terms = self._function(picture)
        total = torch.stack(list(terms.values())).sum()
        (gradient,) = torch.autograd.grad(total, picture)
        if picture.numel() > FULL_HISTORY:
            give_back_freed()  # the memory of tiles, of which the allocator keeps up to 200 MB
        self.picture, self.losses = picture.detach(), {name: term.item() for name, term in terms.items()}
        return total.detach(), gradient.contiguous()

    def precondition_root(self, x: Tensor) -> Tensor:
        """P^½ x: maps z to a change of the picture and, being symmetric, a gradient of the picture to one of z."""
        return self._filtered(x, self._gain, self.CHROMA)

    def precondition(self, gradient: Tensor) -> Tensor:
        """P g: maps a gradient of the picture to the change of the picture that a gradient step in z makes."""
        return self._filtered(gradient, self._gain.square(), self.CHROMA**2)

    def _filtered(self, x: Tensor, gain: Tensor, chroma: float) -> Tensor:
        """Filter x (1, 3, H, W), one channel after another: the transforms take several times the memory of their input."""
        filtered = torch.empty_like(x)
        for channel, row in zip(filtered[0], self._grey + chroma * self._chroma, strict=True):
            mixed = (row @ x[0].flatten(1)).view(self._size)
            channel.copy_(torch.fft.irfft2(torch.fft.rfft2(mixed).mul_(gain), s=self._size))
        return filtered


class _LBFGS(LBFGS):
    # Root mean squares of steps in z; the picture's values are in [0, 1].
    FIRST_STEP = 0.03
    MAX_STEP = 0.3

    def __init__(self, objective: PreconditionedObjective, picture: Tensor, steps: int) -> None:
        super().__init__(
            objective.evaluate,
            picture,
            first_step=self.FIRST_STEP,
            max_step=self.MAX_STEP,
            precondition=objective.precondition,
            history=history_size(picture.numel(), steps),
        )


def history_size(values: int, steps: int) -> HistorySize:
    """What is kept of the last steps of `steps` for a picture with that number of values.

    Large ones have it in half precision, and no more of it than fits `HISTORY_BYTES`.
    """
    whole = HistorySize()
    if values <= FULL_HISTORY:
        return whole
    pairs = max(LEAST_PAIRS, min(whole.pairs, steps - 1, HISTORY_BYTES // (4 * values)))
    return HistorySize(pairs, torch.float16)


class _Adam:
    """Adam in z: unlike L-BFGS, it depends on the choice of axes, so P alone does not do."""

    RATE = 0.01

    def __init__(self, objective: PreconditionedObjective, picture: Tensor) -> None:
        self._objective, self._initial = objective, picture
        self._z = torch.zeros_like(picture)
        self._adam = torch.optim.Adam([self._z], lr=self.RATE, betas=(0.9, 0.99))

    @property
    def variables(self) -> Tensor:
        return self._objective.precondition_root(self._z).add_(self._initial)

    def step(self) -> None:
        _, gradient = self._objective.evaluate(self.variables)
        self._z.grad = self._objective.precondition_root(gradient)
        self._adam.step()
