"""The training loop of both networks."""

import math
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from training.loop import FAST_RATE, Options, TrainingLoop
from training.muon import Muon, orthogonalise


def loop(folder: Path, steps: int = 100, minutes: float = math.inf, cooldown: int = 40) -> TrainingLoop:
    options = Options(
        folder, torch.device("cpu"), steps, minutes, cooldown, 0.01, 0, folder / "a/out.safetensors", folder / "b/state.pt", None
    )
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3))
    average = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3))
    return TrainingLoop(options, network, average, [p for p in network.parameters() if p.ndim == 4], decay=0.9)


def test_the_rate_falls_over_the_last_steps(tmp_path: Path) -> None:
    training = loop(tmp_path)
    left = []
    for training.step in (0, 60, 80, 100, 120):
        left.append(training.remaining())
    assert left == pytest.approx([1, 1, 0.5, 0, 0])


def test_what_ends_first_ends_the_training(tmp_path: Path) -> None:
    training = loop(tmp_path, minutes=10)
    training.step, training.seconds = 10, 480
    assert training.remaining() == pytest.approx(0.5)
    training.step = 90
    assert training.remaining() == pytest.approx(0.25)
    training.seconds = 601
    assert training.remaining() == 0


def test_fast_parameters_take_larger_steps(tmp_path: Path) -> None:
    network, average = (nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)) for _ in range(2))
    slow, fast = (network.get_parameter(f"{number}.bias") for number in range(2))
    training = TrainingLoop(loop(tmp_path).options, network, average, [network[0].weight], decay=0.9, fast=[fast])
    before = slow.detach().clone(), fast.detach().clone()
    training.update(slow.square().sum() + fast.square().sum(), clip=10.0)
    slowly, quickly = ((after - earlier).abs().max().item() for after, earlier in zip((slow.detach(), fast.detach()), before, strict=True))
    assert quickly == pytest.approx(FAST_RATE * slowly, rel=0.1)


def test_a_training_learns_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    x = torch.rand(2, 3, 12, 12, generator=torch.Generator().manual_seed(0))

    def train(training: TrainingLoop, steps: int) -> list[float]:
        losses: list[float] = []

        def advance() -> dict[str, float]:
            if len(losses) == steps:
                raise KeyboardInterrupt
            loss = training.network(x).square().mean()
            training.update(loss, clip=10.0)
            losses.append(loss.item())
            return {"loss": losses[-1]}

        with suppress(KeyboardInterrupt):
            training.train(advance, lambda: training.save({}, more=7))
        return losses

    torch.manual_seed(0)
    whole = loop(tmp_path / "whole")
    losses = train(whole, 100)
    assert losses[-1] < 0.1 * losses[0]
    torch.manual_seed(0)
    first = loop(tmp_path / "halves")
    assert train(first, 50) == losses[:50]
    first.save({}, more=7)
    second = loop(tmp_path / "halves")
    assert second.resume() == {"more": 7}
    assert train(second, 100) == pytest.approx(losses[50:], rel=1e-4)
    published = load_file(tmp_path / "halves/a/out.safetensors")
    assert torch.allclose(published["0.weight"].float(), second.average.state_dict()["0.weight"], atol=1e-3)


def test_kernels_of_one_shape_learn_as_each_alone() -> None:
    kernels = [nn.Parameter(torch.randn(4, 3, 3, 3, generator=torch.Generator().manual_seed(seed))) for seed in range(2)]
    alone = [nn.Parameter(kernel.detach().clone()) for kernel in kernels]
    optimisers = [Muon(kernels, rate=0.1), *(Muon([kernel], rate=0.1) for kernel in alone)]
    for step in range(3):
        for kernel in kernels + alone:
            kernel.grad = (kernel.detach() * (step + 1)).sin()
        for optimiser in optimisers:
            optimiser.step()
    for together, by_itself in zip(kernels, alone, strict=True):
        assert torch.allclose(together, by_itself, atol=0.01)


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (6, 6)])
def test_matrices_are_made_orthogonal_together_as_alone(shape: tuple[int, int]) -> None:
    matrices = torch.randn(3, *shape, generator=torch.Generator().manual_seed(0))
    together = orthogonalise(matrices)
    assert torch.allclose(together, torch.stack([orthogonalise(matrix) for matrix in matrices]), atol=0.02)
    values = torch.linalg.svdvals(together)
    assert values.min() > 0.5
    assert values.max() < 1.3
