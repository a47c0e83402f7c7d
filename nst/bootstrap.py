"""From settings to what runs: the one place that picks concrete classes."""

from nst.images import Limits
from nst.service import Service
from nst.settings import Settings
from nst.store.files import FileObjects
from nst.store.ports import Backend
from nst.store.sqlite import Database, sqlite_backend
from nst.styles import Catalogue


def open_backend(settings: Settings) -> Backend:
    """The stores that NST_BACKEND names, made when they are missing."""
    return sqlite_backend(Database(settings.data_dir / "studio.sqlite3"), FileObjects(settings.data_dir / "objects"))


def open_catalogue(settings: Settings) -> Catalogue:
    return Catalogue(Limits.of(settings), settings.styles_dir)


def build(settings: Settings) -> Service:
    """What a front end needs. Nothing heavy is loaded: who paints is another process."""
    return Service(open_backend(settings), open_catalogue(settings), settings)
