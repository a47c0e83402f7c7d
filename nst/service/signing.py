"""Signatures of what only this studio may issue: links and cookies."""

import hmac
import secrets
from collections.abc import Callable

from pydantic import SecretStr

from nst.store.ports import Secrets

_NAME = "signing"


class SigningKey:
    """The secret that all servers of a studio sign with: NST_SECRET, or one that the first of them has stored. Read when first used.

    Args:
        given: NST_SECRET.
    """

    def __init__(self, stored: Secrets, given: SecretStr | None, clock: Callable[[], float]) -> None:
        self._secrets, self._given, self._clock = stored, given, clock
        self._kept: tuple[float, str] | None = None

    @property
    def since(self) -> float:
        """When the studio began to sign, in seconds since the epoch."""
        return self._read()[0]

    def sign(self, purpose: str, *words: str) -> str:
        """HMAC-SHA256 of the words, none of which may have a newline in it; for another purpose it is another signature."""
        key = self._given.get_secret_value() if self._given else self._read()[1]
        return hmac.new(key.encode(), "\n".join((purpose, *words)).encode(), "sha256").hexdigest()

    def _read(self) -> tuple[float, str]:
        if self._kept is None:
            since, _, key = self._secrets.keep(_NAME, f"{self._clock():.0f} {secrets.token_hex(32)}").partition(" ")
            self._kept = float(since), key
        return self._kept
