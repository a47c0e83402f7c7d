"""L-BFGS with a preconditioner and a cap on the step, for objectives whose curvature is poorly known at first.

torch's L-BFGS takes full steps on a curvature estimated from one tiny first step, which throws a picture far out of range in about one
rendering of four, and its line search costs at least one evaluation a step. A cap in units of the picture costs nothing.
"""

from collections.abc import Callable, Iterator
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
        preconditioned_gradient: P g, for the gradient g. That itself is not kept: pictures may be large.
        gradient_norm_sq: g'P g
    """

    variables: Tensor
    value: float
    preconditioned_gradient: Tensor
    gradient_norm_sq: float


class LBFGS:
    """Minimises `evaluate`, starting at `variables`, one `step` at a time (Nocedal and Wright 2006, algorithms 7.4 and 7.5).

    The iterates are those of the algorithm without a preconditioner from 0 in the space of z, where the variables are ``start + P^½ z``;
    but P is applied once a step, and P^½ never.
    """

    # Evaluations along one direction, each at a quarter of the step before.
    MAX_TRIES = 5

    def __init__(
        self,
        evaluate: Evaluate,
        variables: Tensor,
        *,
        first_step: float,
        max_step: float,
        precondition: Precondition = Tensor.clone,
        history: "HistorySize | None" = None,
    ) -> None:
        """
        Args:
            first_step: root mean square over the variables of the first step, in the preconditioner's norm.
            max_step: that of the others at most.
            history: what is kept of the last steps.
        """
        self._evaluate, self._precondition = evaluate, precondition
        self._first_step, self._max_step = first_step, max_step
        self._history = _History(history or HistorySize(), variables)
        value, gradient = evaluate(variables)
        self._current = self._iterate(variables, value.item(), gradient)

    @property
    def variables(self) -> Tensor:
        """The present iterate."""
        return self._current.variables

    @property
    def value(self) -> float:
        """The objective at the present iterate."""
        return self._current.value

    def _iterate(self, variables: Tensor, value: float, gradient: Tensor) -> Iterate:
        preconditioned = self._precondition(gradient)
        return Iterate(variables, value, preconditioned, _dot(gradient, preconditioned))

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
        variables = direction.take_vector().mul_(length).add_(current.variables)
        for _ in range(self.MAX_TRIES):
            value, gradient = self._evaluate(variables)
            if value.item() <= current.value + 0.5 * abs(current.value):  # false for NaN too
                break
            length /= 4
            variables.lerp_(current.variables, 0.75)
        else:
            raise Diverged
        following = self._iterate(variables, value.item(), gradient)
        self._history.update(direction, length, current, following, gradient)
        self._current = following


@dataclass(frozen=True)
class HistorySize:
    """What L-BFGS keeps of its last steps.

    Attributes:
        pairs: number of pairs (s, y).
        dtype: of their values, which in half precision are scaled by the largest of a vector.
    """

    pairs: int = 8
    dtype: torch.dtype | None = None


@dataclass
class _Direction:
    """A search direction: the stored vectors times `coefficients`, minus `scale` times the preconditioned gradient."""

    vector: Tensor | None
    coefficients: Tensor
    scale: float
    norm_sq: float

    def take_vector(self) -> Tensor:
        """The vector, which the direction then lacks: its memory is the next iterate's."""
        vector, self.vector = self.vector, None
        assert vector is not None  # noqa: S101
        return vector


