"""Takes a while to load, and leaves a file where it has."""

import time

from tests.preview.engines import playful


def engine(settings):
    time.sleep(1)
    (settings.weights_dir / "loaded").touch()
    return playful.engine(settings)
