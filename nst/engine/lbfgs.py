"""L-BFGS with a cap on the step, for objectives whose curvature is guessed wrongly at first.

torch's own takes full steps on a curvature estimated from one tiny first step, which throws a picture far out of range in about one
rendering of four, and its line search costs an evaluation or more a step. A cap in units of the picture costs nothing.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Evaluate = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Maps variables to the objective's value and gradient."""


class Diverged(ArithmeticError):
    """No step along the direction improves matters, or nothing is finite any more."""


class LBFGS:
    """Minimises `evaluate`, starting at `variables`, one `step` at a time (Nocedal and Wright 2006, algorithm 7.4).

    Attributes:
        variables: where it stands.
        value: the objective there.
    """

    HISTORY = 8
    TRIES = 5

    def __init__(self, evaluate: Evaluate, variables: Tensor, *, first_step: float, longest_step: float) -> None:
        """Step lengths are root mean squares over the variables."""
        self._evaluate = evaluate
        self._first_step, self._longest_step = first_step, longest_step
        self._history = _History(self.HISTORY, variables)
        self.variables = variables
        self.value, self._gradient = self._look(variables)

    def _look(self, variables: Tensor) -> tuple[float, Tensor]:
        value, gradient = self._evaluate(variables)
        return value.item(), gradient

    def step(self) -> None:
        """Moves one step on.

        Raises:
            Diverged: when even a short step makes the objective much worse or not finite.
        """
        direction = self._history.descent(self._gradient)
        rms = (_dot(direction, direction) / direction.numel()) ** 0.5
        if rms == 0:
            return
        length = min(1.0, self._longest_step / rms) if self._history else self._first_step / rms
        for _ in range(self.TRIES):
            step = direction * length
            variables = self.variables + step
            value, gradient = self._look(variables)
            if value <= self.value + 0.5 * abs(self.value):  # false for NaN too
                break
            length /= 4
        else:
            raise Diverged
        self._history.remember(step, gradient - self._gradient)
        self.variables, self.value, self._gradient = variables, value, gradient


class _History:
    """The last steps and the gradient's changes along them, and the direction that follows from them.

    The two loops of algorithm 7.4 run on coefficients of the remembered vectors instead of on the vectors, whose products with each
    other are kept (Chen, Wang and Zhou 2014, "Large-scale L-BFGS using MapReduce"): the memory is read twice a step and not forty times.
    """

    def __init__(self, length: int, like: Tensor) -> None:
        self._length, self._count = length, 0
        self._vectors = like.new_zeros(2 * length, like.numel())  # steps, then changes
        self._products = like.new_zeros(2 * length, 2 * length)

    def __bool__(self) -> bool:
        return self._count > 0

    def remember(self, step: Tensor, change: Tensor) -> None:
        """Unless the objective curves downwards along the step."""
        curvature = _dot(step, change)
        if curvature <= 1e-10 * (_dot(step, step) * _dot(change, change)) ** 0.5:
            return
        place = self._count % self._length
        rows = [place, self._length + place]
        pair = torch.stack((step.flatten(), change.flatten()))
        self._vectors[rows] = pair
        products = self._vectors @ pair.T  # (2 * length, 2)
        self._products[:, rows], self._products[rows] = products, products.T
        self._count += 1

    def descent(self, gradient: Tensor) -> Tensor:
        """Minus the approximate inverse Hessian times the gradient."""
        if not self._count:
            return -gradient
        along = torch.mv(self._vectors, gradient.flatten()).double().cpu()
        coefficients, scale = self._coefficients(along, self._products.double().cpu())
        direction = torch.addmv(gradient.flatten(), self._vectors.T, coefficients.to(gradient), beta=-scale)
        return direction.view_as(gradient)

    def _coefficients(self, along: Tensor, products: Tensor) -> tuple[Tensor, float]:
        """The direction as a sum of the vectors and -scale times the gradient; `along` are the vectors' products with it."""
        newest_first = [(self._count - 1 - age) % self._length for age in range(min(self._count, self._length))]
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