class _History:
    """The last pairs of a step s and the change y of the preconditioned gradient over it, and the direction that follows from them.

    The two-loop recursion (algorithm 7.4) runs on coefficients of the stored vectors instead of on the vectors, whose products v'P⁻¹w with
    each other are kept (Chen, Wang and Zhou 2014, "Large-scale L-BFGS using MapReduce"). All products that a new pair brings follow from
    those of the vectors with the gradient before and after the step. So a step reads the history twice and not forty times.
    """

    def __init__(self, size: HistorySize, like: Tensor) -> None:
        self._length, self._count = size.pairs, 0
        self._vectors = _Vectors(2 * size.pairs, like, size.dtype or like.dtype)  # all s, then all y
        self._products = torch.zeros(2 * size.pairs, 2 * size.pairs, dtype=torch.float64)
        self._gradient_products = torch.zeros(2 * size.pairs, dtype=torch.float64)  # of the vectors with the present gradient

    def __bool__(self) -> bool:
        return self._count > 0

    def update(self, direction: _Direction, length: float, current: Iterate, following: Iterate, gradient: Tensor) -> None:
        """Store the pair between two iterates, unless the objective has negative curvature along it.

        Args:
            gradient: at the following iterate.
        """
        gradient_products = self._vectors.products(gradient)
        s_gradient = _dot(following.variables, gradient, current.variables)
        y_gradient = _dot(following.preconditioned_gradient, gradient, current.preconditioned_gradient)
        slope = direction.coefficients @ self._gradient_products - direction.scale * current.gradient_norm_sq
        # y'g at the current iterate is, P being symmetric, the following gradient's product with P times the current one, less g'Pg.
        y_current = following.gradient_norm_sq - y_gradient - current.gradient_norm_sq
        sy, yy = s_gradient - length * float(slope), y_gradient - y_current
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
            self._vectors.store(rows[0], following.variables, current.variables)
            self._vectors.store(rows[1], following.preconditioned_gradient, current.preconditioned_gradient)
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
        vector = self._vectors.combined(coefficients, gradient, -scale)
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


class _Vectors:
    """Vectors that are read together, piece by piece: where they are in half precision, only a piece is converted at a time."""

    PIECE = 2**18

    def __init__(self, count: int, like: Tensor, dtype: torch.dtype) -> None:
        self._values = torch.zeros(count, like.numel(), dtype=dtype, device=like.device)
        self._scales = torch.ones(count, dtype=torch.float64)
        self._dtype = like.dtype

    def store(self, row: int, minuend: Tensor, subtrahend: Tensor) -> None:
        """Replace a vector by a difference."""
        pieces = list(zip(_pieces(minuend), _pieces(subtrahend), torch.split(self._values[row], self.PIECE), strict=True))
        scale = 1.0
        if self._values.dtype != self._dtype:
            scale = max((one - other).abs().max().item() for one, other, _ in pieces) or 1.0
        for one, other, place in pieces:
            place.copy_((one - other).div_(scale))
        self._scales[row] = scale

    def products(self, vector: Tensor) -> Tensor:
        """The product of each with a vector, (count,), in double precision."""
        found = [torch.mv(values.to(self._dtype), piece) for values, piece in self._zipped(vector)]
        return torch.stack(found).cpu().double().sum(0) * self._scales

    def combined(self, coefficients: Tensor, vector: Tensor, scale: float) -> Tensor:
        """`scale` times a vector plus the sum of all, weighted by `coefficients`."""
        result = torch.empty_like(vector)
        weights = (coefficients * self._scales).to(vector)
        for (values, piece), place in zip(self._zipped(vector), _pieces(result), strict=True):
            torch.addmv(piece, values.to(self._dtype).T, weights, beta=scale, out=place)
        return result

    def _zipped(self, vector: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Pieces of all vectors, with those of another."""
        return zip(torch.split(self._values, self.PIECE, dim=1), _pieces(vector), strict=True)


def _pieces(x: Tensor) -> tuple[Tensor, ...]:
    return torch.split(x.view(-1), _Vectors.PIECE)


def _dot(a: Tensor, b: Tensor, subtracted: Tensor | None = None) -> float:
    """a'b, or the product of a - `subtracted` with b; summed in double precision over pieces."""
    if subtracted is None:
        found = [torch.dot(one, other) for one, other in zip(_pieces(a), _pieces(b), strict=True)]
    else:
        found = [torch.dot(one - less, other) for one, less, other in zip(_pieces(a), _pieces(subtracted), _pieces(b), strict=True)]
    return torch.stack(found).cpu().double().sum().item()
