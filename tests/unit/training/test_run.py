"""What every training has in common."""

import math
from pathlib import Path

import pytest
import torch
from torch import nn

from training.muon import orthogonalise
from training.run import Options, Run


def run(folder: Path, steps: int = 100, minutes: float = math.inf, cooldown: int = 40) -> Run:
    options = Options(
        folder, torch.device("cpu"), steps, minutes, cooldown, 0.01, 0, folder / "a/out.safetensors", folder / "b/state.pt", None
    )
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3))
    average = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3))
    return Run(options, network, average, [p for p in network.parameters() if p.ndim == 4], memory=0.9)


def test_the_rate_falls_over_the_last_steps(tmp_path: Path) -> None:
    training = run(tmp_path)
    left = []
    for training.step in (0, 60, 80, 100, 120):
        left.append(training.left())
    assert left == pytest.approx([1, 1, 0.5, 0, 0])


def test_what_ends_first_ends_the_training(tmp_path: Path) -> None:
    training = run(tmp_path, minutes=10)
    training.step, training.seconds = 10, 480
    assert training.left() == pytest.approx(0.5)
    training.step = 90
    assert training.left() == pytest.approx(0.25)
    training.seconds = 601
    assert training.left() == 0


def test_a_training_learns_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    torch.manual_seed(0)
    training, x = run(tmp_path), torch.rand(2, 3, 12, 12)
    losses = []

    def advance() -> dict[str, float]:
        loss = training.network(x).square().mean()
        training.update(loss, clip=10.0)
        losses.append(loss.item())
        return {"loss": losses[-1]}

    training.train(advance, lambda: training.save({}, more=7))
    assert len(losses) == 100
    assert losses[-1] < 0.1 * losses[0]
    other = run(tmp_path)
    assert other.resume() == {"more": 7}
    assert other.step == 100
    assert torch.equal(other.network(x), training.network(x))


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (6, 6)])
def test_matrices_are_made_orthogonal_together_as_alone(shape: tuple[int, int]) -> None:
    matrices = torch.randn(3, *shape, generator=torch.Generator().manual_seed(0))
    together = orthogonalise(matrices)
    assert torch.allclose(together, torch.stack([orthogonalise(matrix) for matrix in matrices]), atol=0.02)
    values = torch.linalg.svdvals(together)
    assert values.min() > 0.5
    assert values.max() < 1.3
