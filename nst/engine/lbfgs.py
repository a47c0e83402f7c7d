"""L-BFGS with a preconditioner and a cap on the step, for objectives whose curvature is guessed wrongly at first.

torch's own takes full steps on a curvature estimated from one tiny first step, which throws a picture far out of range in about one
rendering of four, and its line search costs an evaluation or more a step. A cap in units of the picture costs nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Evaluate = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Maps variables to the objective's value and gradient."""
Precondition = Callable[[Tensor], Tensor]
"""A symmetric positive map P of a gradient to a direction uphill. Lengths are those of the space in which P is the identity: v'P⁻¹v."""


class Diverged(ArithmeticError):
    """No step along the direction improves matters, or nothing is finite any more."""


@dataclass(frozen=True)
class Place:
    """Variables, the objective's value and gradient there, the gradient preconditioned, and the square of its length."""

    variables: Tensor
    value: float
    gradient: Tensor
    uphill: Tensor
    steepness: float


class LBFGS:
    """Minimises `evaluate`, starting at `variables`, one `step` at a time (Nocedal and Wright 2006, algorithm 7.4).

    It walks as the algorithm without a preconditioner does from 0 in the space of `z`, where the variables are ``start + P^½ z``; but
    P is applied once a step, and P^½ never.
    """

    HISTORY = 8
    TRIES = 5

    def __init__(
        self, evaluate: Evaluate, variables: Tensor, *, first_step: float, longest_step: float, precondition: Precondition = Tensor.clone
    ) -> None:
        """Step lengths are root mean squares over the variables, as the preconditioner sees them."""
        self._evaluate, self._precondition = evaluate, precondition
        self._first_step, self._longest_step = first_step, longest_step
        self._history = _History(self.HISTORY, variables)
        self._place = self._look(variables)

    @property
    def variables(self) -> Tensor:
        """Where it stands."""
        return self._place.variables

    @property
    def value(self) -> float:
        """The objective there."""
        return self._place.value

    def _look(self, variables: Tensor) -> Place:
        value, gradient = self._evaluate(variables)
        uphill = self._precondition(gradient)
        return Place(variables, value.item(), gradient, uphill, _dot(gradient, uphill))

    def step(self) -> None:
        """Moves one step on.

        Raises:
            Diverged: when even a short step makes the objective much worse or not finite.
        """
        here = self._place
        direction = self._history.descent(here)
        rms = (direction.square / here.variables.numel()) ** 0.5
        if rms == 0:
            return
        length = min(1.0, self._longest_step / rms) if self._history else self._first_step / rms
        for _ in range(self.TRIES):
            step = direction.vector * length
            there = self._look(here.variables + step)
            if there.value <= here.value + 0.5 * abs(here.value):  # false for NaN too
                break
            length /= 4
        else:
            raise Diverged
        self._history.remember(step, direction, length, here, there)
        self._place = there


@dataclass(frozen=True)
class _Direction:
    """Where to go: remembered vectors times `coefficients`, minus `scale` times uphill. `square` is that of its length."""

    vector: Tensor
    coefficients: Tensor
    scale: float
    square: float


class _History:
    """The last steps and the preconditioned gradient's changes along them, and the direction that follows from them.

    The two loops of algorithm 7.4 run on coefficients of the remembered vectors instead of on the vectors, whose products v'P⁻¹w with
    each other are kept (Chen, Wang and Zhou 2014, "Large-scale L-BFGS using MapReduce"). All products that a new pair brings follow from
    those of the vectors with the gradient, before and behind the step; so the memory is read twice a step and not forty times.
    """

    def __init__(self, length: int, like: Tensor) -> None:
        self._length, self._count = length, 0
        self._vectors = like.new_zeros(2 * length, like.numel())  # steps, then changes
        self._products = torch.zeros(2 * length, 2 * length, dtype=torch.float64)
        self._along = torch.zeros(2 * length, dtype=torch.float64)  # the vectors' products with the gradient where we stand

    def __bool__(self) -> bool:
        return self._count > 0

    def remember(self, step: Tensor, direction: _Direction, length: float, here: Place, there: Place) -> None:
        """The way from one place to the next; a pair is kept unless the objective curves downwards along it."""
        change = there.uphill - here.uphill
        along = torch.mv(self._vectors, there.gradient.flatten()).cpu().double()
        step_along, change_along = _dot(step, there.gradient), _dot(change, there.gradient)
        before = direction.coefficients @ self._along - direction.scale * here.steepness  # the direction's product with the gradient
        curvature, wiggle = step_along - length * float(before), change_along - _dot(change, here.gradient)
        square = length**2 * direction.square
        if curvature > 1e-10 * (square * max(wiggle, 0.0)) ** 0.5:
            place = self._count % self._length
            rows = [place, self._length + place]
            products = torch.stack(
                [length * (self._products @ direction.coefficients - direction.scale * self._along), along - self._along]
            )
            self._vectors[rows[0]], self._vectors[rows[1]] = step.flatten(), change.flatten()
            self._products[rows], self._products[:, rows] = products, products.T
            self._products[rows[0], rows], self._products[rows[1], rows] = (
                torch.tensor(pair, dtype=torch.float64) for pair in ((square, curvature), (curvature, wiggle))
            )
            along[rows] = torch.tensor((step_along, change_along), dtype=torch.float64)
            self._count += 1
        self._along = along

    def descent(self, here: Place) -> _Direction:
        """Minus the approximate inverse Hessian times the gradient."""
        if not self._count:
            return _Direction(-here.uphill, torch.zeros_like(self._along), 1.0, here.steepness)
        coefficients, scale = self._coefficients()
        vector = torch.addmv(here.uphill.flatten(), self._vectors.T, coefficients.to(here.uphill), beta=-scale).view_as(here.uphill)
        square = coefficients @ (self._products @ coefficients - 2 * scale * self._along) + scale**2 * here.steepness
        return _Direction(vector, coefficients, scale, max(float(square), 0.0))

    def _coefficients(self) -> tuple[Tensor, float]:
        """The direction as a sum of the vectors and -scale times uphill."""
        newest_first = [(self._count - 1 - age) % self._length for age in range(min(self._count, self._length))]
        along, products = self._along, self._products
        coefficients, scale = torch.zeros_like(along), 1.0
        weights = {}
        for step in newest_first:
            change = self._length + step
            weights[step] = (products[step] @ coefficients - scale * along[step]) / products[step, change]
            coefficients[change] -= weights[step]
        step, change = newest_first[0], self._length + newest_first[0]
        scale = float(products[step, change] / products[change, change])
        coefficients *= scale
        for step in reversed(newest_first):
            change = self._length + step
            correction = (products[change] @ coefficients - scale * along[change]) / products[step, change]
            coefficients[step] += weights[step] - correction
        return coefficients, scale


def _dot(a: Tensor, b: Tensor) -> float:
    return torch.dot(a.flatten(), b.flatten()).item()
