"""File names in any locale."""

import os


def named(name: str) -> str:
    """A file's name as this process has to say it, for a name in UTF-8, whatever the locale."""
    return os.fsdecode(name.encode())
