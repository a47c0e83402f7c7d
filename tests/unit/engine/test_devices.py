import numpy as np
import pytest
import torch
from PIL import Image

from nst.domain import Mode, Precision, StyleParams
from nst.engine import devices, stylize
from nst.engine.devices import one_thread, uses_bfloat16

CPU = torch.device("cpu")


@pytest.fixture
def multiplies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor with bfloat16, whatever this one is."""
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})


@pytest.mark.usefixtures("multiplies")
def test_bfloat16_is_used_where_the_processor_multiplies_it() -> None:
    assert uses_bfloat16(CPU)
    assert not uses_bfloat16(torch.device("cuda"))


@pytest.mark.usefixtures("multiplies")
@pytest.mark.parametrize("isa", ["AVX2", "avx512_core", "AVX512_CORE_VNNI"])
def test_single_precision_is_faster_where_onednn_is_limited_to_older_instructions(isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", isa)
    assert not uses_bfloat16(CPU)


def test_other_processors_compute_in_single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    assert not uses_bfloat16(CPU)


@pytest.mark.usefixtures("multiplies")
def test_who_chooses_the_precision_gets_it() -> None:
    for device in (CPU, torch.device("cuda")):
        assert uses_bfloat16(device, Precision.BFLOAT16)
        assert not uses_bfloat16(device, Precision.FLOAT32)


@pytest.mark.parametrize("mode", Mode)
def test_every_mode_paints_in_the_precision_chosen_and_notes_it(mode: Mode, photo: Image.Image, style: Image.Image) -> None:
    params = StyleParams(mode=mode, size=64)
    results = {precision: stylize(photo, [style], params, precision=precision) for precision in (Precision.FLOAT32, Precision.BFLOAT16)}
    assert [result.recipe["precision"] for result in results.values()] == ["float32", "bfloat16"]
    single, half = (np.asarray(result.picture, dtype=float) for result in results.values())
    assert single.tobytes() != half.tobytes()
    assert np.abs(single - half).mean() < 20


def test_the_device_of_that_name_is_found() -> None:
    assert devices.device_named("cpu") == CPU


def test_one_thread_is_used_only_inside() -> None:
    before = torch.get_num_threads()
    for threads in (2, 1):
        torch.set_num_threads(threads)
        with pytest.raises(ZeroDivisionError), one_thread():
            assert torch.get_num_threads() == 1
            raise ZeroDivisionError
        assert torch.get_num_threads() == threads
    torch.set_num_threads(before)
