import pytest
import torch
from torch import Tensor

from nst.engine.optimised.lbfgs import LBFGS, Diverged, HistorySize


def rosenbrock(at: Tensor) -> tuple[Tensor, Tensor]:
    at = at.detach().requires_grad_(True)
    value = (1 - at[0]) ** 2 + 100 * (at[1] - at[0] ** 2) ** 2
    (gradient,) = torch.autograd.grad(value, at)
    return value.detach(), gradient


def test_it_finds_the_bottom_of_rosenbrocks_valley() -> None:
    minimiser = LBFGS(rosenbrock, torch.tensor([-1.2, 1.0], dtype=torch.float64), first_step=0.01, max_step=1.0)
    for _ in range(200):
        minimiser.step()
    torch.testing.assert_close(minimiser.variables, torch.ones(2, dtype=torch.float64), rtol=1e-4, atol=1e-4)


def test_a_preconditioned_walk_is_a_plain_one_in_the_space_where_the_preconditioner_is_the_identity() -> None:
    spread = torch.tensor([0.3, 1.7, 0.05, 4.0], dtype=torch.float64)
    target = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)

    def rough(at: Tensor) -> tuple[Tensor, Tensor]:
        at = at.detach().requires_grad_(True)
        value = (at - target).pow(4).sum() + ((at - target) * torch.tensor([9.0, 1.0, 50.0, 0.1])).square().sum()
        (gradient,) = torch.autograd.grad(value, at)
        return value.detach(), gradient

    def seen_from_within(z: Tensor) -> tuple[Tensor, Tensor]:
        value, gradient = rough(spread * z)
        return value, spread * gradient

    zero = torch.zeros(4, dtype=torch.float64)
    within = LBFGS(seen_from_within, zero, first_step=0.05, max_step=0.4)
    outside = LBFGS(rough, zero, first_step=0.05, max_step=0.4, precondition=lambda gradient: spread.square() * gradient)
    for _ in range(3 * HistorySize().pairs):
        within.step()
        outside.step()
        torch.testing.assert_close(outside.variables, spread * within.variables, rtol=1e-4, atol=1e-4)
    assert outside.value < 1e-3 * rough(zero)[0]


def test_no_step_is_longer_than_the_cap_whatever_the_gradient() -> None:
    def steep(at: Tensor) -> tuple[Tensor, Tensor]:
        return 1e12 * at.square().sum(), 2e12 * at

    minimiser = LBFGS(steep, torch.full((4,), 100.0), first_step=0.1, max_step=0.5)
    for _ in range(10):
        before = minimiser.variables
        minimiser.step()
        assert (minimiser.variables - before).square().mean().sqrt().item() <= 0.5 + 1e-5


def test_tiny_gradients_do_not_stall_it() -> None:
    minimiser = LBFGS(lambda at: (1e-12 * at.square().sum(), 2e-12 * at), torch.ones(3, dtype=torch.float64), first_step=0.1, max_step=1.0)
    for _ in range(5):
        minimiser.step()
    assert minimiser.variables.abs().max().item() < 1e-3


def test_it_shortens_a_step_that_makes_matters_worse() -> None:
    tried: list[float] = []

    def cliff(at: Tensor) -> tuple[Tensor, Tensor]:
        tried.append(at.item())
        return (torch.tensor(1e6) if at.item() < 0.5 else at.sum()), torch.ones(1)

    minimiser = LBFGS(cliff, torch.tensor([1.0]), first_step=1.0, max_step=1.0)
    minimiser.step()
    assert tried == [1.0, 0.0, 0.75]
    assert minimiser.value == 0.75


def test_it_says_so_when_nothing_is_finite() -> None:
    minimiser = LBFGS(lambda at: (at.sum() * float("nan"), torch.ones_like(at)), torch.ones(2), first_step=0.1, max_step=1.0)
    with pytest.raises(Diverged):
        minimiser.step()


def test_it_stays_where_the_gradient_is_zero() -> None:
    minimiser = LBFGS(lambda at: (at.sum() * 0, torch.zeros_like(at)), torch.ones(2), first_step=0.1, max_step=1.0)
    minimiser.step()
    assert minimiser.variables.tolist() == [1.0, 1.0]
