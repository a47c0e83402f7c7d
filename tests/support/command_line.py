"""The command line as a process, and pictures for it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from PIL import Image

import nst


def made(name: str, colour: str = "teal") -> Path:
    """A picture in two colours, relative to the working folder."""
    picture = Image.new("RGB", (80, 60), colour)
    picture.paste("white", (0, 0, 30, 30))
    picture.save(name)
    return Path(name)


def process(*words: Any, stdout: int = subprocess.PIPE, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Python with these words."""
    whole = {**os.environ, "PYTHONPATH": str(Path(nst.__file__).parents[1]), **environment}
    command = [sys.executable, *map(os.fspath, words)]
    return subprocess.run(
        command, stdout=stdout, stderr=subprocess.PIPE, env=whole, encoding="utf-8", errors="surrogateescape", check=False
    )


def nst_command(*words: Any, **how: Any) -> "subprocess.CompletedProcess[str]":
    """The command as a process of its own."""
    return process("-m", "nst", *words, **how)
