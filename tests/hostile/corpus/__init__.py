"""Files that strangers send: broken, lying, exploding, disguised. All are made here, the same every time, and none lies in the repository.

What is smuggled into a file says SECRET, so that it can be looked for in what is stored. `KINDS` says of each kind whether it must be
refused, must be let in (as pixels and nothing else), or may be either.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from tests.hostile.corpus.admitted import as_large_as_may_be, carriers, exif, harmless_lies, kinds_of_pixels, profiles
from tests.hostile.corpus.broken import bombs, damaged, lying, truncated
from tests.hostile.corpus.foreign import disguised, nothing, polyglots
from tests.hostile.corpus.formats import Make

SECRET = b"SECRET"
Outcome = Literal["refused", "let in", "either"]


@dataclass(frozen=True)
class Hostile:
    """A file.

    Attributes:
        name: kind and peculiarity.
        heavy: as large as a picture may be, so that it is read once and not in every way.
    """

    name: str
    make: Make
    outcome: Outcome
    heavy: bool = False


def corpus() -> Iterator[Hostile]:
    """Every file; the bytes are made when they are asked for."""
    for outcome, kinds in KINDS.items():
        for kind in kinds:
            for name, make in kind().items():
                yield Hostile(f"{kind.__name__}: {name}", make, outcome)
    for name, make in as_large_as_may_be().items():
        yield Hostile(f"as_large_as_may_be: {name}", make, "let in", heavy=True)


KINDS: dict[Outcome, list[Callable[[], dict[str, Make]]]] = {
    "refused": [nothing, disguised, polyglots, truncated, lying, bombs],
    "let in": [carriers, harmless_lies, exif, profiles, kinds_of_pixels],
    "either": [damaged],
}
