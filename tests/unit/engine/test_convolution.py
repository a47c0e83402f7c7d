from threading import Thread

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from nst import samples
from nst.domain import Precision
from nst.engine.instant import convolution, stylizer
from nst.engine.instant.convolution import PointwiseConv, ReflectConv, has_winograd, upsample
from nst.engine.instant.sharing import share
from nst.engine.instant.stylizer import InstantStylizer, load_instant_network
from nst.engine.instant.wct import CodedPart
from nst.engine.regions import StyleTensor
from nst.engine.tensors import to_tensor

CPU = torch.device("cpu")
NEEDS_WINOGRAD = pytest.mark.skipif(not has_winograd(), reason="needs NNPACK")


def features(height: int, width: int, channels: int = 24) -> Tensor:
    return torch.randn(1, channels, height, width, generator=torch.Generator().manual_seed(height))


@pytest.fixture
def threads(request: pytest.FixtureRequest) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    request.addfinalizer(lambda: torch.set_num_threads(before))


@NEEDS_WINOGRAD
@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("threads", [1, 3], indirect=True)
@pytest.mark.parametrize("shape", [(2, 3), (6, 6), (41, 19), (30, 64)])
@pytest.mark.parametrize("rectified", [False, True])
def test_a_convolution_has_the_same_result_by_winograds_algorithm(
    shape: tuple[int, int], rectified: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convolution, "AT_ONCE", 200_000)  # several bands
    x, conv = features(*shape), ReflectConv(24, 40)
    plus = torch.randn(1, 40, *shape)
    with torch.inference_mode():
        here = x.relu() if rectified else x
        wanted = F.conv2d(F.pad(here, (1, 1, 1, 1), mode="reflect").double(), conv.weight.double(), conv.bias.double()).float()  # type: ignore[union-attr]
        assert torch.allclose(conv(x, rectified=rectified), wanted, atol=1e-4)
        assert torch.allclose(conv(x, rectified=rectified, plus=plus), wanted + plus, atol=1e-4)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_without_gradients_the_result_is_the_same(memory_format: torch.memory_format) -> None:
    x = features(8, 9).contiguous(memory_format=memory_format)
    for module in (ReflectConv(24, 8), ReflectConv(24, 8, stride=2), PointwiseConv(24, 8), upsample):
        with torch.inference_mode():
            without = module(x)
        assert torch.allclose(without, module(x.clone().requires_grad_()), atol=1e-4)


@NEEDS_WINOGRAD
@pytest.mark.parametrize("tile", [1024, 96])
def test_a_painting_is_the_same_in_either_memory_format(tile: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stylizer, "TILE", tile)
    photo, style = (to_tensor(samples.load(name), (200, 312), CPU) for name in ("coffee", "cat"))
    paintings = []
    for memory_format in (torch.contiguous_format, torch.channels_last):
        monkeypatch.setattr(stylizer, "fastest_format", lambda *_, found=memory_format: found)
        instant = InstantStylizer(*load_instant_network(CPU), CPU, Precision.FLOAT32)
        code = instant.code("style", lambda: StyleTensor(style))
        paintings.append(instant.stylize("photo", lambda: photo, [CodedPart(code, 1.0)]))
    assert (paintings[0] - paintings[1]).abs().max() < 0.1 / 255


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("threads", [1, 2], indirect=True)
def test_every_piece_of_work_is_done_once() -> None:
    done: list[int] = []
    share(done.append, range(100))
    assert sorted(done) == list(range(100))


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("threads", [1, 2], indirect=True)
def test_an_error_in_shared_work_is_raised() -> None:
    done: list[int] = []
    with pytest.raises(ZeroDivisionError):
        share(lambda piece: done.append(1 // piece), range(10))


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("threads", [3], indirect=True)
def test_shared_work_leaves_torchs_threads_to_others() -> None:
    inside, later = [], []
    share(lambda _: inside.append(torch.get_num_threads()), range(4))
    other = Thread(target=lambda: later.append(torch.get_num_threads()))
    other.start()
    other.join()
    assert (set(inside), later, torch.get_num_threads()) == ({1}, [3], 3)
