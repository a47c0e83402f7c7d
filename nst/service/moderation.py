"""Moderation: reports of visitors, and the administrator's decisions, which count for more."""

import logging
from collections.abc import Callable

from nst.domain import new_id
from nst.errors import NotAllowed, Refused
from nst.service.access import constant_time_equals, find_job, unknown_job
from nst.service.publishing import Publisher
from nst.service.rate_limit import RateLimit
from nst.service.signing import SigningKey
from nst.settings import Settings
from nst.store.ports import Backend

_MAX_REASON = 500  # characters
_MINUTE, _HOUR = 60.0, 3600.0
_KNOWN_SECONDS = _HOUR  # that a visitor must have been here, so that nobody reports with many new cookies
_REPORTS_AN_HOUR = 10  # from one network
_WRONG_TOKENS_A_MINUTE = 5  # from one network; a limit for all would let anybody lock the administrator out

log = logging.getLogger(__name__)


class Moderation:
    """Counts reports, hides paintings and checks the administrator's token. Thread-safe."""

    def __init__(self, backend: Backend, settings: Settings, publisher: Publisher, key: SigningKey, clock: Callable[[], float]) -> None:
        self._backend, self._settings, self._publisher, self._key, self._clock = backend, settings, publisher, key, clock
        self._reports = RateLimit("reports", _REPORTS_AN_HOUR, _HOUR, clock, backend.rates)
        self._wrong_tokens = RateLimit("administrator's tokens", _WRONG_TOKENS_A_MINUTE, _MINUTE, clock, backend.rates)

    def report(self, job_id: str, reporter: str, reason: str, network: str | None, since: float | None) -> None:
        """As `Service.report`."""
        now = self._clock()
        if since is None or now - since < _KNOWN_SECONDS:
            raise NotAllowed("Only visitors whose browser has been here an hour ago can report a picture. Please report it later.")
        if find_job(self._backend, job_id) is None:
            raise unknown_job()
        who = reporter if network is None else f"network:{self._key.sign('network', network)[:32]}"
        if not self._reports.take(who, job_id):
            raise Refused("You have reported many pictures in the last hour. Please wait before you report more.")
        number = self._backend.feed.report(job_id, who, reason[:_MAX_REASON], now)
        if not number:
            self._reports.give_back(who, job_id)
            raise unknown_job()
        job = find_job(self._backend, job_id)
        if job is not None and number >= self._settings.reports_to_hide and not job.cleared:
            self._publisher.hide(job_id, now, hidden=True)

    def hide(self, job_id: str, admin_token: str, network: str | None, *, hidden: bool) -> None:
        """As `Service.hide`."""
        self.check_administrator(admin_token, network)
        if find_job(self._backend, job_id) is None:
            raise unknown_job()
        self._publisher.hide(job_id, self._clock(), hidden=hidden)

    def check_administrator(self, admin_token: str, network: str | None) -> None:
        """As `Service.check_administrator`. After some wrong tokens, right ones are refused, too: otherwise guessing would go on."""
        wanted, place, attempt = self._settings.admin_token, network or "this machine", new_id()
        if not self._wrong_tokens.take(place, attempt):  # before it is compared: tries at the same time count, too
            raise Refused("There were too many wrong tokens. Try again in a minute.")
        if wanted is None or not constant_time_equals(admin_token, wanted.get_secret_value()):
            log.warning("a wrong administrator's token came from %s", place)
            raise NotAllowed("Only an administrator may do this. Check the token.")
        self._wrong_tokens.give_back(place, attempt)
