import psutil
import pytest
import torch
from PIL import Image

from benchmarks.memory import measure
from benchmarks.subjects import photo
from nst.domain import Mode, Precision, Preset, StyleParams
from nst.engine import memory_budget
from nst.engine.devices import has_fast_bfloat16
from nst.engine.encoders.registry import NETWORKS
from nst.engine.memory_budget import OtherInputs
from nst.engine.optimised.sums import PIXELS_AT_ONCE
from nst.engine.tensors import MARGIN
from nst.errors import DoesNotFit

CPU = torch.device("cpu")
LANDSCAPE = Image.new("L", (4, 3))


WITH_BFLOAT16 = pytest.mark.skipif(not has_fast_bfloat16(CPU), reason="needs a CPU that multiplies bfloat16")
BOTH = pytest.mark.parametrize("precision", [Precision.FLOAT32, pytest.param(Precision.BFLOAT16, marks=WITH_BFLOAT16)])


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("size", [384, 640])
def test_the_estimate_is_within_30_percent_of_what_is_measured(size: int, precision: Precision) -> None:
    idle, peak = measure(size, precision=precision)
    needed = memory_budget.estimate(photo(), StyleParams(), size, memory_budget.stores_bfloat16(CPU, precision))
    assert needed == pytest.approx(peak - idle, rel=0.3)


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("size", [512, 1400])
def test_the_estimate_of_instant_painting_is_within_30_percent_of_what_is_measured(size: int, precision: Precision) -> None:
    """Or within 25 MB: how much memory is newly taken for so small a painting depends on what the allocator had kept."""
    taken = max(peak - idle for idle, peak in (measure(size, mode=Mode.INSTANT, precision=precision) for _ in range(2)))
    needed = memory_budget.estimate(photo(), StyleParams(mode=Mode.INSTANT), size, memory_budget.stores_bfloat16(CPU, precision))
    assert needed == pytest.approx(taken, rel=0.3, abs=25e6)


def test_where_bfloat16_is_converted_it_takes_the_memory_of_single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_budget, "has_fast_bfloat16", lambda _: False)
    assert not memory_budget.stores_bfloat16(CPU, Precision.BFLOAT16)
    assert memory_budget.stores_bfloat16(torch.device("cuda"), Precision.BFLOAT16)


def test_quick_painting_takes_the_memory_of_its_pass_and_not_of_steps_at_full_size() -> None:
    quick, optimised, instant = (
        memory_budget.estimate(LANDSCAPE, StyleParams(mode=mode), 2048) for mode in (Mode.QUICK, Mode.OPTIMISED, Mode.INSTANT)
    )
    assert instant < quick <= optimised < 3 * instant


def test_quick_painting_of_512_pixels_takes_the_memory_of_its_steps() -> None:
    quick, optimised = (memory_budget.estimate(LANDSCAPE, StyleParams(mode=mode), 512) for mode in (Mode.QUICK, Mode.OPTIMISED))
    assert quick == optimised


def test_optimising_by_tiles_takes_a_small_part_of_the_memory() -> None:
    steps = StyleParams(iterations=12, scales=1)
    tiled, at_once = (memory_budget.estimate(LANDSCAPE, steps, 2048, at_once=pixels) for pixels in (1_500_000, 10**9))
    assert tiled < at_once / 4


def test_what_does_not_fit_at_once_is_painted_by_tiles() -> None:
    free = 1e9
    at_once = memory_budget.pixels_at_once(StyleParams(), CPU, free)
    assert at_once < 1024 * 768 < memory_budget.pixels_at_once(StyleParams(), CPU, 1e12) == PIXELS_AT_ONCE
    assert (
        memory_budget.estimate(LANDSCAPE, StyleParams(), 1024, at_once=at_once)
        < free
        < memory_budget.estimate(LANDSCAPE, StyleParams(), 1024)
    )


