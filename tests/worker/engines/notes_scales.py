"""The real engine with a tiny encoder, slow in the last scale. It notes in a file at what scales it works, a line for each rendering."""

import os
import time
from pathlib import Path

from nst.domain import StyleShare
from tests.support.encoder import TinyEncoder

FILE = "PASTICHE_TEST_SCALES"
"""The variable with the file's path."""
STEP_SECONDS = 0.2  # an agent reports every two seconds


def engine(_settings):
    import torch

    from nst.engine import stylize

    torch.set_num_threads(1)  # threads of a busy machine wait for each other
    file, encoder = Path(os.environ[FILE]), TinyEncoder()

    def paint(photo, styles, params, on_progress, should_stop, **more):
        scales: list[int] = []
        others = file.read_text(encoding="utf-8") if file.exists() else ""

        def note(progress):
            if progress.scale not in scales:
                scales.append(progress.scale)
                file.write_text(f"{others}{' '.join(map(str, scales))}\n", encoding="utf-8")
            on_progress(progress)
            if progress.scale == progress.scales:
                time.sleep(STEP_SECONDS)

        shares = [StyleShare(*style) for style in styles]
        return stylize(photo, shares, params, on_progress=note, should_stop=should_stop, encoder=encoder, **more)

    return paint
