"""Muon (Jordan et al. 2024): momentum with orthogonalised matrices. torch's implementation takes no convolution kernels."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor


def orthogonalise(matrix: Tensor, steps: int = 5) -> Tensor:
    """Approximate the nearest semi-orthogonal matrices to `matrix` (..., m, n) by the quintic Newton-Schulz iteration.

    In bfloat16, as it was published: it need not be exact.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = (matrix / (matrix.norm(dim=(-2, -1), keepdim=True) + 1e-7)).bfloat16()
    transposed = x.shape[-2] > x.shape[-1]
    x = x.mT if transposed else x
    for _ in range(steps):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if transposed else x).to(matrix)


class Muon(torch.optim.Optimizer):
    """Muon for convolution kernels, taken as matrices (out, in*k*k). Updates are scaled so that a learning rate of AdamW's fits."""

    def __init__(self, params: Iterable[Tensor], rate: float, momentum: float = 0.95) -> None:
        super().__init__(params, {"lr": rate, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # noqa: ARG002 (torch's signature; no closure is called)
        for group in self.param_groups:
            directions: dict[torch.Size, list[tuple[Tensor, Tensor]]] = defaultdict(list)
            for kernel in (kernel for kernel in group["params"] if kernel.grad is not None):
                mean = self.state[kernel].setdefault("momentum", torch.zeros_like(kernel))
                mean.lerp_(kernel.grad, 1 - group["momentum"])
                directions[kernel.shape].append((kernel, kernel.grad.lerp(mean, group["momentum"]).flatten(1)))
            for alike in directions.values():  # batched: a GPU spends longer on launches than on such products
                kernels, matrices = zip(*alike, strict=True)
                updates = orthogonalise(torch.stack(matrices)) * 0.2 * max(matrices[0].shape) ** 0.5
                for kernel, update in zip(kernels, updates, strict=True):
                    kernel.sub_(update.view_as(kernel), alpha=group["lr"])
