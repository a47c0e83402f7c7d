"""Descending an objective over a picture: the space in which steps are taken, L-BFGS in it, and Adam where that diverges."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from nst.domain import Optimiser
from nst.engine.lbfgs import LBFGS, Diverged
from nst.errors import RenderingFailed

Objective = Callable[[Tensor], Mapping[str, Tensor]]
"""Maps a picture (1, 3, H, W) to the named terms of a loss, each a scalar; their sum is what is minimised."""


@dataclass(frozen=True)
class Step:
    """A picture (1, 3, H, W) on the way, unclamped, the objective's terms at it, and the optimiser that looks at it."""

    picture: Tensor
    losses: Mapping[str, float]
    optimiser: Optimiser


def descend(objective: Objective, start: Tensor, steps: int, optimiser: Optimiser = Optimiser.LBFGS) -> Iterator[Step]:
    """Takes `steps` steps from `start`, with L-BFGS unless `optimiser` says Adam; where L-BFGS diverges, Adam goes on from there.

    Raises:
        RenderingFailed: when not even Adam finds a finite value.
    """
    landscape = Landscape(objective, start)
    variables = torch.zeros_like(start)
    taken = 0
    if optimiser is Optimiser.LBFGS:
        for walker in _walk(partial(_LBFGS, landscape, variables), steps):
            variables, taken = walker.variables, taken + 1
            yield Step(landscape.seen, landscape.losses, Optimiser.LBFGS)
    for _ in _walk(partial(_Adam, landscape, variables), steps - taken):
        if not landscape.finite:
            raise RenderingFailed("The rendering found no finite picture. Try a lower strength, or another style picture.")
        yield Step(landscape.seen, landscape.losses, Optimiser.ADAM)


class Walker(Protocol):
    variables: Tensor

    def step(self) -> None: ...


def _walk(begin: Callable[[], Walker], steps: int) -> Iterator[Walker]:
    """Steps of a walker until there are enough or it diverges."""
    if steps <= 0:
        return
    try:
        walker = begin()
        for _ in range(steps):
            walker.step()
            yield walker
    except Diverged:
        return


class Landscape:
    """An objective seen from a space in which the picture is ``start + filter(variables)``.

    The filter amplifies a spatial frequency f by f^-0.35, a third of the way to the 1/f spectrum of pictures. Steps then paint broad
    strokes before fine ones; without it the optimiser reaches the same statistics sooner with high-frequency speckle. It also damps what
    tells colour channels apart, which in pictures varies less than what they share. (Both are ideas of feature visualisation: Olah et
    al. 2017, "Preconditioning".)

    Attributes:
        seen: the picture that was evaluated last.
        losses: the objective's terms at it.
    """

    EXPONENT = 0.35
    CHROMA = 0.35  # gain of differences between colour channels, relative to what they share
    LOWEST = 1 / 64  # cycles per pixel; below it all is amplified alike
    seen: Tensor
    losses: Mapping[str, float]

    def __init__(self, objective: Objective, start: Tensor) -> None:
        self._objective, self._start = objective, start
        self._size = start.shape[-2:]
        height, width = self._size
        down = torch.fft.fftfreq(height, device=start.device)[:, None]
        across = torch.fft.rfftfreq(width, device=start.device)[None, :]
        frequency = torch.hypot(down, across).clamp(min=self.LOWEST)
        self._gain = (2 * frequency).pow(-self.EXPONENT)  # 1 at half a cycle per pixel
        shared = torch.full((3, 3), 1 / 3).to(start)
        self._mix = shared + self.CHROMA * (torch.eye(3).to(start) - shared)

    @property
    def finite(self) -> bool:
        return all(value == value and abs(value) != float("inf") for value in self.losses.values())

    def picture(self, variables: Tensor) -> Tensor:
        return self._filter(variables).add_(self._start)

    def _filter(self, x: Tensor) -> Tensor:
        mixed = (self._mix @ x[0].flatten(1)).view_as(x)
        filtered: Tensor = torch.fft.irfft2(torch.fft.rfft2(mixed).mul_(self._gain), s=self._size)
        return filtered

    def evaluate(self, variables: Tensor) -> tuple[Tensor, Tensor]:
        """The objective and its gradient with respect to `variables`. The filter is symmetric, so it is its own transpose."""
        picture = self.picture(variables).requires_grad_(True)
        terms = self._objective(picture)
        total = torch.stack(list(terms.values())).sum()
        (gradient,) = torch.autograd.grad(total, picture)
        self.seen, self.losses = picture.detach(), {name: term.item() for name, term in terms.items()}
        return total.detach(), self._filter(gradient)


class _LBFGS(LBFGS):
    FIRST_STEP, LONGEST_STEP = 0.03, 0.3

    def __init__(self, landscape: Landscape, variables: Tensor) -> None:
        super().__init__(landscape.evaluate, variables, first_step=self.FIRST_STEP, longest_step=self.LONGEST_STEP)


class _Adam:
    RATE = 0.01

    def __init__(self, landscape: Landscape, variables: Tensor) -> None:
        self._landscape, self.variables = landscape, variables.clone()
        self._adam = torch.optim.Adam([self.variables], lr=self.RATE, betas=(0.9, 0.99))

    def step(self) -> None:
        _, self.variables.grad = self._landscape.evaluate(self.variables)
        self._adam.step()
