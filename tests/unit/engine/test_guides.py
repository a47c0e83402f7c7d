import pytest
import torch
from torch import Tensor

from nst.engine.guides import Guides
from nst.engine.instant.statistics import PartMoments, feature_statistics


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def weights(*maps: list[float]) -> Tensor:
    """Weights of parts in a row of positions."""
    return torch.tensor(maps)[:, None]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_features_that_are_read_and_put_back_are_multiplied_by_their_weights(layout: torch.memory_format, dtype: torch.dtype) -> None:
    """Also where parts share a position, both with weight 1, and where no part has one. Channels stay first or last."""
    guides = Guides(weights([1, 1, 0.5, 1, 0, 0], [0, 1, 0.25, 0, 0, 0.5], [0, 0, 0.25, 0.125, 0, 1]))
    x = random(1, 3, 1, 6).to(dtype).contiguous(memory_format=layout)
    found = guides.put_back(guides.read(x))
    torch.testing.assert_close(found, x * torch.tensor([1, 2, 1, 1.125, 0, 1.5], dtype=dtype))
    assert found.is_contiguous(memory_format=layout)


def test_a_part_reads_its_own_positions() -> None:
    guides, x = Guides(weights([1, 0, 0.5, 0], [0, 0, 0, 0], [0, 1, 0.5, 1])), random(1, 2, 1, 4)
    rows = guides.read(x)
    found = [rows[part].T.tolist() for part in guides.slices]
    assert found == [x[0, :, 0, [0, 2]].tolist(), [[], []], x[0, :, 0, [1, 2, 3]].tolist()]


def test_where_no_part_is_nothing_is_put_back() -> None:
    guides = Guides(torch.zeros(2, 3, 4))
    assert guides.put_back(guides.read(random(1, 5, 3, 4))).equal(torch.zeros(1, 5, 3, 4))


def test_the_statistics_of_all_parts_together_are_those_of_the_picture() -> None:
    shares, x = torch.rand(3, 6, 8, generator=torch.Generator().manual_seed(1)).softmax(0), random(1, 4, 6, 8) + 2
    guides = Guides(shares)
    rows = guides.read(x)
    parts = [(rows[part], guides.weights[part]) for part in guides.slices]
    found, wanted = PartMoments.of(parts, 48).together(), feature_statistics(x)
    torch.testing.assert_close(found.mean, wanted.mean)
    torch.testing.assert_close(found.covariance, wanted.covariance)
