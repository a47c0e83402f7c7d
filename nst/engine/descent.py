"""Descending an objective over a picture: the space in which steps are taken, L-BFGS in it, and Adam where that diverges."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from nst.domain import Optimiser
from nst.engine.lbfgs import LBFGS, Diverged
from nst.errors import NOT_FINITE, RenderingFailed

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
    picture, taken = start, 0
    if optimiser is Optimiser.LBFGS:
        for walker in _walk(partial(_LBFGS, landscape, picture), steps):
            picture, taken = walker.variables, taken + 1
            yield Step(landscape.seen, landscape.losses, Optimiser.LBFGS)
    for _ in _walk(partial(_Adam, landscape, picture), steps - taken):
        if not landscape.finite:
            raise RenderingFailed(NOT_FINITE)
        yield Step(landscape.seen, landscape.losses, Optimiser.ADAM)


class Walker(Protocol):
    @property
    def variables(self) -> Tensor:
        """The picture where it stands."""
        ...

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
        self._objective = objective
        self._size = start.shape[-2:]
        height, width = self._size
        down = torch.fft.fftfreq(height, device=start.device)[:, None]
        across = torch.fft.rfftfreq(width, device=start.device)[None, :]
        frequency = torch.hypot(down, across).clamp(min=self.LOWEST)
        self._gain = (2 * frequency).pow(-self.EXPONENT)  # 1 at half a cycle per pixel
        self._squared = self._gain.square()
        self._shared = torch.full((3, 3), 1 / 3).to(start)
        self._apart = torch.eye(3).to(start) - self._shared

    @property
    def finite(self) -> bool:
        return all(value == value and abs(value) != float("inf") for value in self.losses.values())

    def evaluate(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """The objective and its gradient with respect to the picture."""
        picture = picture.detach().requires_grad_(True)
        terms = self._objective(picture)
        total = torch.stack(list(terms.values())).sum()
        (gradient,) = torch.autograd.grad(total, picture)
        self.seen, self.losses = picture.detach(), {name: term.item() for name, term in terms.items()}
        return total.detach(), gradient.contiguous()

    def filter(self, x: Tensor) -> Tensor:
        """From variables to what they add to the picture; and, since it is symmetric, from the picture's gradient to theirs."""
        return self._filtered(x, self._gain, self.CHROMA)

    def filter_twice(self, x: Tensor) -> Tensor:
        """From the picture's gradient to where in the picture steepest descent in the space of variables comes from."""
        return self._filtered(x, self._squared, self.CHROMA**2)

    def _filtered(self, x: Tensor, gain: Tensor, chroma: float) -> Tensor:
        mixed = ((self._shared + chroma * self._apart) @ x[0].flatten(1)).view_as(x)
        filtered: Tensor = torch.fft.irfft2(torch.fft.rfft2(mixed).mul_(gain), s=self._size)
        return filtered


class _LBFGS(LBFGS):
    FIRST_STEP, LONGEST_STEP = 0.03, 0.3

    def __init__(self, landscape: Landscape, picture: Tensor) -> None:
        super().__init__(
            landscape.evaluate, picture, first_step=self.FIRST_STEP, longest_step=self.LONGEST_STEP, precondition=landscape.filter_twice
        )


class _Adam:
    """In the space of variables: unlike L-BFGS, it depends on the axes that it is told of."""

    RATE = 0.01

    def __init__(self, landscape: Landscape, picture: Tensor) -> None:
        self._landscape, self._start = landscape, picture
        self._added = torch.zeros_like(picture)
        self._adam = torch.optim.Adam([self._added], lr=self.RATE, betas=(0.9, 0.99))

    @property
    def variables(self) -> Tensor:
        return self._landscape.filter(self._added).add_(self._start)

    def step(self) -> None:
        _, gradient = self._landscape.evaluate(self.variables)
        self._added.grad = self._landscape.filter(gradient)
        self._adam.step()
