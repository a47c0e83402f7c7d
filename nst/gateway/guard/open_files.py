"""The number of files that this process may have open. Each connection is one, and a page takes three more for its event loop."""

import logging
from contextlib import suppress

PER_CONNECTION = 5

log = logging.getLogger(__name__)


def allow_connections(connections: int) -> None:
    """Raise the limit as far as this process may."""
    try:
        import resource
    except ImportError:  # Windows
        return
    needed = connections * PER_CONNECTION
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY != soft < needed:
        with suppress(ValueError, OSError):  # beyond what the system allows
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed if hard == resource.RLIM_INFINITY else min(needed, hard), hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY != soft < needed:
        log.warning("%d connections (NST_CONNECTIONS) can need %d open files, and %d are allowed: see ulimit -n", connections, needed, soft)
