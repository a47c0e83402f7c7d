"""What others depend on is what it was."""

from pathlib import Path

from tests.compatibility.public_interface import FILE, as_text, public_interface


def test_the_public_interface_is_what_it_was(tmp_path: Path) -> None:
    assert as_text(public_interface(tmp_path)) == FILE.read_text(encoding="utf-8")
