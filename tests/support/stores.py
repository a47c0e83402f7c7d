"""A process of its own that has a store open."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


OPENED = """
import sys
from pathlib import Path
from tests.support.memory_store import MemoryObjects
from nst.store.sqlite import Database, sqlite_backend
backend = sqlite_backend(Database(Path(sys.argv[1])), MemoryObjects())
"""
