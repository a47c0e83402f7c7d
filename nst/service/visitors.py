"""Visitors: the cookies that identify their browsers, which only this studio can issue, and the names that records have for them.

A cookie is `token.issued.signature`. Records have a hash of the token, so that nobody who reads them can take a visitor's place.
"""

import hashlib
import re
import secrets
from collections.abc import Callable
from typing import NamedTuple

from nst.service.access import constant_time_equals
from nst.service.signing import SigningKey
from nst.store.ports import JobStore

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # cookies and owners of versions that did not sign
_COOKIE = re.compile(r"([A-Za-z0-9_-]{43})\.(\d{1,12})\.([0-9a-f]{64})", re.ASCII)
_JOBS = 100  # of a visitor, among which one from the time before cookies were signed is looked for


class Visitor(NamedTuple):
    """
    Attributes:
        owner: in records.
        since: when the cookie was issued, in seconds since the epoch.
    """

    owner: str
    since: float


class Visitors:
    """Issues and checks the cookies of visitors. Thread-safe."""

    def __init__(self, key: SigningKey, jobs: JobStore, clock: Callable[[], float]) -> None:
        self._key, self._jobs, self._clock = key, jobs, clock

    def issue(self, token: str | None = None) -> str:
        """A cookie, by default for a new visitor."""
        token, issued = token or new_token(), f"{self._clock():.0f}"
        return f"{token}.{issued}.{self._key.sign('cookie', token, issued)}"

    def read(self, cookie: str) -> Visitor | None:
        """The visitor whose cookie it is; None when this studio has not issued it.

        A cookie of an earlier version, which is a token without a signature, counts if there is a job of that time with this owner.
        """
        if found := _COOKIE.fullmatch(cookie):
            token, issued, signature = found.groups()
            if constant_time_equals(signature, self._key.sign("cookie", token, issued)):
                return Visitor(owner_of(token), float(issued))
        elif self._was_known(cookie):
            return Visitor(owner_of(cookie), self._clock())
        return None

    def renew(self, cookie: str) -> str:
        """A signed cookie for the visitor with a cookie of an earlier version, or for a new one."""
        return self.issue(cookie if self._was_known(cookie) else None)

    def _was_known(self, token: str) -> bool:
        if not _TOKEN.fullmatch(token):
            return False
        if self._jobs.of_owner(token, 1):
            self._jobs.rename_owner(token, owner_of(token))
            return True
        return any(job.created < self._key.since for job in self._jobs.of_owner(owner_of(token), _JOBS))


def new_token() -> str:
    return secrets.token_urlsafe(32)


def owner_of(token: str) -> str:
    """The owner's name in records."""
    return f"browser:{hashlib.sha256(token.encode()).hexdigest()}"


def hash_owners(jobs: JobStore) -> int:
    """Replace the tokens that earlier versions have stored as owners and reporters by their hashes, and return their number."""
    return jobs.rename_owners(lambda name: owner_of(name) if _TOKEN.fullmatch(name) else name)