def test_where_the_finest_scale_has_tiles_no_coarser_one_takes_more() -> None:
    """At once, the coarser one would take three times the memory."""
    finest, coarser, both = (
        memory_budget.estimate(LANDSCAPE, StyleParams(iterations=12, scales=scales), size)
        for size, scales in ((1800, 1), (round(1800 / 2**0.5), 1), (1800, 2))
    )
    assert both == finest < coarser / 2


@pytest.mark.parametrize("size", [1600, 2048, 4096, 8192])
def test_what_is_encoded_at_once_takes_no_more_than_the_finest_scale(size: int) -> None:
    params = StyleParams()
    at_once = memory_budget.pixels_at_once_of(LANDSCAPE, params, size, PIXELS_AT_ONCE)
    finest = memory_budget.estimate(LANDSCAPE, params, size)
    assert 0 < memory_budget.estimate_optimised(at_once, 0, 20, "compact") <= finest
    assert memory_budget.pixels_at_once_of(LANDSCAPE, params, 1024, PIXELS_AT_ONCE) == PIXELS_AT_ONCE


@pytest.mark.parametrize("free", [0.6e9, 1e9, 2e9])
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_whatever_is_encoded_at_once_fits(free: float, scale: float) -> None:
    """So that no size is refused because of a smaller scale of the same painting."""
    params = StyleParams(style_scale=scale)
    at_once = memory_budget.pixels_at_once(params, CPU, free)
    largest = memory_budget.largest_size(LANDSCAPE, params, free, at_once=at_once)
    assert all(memory_budget.estimate(LANDSCAPE, params, size, at_once=at_once) <= free for size in range(64, largest, 32))


@pytest.mark.parametrize(("encoder", "width"), [("compact", 16), ("vgg19", 64)])
def test_gpus_encode_at_once_what_they_can_index(encoder: str, width: int) -> None:
    most = memory_budget.pixels_at_once(StyleParams(encoder=encoder), torch.device("cuda"), 1e12)
    assert most * width < 2**31 <= (most + 1) * width
    assert memory_budget.WIDEST[encoder] == NETWORKS[encoder]().convs["relu1_1"].out_channels


def test_what_torch_keeps_of_earlier_paintings_on_a_gpu_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (10**9, 8 * 10**9))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 6 * 10**9)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 10**9)
    assert memory_budget.free_bytes(torch.device("cuda")) == memory_budget.HEADROOM * 6e9


@pytest.mark.slow
@BOTH
def test_the_estimate_of_tiles_is_within_30_percent_of_what_is_measured(precision: Precision) -> None:
    idle, peak = measure(1536, precision=precision)
    needed = memory_budget.estimate(
        photo(), StyleParams(iterations=12, scales=1), 1536, in_bfloat16=memory_budget.stores_bfloat16(CPU, precision)
    )
    assert needed == pytest.approx(peak - idle, rel=0.3)


def test_a_painting_that_cannot_fit_is_refused_with_the_largest_size_that_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_budget, "free_bytes", lambda _: 500e6)
    with pytest.raises(DoesNotFit) as caught:
        memory_budget.affordable_size(LANDSCAPE, StyleParams(size=4000), CPU, Precision.FLOAT32)
    at_once = memory_budget.pixels_at_once(StyleParams(), CPU, 500e6)
    largest = memory_budget.largest_size(LANDSCAPE, StyleParams(), 500e6, at_once=at_once)
    assert str(largest) in str(caught.value)
    assert memory_budget.affordable_size(LANDSCAPE, StyleParams(size=largest), CPU, Precision.FLOAT32) == largest


def test_ultra_takes_what_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    ultra = StyleParams(preset=Preset.ULTRA)
    monkeypatch.setattr(memory_budget, "free_bytes", lambda _: 2e9)
    fitting = memory_budget.affordable_size(LANDSCAPE, ultra, CPU, Precision.FLOAT32)
    at_once = memory_budget.pixels_at_once(ultra, CPU, 2e9)
    assert 1024 < fitting < 4096
    needed, too_much = (memory_budget.estimate(LANDSCAPE, ultra, size, at_once=at_once) for size in (fitting, fitting + 16))
    assert needed <= 2e9 < too_much
    monkeypatch.setattr(memory_budget, "free_bytes", lambda _: 1e15)
    assert memory_budget.affordable_size(LANDSCAPE, ultra, CPU) == 4096


