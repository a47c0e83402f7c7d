"""What tests of the worker have, too."""

from tests.worker.conftest import make_settings, studio

__all__ = ["make_settings", "studio"]
