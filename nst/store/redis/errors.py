"""Classifies error replies of Redis and exceptions of redis-py. An unlisted error counts as a bug."""

import re

from redis import exceptions

from nst.store.errors import Failure

OUTAGE_MESSAGE = "The studio's database does not answer at the moment. Accepted paintings are safe. Please try again in a minute."

_BY_TYPE: tuple[tuple[tuple[type[Exception], ...], Failure], ...] = (
    ((exceptions.OutOfMemoryError,), Failure.FULL),
    (
        (
            exceptions.AuthenticationError,
            exceptions.AuthorizationError,
            exceptions.AuthenticationWrongNumberOfArgsError,
            exceptions.ExternalAuthProviderError,
            exceptions.NoPermissionError,
            exceptions.ModuleError,
            exceptions.InvalidResponse,  # another service listens at this port
            UnicodeDecodeError,
        ),
        Failure.MISCONFIGURED,
    ),
    (
        (
            exceptions.ReadOnlyError,
            exceptions.ClusterError,
            exceptions.AskError,
            exceptions.TryAgainError,
            exceptions.NoScriptError,
            exceptions.SlotNotCoveredError,
            exceptions.MaxConnectionsError,
            exceptions.TimeoutError,
        ),
        Failure.OUTAGE,
    ),
)
_OUTAGES = (
    "NOREPLICAS NOTREADY LOADING MASTERDOWN BUSY UNKILLABLE READONLY TRYAGAIN CLUSTERDOWN MISCONF UNBLOCKED MOVED ASK NOSCRIPT"
    " NOMASTERLINK NOGOODSLAVE INPROG IOERR REDIRECT"
)
_MISCONFIGURED = "NOAUTH WRONGPASS NOPERM WRONGTYPE DENIED NOPROTO"
_BY_CODE = {
    **dict.fromkeys(_OUTAGES.split(), Failure.OUTAGE),
    **dict.fromkeys(_MISCONFIGURED.split(), Failure.MISCONFIGURED),
    "OOM": Failure.FULL,
}
_PHRASES = (  # in lower case; Redis begins these with ERR, which says nothing
    ("max number of clients", Failure.OUTAGE),
    ("limit exceeded", Failure.OUTAGE),  # of a hosting plan
    ("unknown command", Failure.MISCONFIGURED),  # an old Redis, a proxy, or commands that are switched off
    ("unknown redis command", Failure.MISCONFIGURED),
    ("unknown subcommand", Failure.MISCONFIGURED),
    ("not supported", Failure.MISCONFIGURED),
    ("not allowed", Failure.MISCONFIGURED),
    ("disabled", Failure.MISCONFIGURED),
    ("is not enabled", Failure.MISCONFIGURED),
    ("db index", Failure.MISCONFIGURED),
    ("invalid database", Failure.MISCONFIGURED),
    ("invalid password", Failure.MISCONFIGURED),
    ("invalid username", Failure.MISCONFIGURED),
    ("operation not permitted", Failure.MISCONFIGURED),
    ("protocol error", Failure.MISCONFIGURED),
)
_CODE = re.compile(r"^-?([A-Z]{3,})\b|-([A-Z]{3,}) ")  # Redis 6 quotes the error of a script after a dash, inside a sentence
_TAIL = re.compile(r", with args beginning.*| script: \w+, on @user_script.*", re.DOTALL)  # arguments may be secrets
_HINTS = {
    "MOVED": ["It is a node of a cluster: NST_REDIS_URL has to begin with redis+cluster:// or rediss+cluster://."],
    "NOAUTH": ["NST_REDIS_URL needs its user and password."],
    "WRONGPASS": ["Check the user and the password in NST_REDIS_URL."],
    "WRONGTYPE": ["Another program has keys there: set NST_REDIS_PREFIX to a name of its own."],
    "NOREPLICAS": ["It waits for its replicas (min-replicas-to-write)."],
    "OOM": ["Raise its maxmemory, or make room."],
}


def failure_of(error: BaseException) -> Failure:
    """The kind of failure of an exception that redis-py has raised."""
    for kinds, failure in _BY_TYPE:
        if isinstance(error, kinds):
            return failure
    by_phrase = next((failure for phrase, failure in _PHRASES if phrase in str(error).lower()), None)
    if found := _BY_CODE.get(code_of(error)) or by_phrase:
        return found
    if isinstance(error, exceptions.ConnectionError | exceptions.RedisClusterException | OSError):
        inner = error.__cause__ or error.__context__  # of the driver, which says why there is no connection
        is_misconfigured = isinstance(inner, exceptions.RedisError) and failure_of(inner) is Failure.MISCONFIGURED
        return Failure.MISCONFIGURED if is_misconfigured else Failure.OUTAGE
    return Failure.BUG


def code_of(error: BaseException) -> str:
    """The code of the reply, such as NOREPLICAS; empty for an unknown one. redis-py removes some codes from the text."""
    codes = [getattr(error, "status_code", None), *(found[1] or found[2] for found in _CODE.finditer(str(error)))]
    return next((code for code in codes if code in _BY_CODE), "")


def reason_of(error: BaseException) -> str:
    """The text for operators."""
    said, code = _TAIL.sub("", str(error)) or type(error).__name__, code_of(error)
    said = said if said.startswith(code) else f"{code} {said}"
    return " ".join([f"Redis cannot be used: {said.rstrip('.')}.", *_HINTS.get(code, ())])
