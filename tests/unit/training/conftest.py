from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with three pictures of each kind."""
    for kind in ("photos", "styles"):
        (tmp_path / kind).mkdir()
        for seed in range(3):
            levels = np.random.default_rng(seed).integers(0, 256, (8, 10, 3), np.uint8)
            Image.fromarray(levels).resize((120, 96)).save(tmp_path / kind / f"{seed}.jpg")
    return tmp_path
