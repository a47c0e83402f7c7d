"""Muon (Jordan et al. 2024): momentum whose matrices are orthogonalised. torch's own takes no convolution kernels."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor


def orthogonalise(matrix: Tensor, steps: int = 5) -> Tensor:
    """The nearest semi-orthogonal matrix to `matrix` (m, n), roughly, by the quintic Newton-Schulz iteration.

    In half precision, as it was published: it need not be exact.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = (matrix / (matrix.norm() + 1e-7)).bfloat16()
    transposed = x.shape[0] > x.shape[1]
    x = x.T if transposed else x
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x.T if transposed else x).to(matrix)


class Muon(torch.optim.Optimizer):
    """For convolution kernels, seen as matrices (out, in*k*k). The rate is scaled so that AdamW's fits."""

    def __init__(self, params: Iterable[Tensor], rate: float, momentum: float = 0.95) -> None:
        super().__init__(params, {"lr": rate, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # noqa: ARG002 (torch's signature)
        for group in self.param_groups:
            for kernel in (kernel for kernel in group["params"] if kernel.grad is not None):
                mean = self.state[kernel].setdefault("momentum", torch.zeros_like(kernel))
                mean.lerp_(kernel.grad, 1 - group["momentum"])
                direction = kernel.grad.lerp(mean, group["momentum"]).flatten(1)
                update = orthogonalise(direction) * 0.2 * max(direction.shape) ** 0.5
                kernel.sub_(update.view_as(kernel), alpha=group["lr"])
