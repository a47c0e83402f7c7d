import pytest
import torch
from torch import Tensor

from nst.domain import Optimiser
from nst.engine.optimised.minimise import PreconditionedObjective, minimise
from nst.errors import RenderingFailed


def towards(target: Tensor):  # type: ignore[no-untyped-def]
    return lambda x: {"distance": (x - target).square().mean()}


def test_it_reaches_a_target_picture() -> None:
    target = torch.rand(1, 3, 24, 17, generator=torch.Generator().manual_seed(0))
    steps = list(minimise(towards(target), torch.full_like(target, 0.5), 30))
    assert len(steps) == 30
    assert steps[-1].losses["distance"] < 1e-4 < steps[0].losses["distance"]
    torch.testing.assert_close(steps[-1].picture, target, atol=0.03, rtol=0)


@pytest.mark.parametrize("size", [(12, 16), (13, 9)])
def test_the_root_of_the_preconditioner_is_symmetric_and_its_square_is_the_preconditioner(size: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(1)
    one, other = (torch.randn(1, 3, *size, dtype=torch.float64, generator=generator) for _ in range(2))
    objective = PreconditionedObjective(towards(one), one)
    torch.testing.assert_close((objective.precondition_root(one) * other).sum(), (one * objective.precondition_root(other)).sum())
    torch.testing.assert_close(objective.precondition(one), objective.precondition_root(objective.precondition_root(one)))
    assert not torch.allclose(objective.precondition_root(one), one, atol=0.1)


def test_broad_strokes_are_amplified_over_fine_ones() -> None:
    objective = PreconditionedObjective(towards(torch.zeros(1, 3, 32, 32)), torch.zeros(1, 3, 32, 32))
    row = torch.arange(32)
    fine = ((row % 2) * 2.0 - 1).expand(1, 3, 32, 32)
    broad = torch.cos(2 * torch.pi * row / 32).expand(1, 3, 32, 32)
    assert objective.precondition_root(broad).abs().max() > 2 * objective.precondition_root(fine).abs().max()


def test_adam_takes_over_where_lbfgs_diverges() -> None:
    looks = 0

    def rough(x: Tensor) -> dict[str, Tensor]:
        nonlocal looks
        looks += 1
        spoilt = float("nan") if 3 <= looks < 8 else 1.0
        return {"distance": x.square().mean() * spoilt}

    steps = list(minimise(rough, torch.full((1, 3, 8, 8), 0.5), 30))
    taken = [step.optimiser for step in steps]
    assert taken == [Optimiser.LBFGS] + [Optimiser.ADAM] * 29
    assert steps[-1].losses["distance"] < 0.1 * steps[0].losses["distance"]


def test_a_picture_that_is_nowhere_finite_fails_with_a_sentence() -> None:
    with pytest.raises(RenderingFailed, match="lower strength"):
        list(minimise(lambda x: {"bad": x.mean() * float("nan")}, torch.zeros(1, 3, 8, 8), 3))


def test_adam_alone_when_asked_for() -> None:
    steps = list(minimise(towards(torch.zeros(1, 3, 8, 8)), torch.ones(1, 3, 8, 8), 3, Optimiser.ADAM))
    assert [step.optimiser for step in steps] == [Optimiser.ADAM] * 3
