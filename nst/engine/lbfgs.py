"""L-BFGS with a cap on the step, for objectives whose curvature is guessed wrongly at first.

torch's own takes full steps on a curvature estimated from one tiny first step, which throws a picture far out of range in about one
rendering of four, and its line search costs an evaluation or more a step. A cap in units of the picture costs nothing.
"""

from collections import deque
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

    HISTORY = 10
    TRIES = 5

    def __init__(self, evaluate: Evaluate, variables: Tensor, *, first_step: float, longest_step: float) -> None:
        """Step lengths are root mean squares over the variables."""
        self._evaluate = evaluate
        self._first_step, self._longest_step = first_step, longest_step
        self._pairs: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=self.HISTORY)
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
        direction = self._direction()
        rms = direction.square().mean().sqrt().item()
        if rms == 0:
            return
        length = min(1.0, self._longest_step / rms) if self._pairs else self._first_step / rms
        for _ in range(self.TRIES):
            step = direction * length
            variables = self.variables + step
            value, gradient = self._look(variables)
            if value <= self.value + 0.5 * abs(self.value):  # false for NaN too
                break
            length /= 4
        else:
            raise Diverged
        self._remember(step, gradient - self._gradient)
        self.variables, self.value, self._gradient = variables, value, gradient

    def _remember(self, step: Tensor, change: Tensor) -> None:
        curvature = _dot(step, change)
        if curvature > 1e-10 * (_dot(step, step) * _dot(change, change)) ** 0.5:
            self._pairs.append((step, change, curvature))

    def _direction(self) -> Tensor:
        direction = -self._gradient
        weights = []
        for step, change, curvature in reversed(self._pairs):
            weights.append(_dot(step, direction) / curvature)
            direction.sub_(change, alpha=weights[-1])
        if self._pairs:
            _, change, curvature = self._pairs[-1]
            direction.mul_(curvature / _dot(change, change))
        for (step, change, curvature), weight in zip(self._pairs, reversed(weights), strict=True):
            direction.add_(step, alpha=weight - _dot(change, direction) / curvature)
        return direction


def _dot(a: Tensor, b: Tensor) -> float:
    return torch.dot(a.flatten(), b.flatten()).item()
