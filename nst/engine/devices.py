"""Selection of the device and of the precision of the networks."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from nst.domain import Precision
from nst.errors import InvalidParams

# Values of ONEDNN_MAX_CPU_ISA with which oneDNN, PyTorch's library for convolutions on CPUs, does not use bfloat16 instructions.
_WITHOUT_BFLOAT16 = {"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2", "AVX512_CORE", "AVX512_CORE_VNNI"}


def best_device() -> torch.device:
    """CUDA, else Apple's MPS, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def device_named(name: str) -> torch.device:
    """The device called auto, cpu, cuda, cuda:1 or mps.

    Raises:
        InvalidParams: when this machine has no such device.
    """
    if name == "auto":
        return best_device()
    device = torch.device(name)
    present = {
        "cpu": True,
        "cuda": (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not present[device.type]:
        raise InvalidParams(f"This machine has no device {name}. Use auto, which selects the best available one.")
    return device


def uses_bfloat16(device: torch.device, precision: Precision = Precision.AUTO) -> bool:
    """Whether the networks run in bfloat16 on a device; with `Precision.AUTO`, only where that is faster."""
    return has_fast_bfloat16(device) if precision is Precision.AUTO else precision is Precision.BFLOAT16


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device is a CPU on which convolutions are faster in bfloat16 than in single precision."""
    if device.type != "cpu" or os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper() in _WITHOUT_BFLOAT16:
        return False
    abilities = torch.cpu.get_capabilities()
    return any(abilities.get(name, False) for name in ("avx512_bf16", "amx_bf16"))


@contextmanager
def one_thread() -> Iterator[None]:
    """Matrices of about a hundred rows are decomposed in one thread: where several share one, they mostly wait for each other.

    Nothing is set where there is one thread already: a thread that torch has started meanwhile has one, which it must not leave to others.
    """
    threads = torch.get_num_threads()
    if threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
