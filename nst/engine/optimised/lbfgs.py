"""L-BFGS with a preconditioner and a cap on the step, for objectives whose curvature is poorly known at first.

torch's L-BFGS takes full steps on a curvature estimated from one tiny first step, which throws a picture far out of range in about one
rendering of four, and its line search costs at least one evaluation a step. A cap in units of the picture costs nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

# Maps variables to the objective's value and gradient.
Evaluate = Callable[[Tensor], tuple[Tensor, Tensor]]
# A symmetric positive definite map P, applied to gradients. Lengths are those of the space in which P is the identity: v'P⁻¹v.
Precondition = Callable[[Tensor], Tensor]


class Diverged(ArithmeticError):
    """No step along the direction improves the objective, or it is not finite any more."""


@dataclass(frozen=True)
class Iterate:
    """Variables x, and the objective there.

    Attributes:
        gradient: g
        preconditioned_gradient: P g
        gradient_norm_sq: g'P g
    """

    variables: Tensor
    value: float
    gradient: Tensor
    preconditioned_gradient: Tensor
    gradient_norm_sq: float


class LBFGS:
    """Minimises `evaluate`, starting at `variables`, one `step` at a time (Nocedal and Wright 2006, algorithms 7.4 and 7.5).

    The iterates are those of the algorithm without a preconditioner from 0 in the space of z, where the variables are ``start + P^½ z``;
    but P is applied once a step, and P^½ never.
    """

    # Number of pairs (s, y) that are kept.
    HISTORY = 8
    # Evaluations along one direction, each at a quarter of the step before.
    MAX_TRIES = 5

    def __init__(
        self, evaluate: Evaluate, variables: Tensor, *, first_step: float, max_step: float, precondition: Precondition = Tensor.clone
    ) -> None:
        """
        Args:
            first_step: root mean square over the variables of the first step, in the preconditioner's norm.
            max_step: that of the others at most.
        """
        self._evaluate, self._precondition = evaluate, precondition
        self._first_step, self._max_step = first_step, max_step
        self._history = _History(self.HISTORY, variables)
        self._current = self._iterate(variables)

    @property
    def variables(self) -> Tensor:
        """The present iterate."""
        return self._current.variables

    @property
    def value(self) -> float:
        """The objective at the present iterate."""
        return self._current.value

    def _iterate(self, variables: Tensor) -> Iterate:
        value, gradient = self._evaluate(variables)
        preconditioned = self._precondition(gradient)
        return Iterate(variables, value.item(), gradient, preconditioned, _dot(gradient, preconditioned))

    def step(self) -> None:
        """Take one step.

        Raises:
            Diverged: when even a short step makes the objective much worse or not finite.
        """
        current = self._current
        direction = self._history.direction(current)
        rms = (direction.norm_sq / current.variables.numel()) ** 0.5
        if rms == 0:
            return
        length = min(1.0, self._max_step / rms) if self._history else self._first_step / rms
        for _ in range(self.MAX_TRIES):
            s = direction.vector * length
            following = self._iterate(current.variables + s)
            if following.value <= current.value + 0.5 * abs(current.value):  # false for NaN too
                break
            length /= 4
        else:
            raise Diverged
        self._history.update(s, direction, length, current, following)
        self._current = following


@dataclass(frozen=True)
class _Direction:
    """A search direction: the stored vectors times `coefficients`, minus `scale` times the preconditioned gradient."""

    vector: Tensor
    coefficients: Tensor
    scale: float
    norm_sq: float


class _History:
    """The last pairs of a step s and the change y of the preconditioned gradient over it, and the direction that follows from them.

    The two-loop recursion (algorithm 7.4) runs on coefficients of the stored vectors instead of on the vectors, whose products v'P⁻¹w with
    each other are kept (Chen, Wang and Zhou 2014, "Large-scale L-BFGS using MapReduce"). All products that a new pair brings follow from
    those of the vectors with the gradient before and after the step. So a step reads the history twice and not forty times.
    """

    def __init__(self, length: int, like: Tensor) -> None:
        self._length, self._count = length, 0
        self._vectors = like.new_zeros(2 * length, like.numel())  # all s, then all y
        self._products = torch.zeros(2 * length, 2 * length, dtype=torch.float64)
        self._gradient_products = torch.zeros(2 * length, dtype=torch.float64)  # of the vectors with the present gradient

    def __bool__(self) -> bool:
        return self._count > 0

    def update(self, s: Tensor, direction: _Direction, length: float, current: Iterate, following: Iterate) -> None:
        """Store the pair between two iterates, unless the objective has negative curvature along it."""
        y = following.preconditioned_gradient - current.preconditioned_gradient
        gradient_products = torch.mv(self._vectors, following.gradient.flatten()).cpu().double()
        s_gradient, y_gradient = _dot(s, following.gradient), _dot(y, following.gradient)
        slope = direction.coefficients @ self._gradient_products - direction.scale * current.gradient_norm_sq
        sy, yy = s_gradient - length * float(slope), y_gradient - _dot(y, current.gradient)
        ss = length**2 * direction.norm_sq
        if sy > 1e-10 * (ss * max(yy, 0.0)) ** 0.5:
            index = self._count % self._length
            rows = [index, self._length + index]
            products = torch.stack(
                [
                    length * (self._products @ direction.coefficients - direction.scale * self._gradient_products),
                    gradient_products - self._gradient_products,
                ]
            )
            self._vectors[rows[0]], self._vectors[rows[1]] = s.flatten(), y.flatten()
            self._products[rows], self._products[:, rows] = products, products.T
            self._products[rows[0], rows], self._products[rows[1], rows] = (
                torch.tensor(pair, dtype=torch.float64) for pair in ((ss, sy), (sy, yy))
            )
            gradient_products[rows] = torch.tensor((s_gradient, y_gradient), dtype=torch.float64)
            self._count += 1
        self._gradient_products = gradient_products

    def direction(self, current: Iterate) -> _Direction:
        """Minus the approximate inverse Hessian times the gradient."""
        gradient = current.preconditioned_gradient
        if not self._count:
            return _Direction(-gradient, torch.zeros_like(self._gradient_products), 1.0, current.gradient_norm_sq)
        coefficients, scale = self._two_loops()
        vector = torch.addmv(gradient.flatten(), self._vectors.T, coefficients.to(gradient), beta=-scale).view_as(gradient)
        norm_sq = coefficients @ (self._products @ coefficients - 2 * scale * self._gradient_products) + scale**2 * current.gradient_norm_sq
        return _Direction(vector, coefficients, scale, max(float(norm_sq), 0.0))

    def _two_loops(self) -> tuple[Tensor, float]:
        """Coefficients of the stored vectors, and the scale gamma of the preconditioned gradient (eq. 7.20)."""
        newest_first = [(self._count - 1 - age) % self._length for age in range(min(self._count, self._length))]
        gradient_products, products = self._gradient_products, self._products
        coefficients, scale = torch.zeros_like(gradient_products), 1.0
        alphas = {}
        for s in newest_first:
            y = self._length + s
            alphas[s] = (products[s] @ coefficients - scale * gradient_products[s]) / products[s, y]
            coefficients[y] -= alphas[s]
        s, y = newest_first[0], self._length + newest_first[0]
        scale = float(products[s, y] / products[y, y])
        coefficients *= scale
        for s in reversed(newest_first):
            y = self._length + s
            beta = (products[y] @ coefficients - scale * gradient_products[y]) / products[s, y]
            coefficients[s] += alphas[s] - beta
        return coefficients, scale


def _dot(a: Tensor, b: Tensor) -> float:
    return torch.dot(a.flatten(), b.flatten()).item()
