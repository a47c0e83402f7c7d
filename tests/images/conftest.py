"""The image under test: built once, with PyTorch from TORCH_INDEX or, without it, from PyPI with CUDA."""

import os

import pytest

from tests.support.containers import built


@pytest.fixture(scope="session", autouse=True)
def _asked_for() -> None:
    """Leave the tests of images to `make image-test`: a build takes minutes and gigabytes."""
    if "CONTAINER_ENGINE" not in os.environ:
        pytest.skip("Building images takes minutes and several gigabytes: `make image-test` runs these tests.")


@pytest.fixture(scope="session")
def image(_asked_for: None) -> str:
    return built("localhost/pastiche-test", "--build-arg", f"TORCH_INDEX={os.environ.get('TORCH_INDEX', '')}")