def test_ultra_is_refused_where_not_even_high_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_budget, "free_bytes", lambda _: 200e6)
    with pytest.raises(DoesNotFit):
        memory_budget.affordable_size(LANDSCAPE, StyleParams(preset=Preset.ULTRA), CPU)


@pytest.mark.parametrize(
    ("shape", "preset", "size"),
    [
        ((3000, 1000), Preset.DRAFT, 256),
        ((4000, 1000), Preset.STANDARD, 512),
        ((4000, 200), Preset.DRAFT, 1280),
        ((200, 4000), Preset.DRAFT, 1280),
        ((4000, 200), Preset.STANDARD, 2560),
        ((4000, 200), Preset.HIGH, 4000),  # the photo's own size
        ((640, 32), Preset.DRAFT, 640),
        ((200, 10), Preset.DRAFT, 256),
        ((40_000, 2000), Preset.ULTRA, 8192),  # what `size` can say
    ],
)
def test_a_preset_leaves_no_thread_of_a_panorama(
    shape: tuple[int, int], preset: Preset, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_budget, "free_bytes", lambda _: 1e15)
    panorama = Image.new("L", shape)
    assert memory_budget.affordable_size(panorama, StyleParams(preset=preset), CPU) == size
    assert memory_budget.affordable_size(panorama, StyleParams(preset=preset, size=300), CPU) == 300


def test_a_panorama_is_drawn_out_no_further_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    panorama = Image.new("L", (4000, 200))
    monkeypatch.setattr(memory_budget, "free_bytes", lambda _: 300e6)
    assert (
        512
        < memory_budget.affordable_size(panorama, StyleParams(), CPU)
        == memory_budget.largest_size(panorama, StyleParams(), 300e6)
        < 2560
    )


@pytest.mark.parametrize("mode", Mode)
def test_memory_grows_with_the_parts(mode: Mode) -> None:
    content, params = Image.new("RGB", (512, 512)), StyleParams(mode=mode)
    without, with_nine = (memory_budget.estimate(content, params, 512, inputs=OtherInputs(parts=parts)) for parts in (0, 9))
    assert with_nine - without == memory_budget.PER_PART_PIXEL * 9 * (512 + 2 * MARGIN) ** 2


def test_memory_grows_with_the_style_where_that_is_larger() -> None:
    needed = [memory_budget.estimate(Image.new("L", (100, 25)), StyleParams(style_scale=scale), 1024) for scale in (1.0, 2.0)]
    assert needed[1] > 1.5 * needed[0]


@pytest.mark.parametrize("mode", Mode)
def test_a_style_picture_takes_no_more_than_its_own_size(mode: Mode) -> None:
    panorama, params = Image.new("L", (100, 25)), StyleParams(mode=mode, style_scale=2.0)
    needed = [memory_budget.estimate(panorama, params, 4096, inputs=OtherInputs(style_side=side)) for side in (500, 1000, 8192)]
    assert needed[0] == needed[1] < needed[2]


def test_a_painting_fits_whose_style_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a style picture as large as the painting, this one would take more than the painting itself."""
    monkeypatch.setattr(memory_budget, "free_bytes", lambda _: 6.5e9)
    params = StyleParams(size=8192)
    assert memory_budget.affordable_size(LANDSCAPE, params, CPU, Precision.FLOAT32, OtherInputs(style_side=1600)) == 8192
    with pytest.raises(DoesNotFit):
        memory_budget.affordable_size(LANDSCAPE, params, CPU, Precision.FLOAT32, OtherInputs(style_side=8192))


def test_free_memory_is_a_part_of_the_machines() -> None:
    assert 0 < memory_budget.free_bytes(CPU) <= memory_budget.HEADROOM * psutil.virtual_memory().total
