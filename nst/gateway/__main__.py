"""`python -m nst.gateway --port N` runs the gateway alone, until it is terminated. It starts a worker of its own, except in a fleet."""

import argparse
import logging
import sys

import uvicorn

from nst import allocator, logs
from nst.bootstrap import build
from nst.errors import PasticheError, StoreUnavailable
from nst.gateway.app import MAX_MESSAGE_FACTOR, Gateway, standalone
from nst.gateway.requests import message_limit
from nst.settings import Settings, read_settings
from nst.worker.own_worker import OwnWorker

SHUTDOWN_SECONDS = 5

log = logging.getLogger(__name__)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m nst.gateway", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 for all network interfaces (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8600, help="(default: %(default)s)")
    arguments = parser.parse_args()
    try:
        settings = read_settings()
        logs.configure(settings.log_format)
        allocator.give_back_large_blocks()
        run(settings, arguments.host, arguments.port)
    except PasticheError as error:  # from the settings, the store or the folder of styles
        log.error("the gateway cannot start: %s", error.reason if isinstance(error, StoreUnavailable) else error)
        sys.exit(error.exit_code)


def run(settings: Settings, host: str, port: int) -> None:
    service = build(settings)
    worker = OwnWorker(settings) if settings.brings_worker else None
    if worker is not None:
        worker.start()
    try:
        serve(Gateway(service, settings), settings, host, port)
    finally:
        service.close()
        if worker is not None:
            worker.stop()


def serve(gateway: Gateway, settings: Settings, host: str, port: int) -> None:
    uvicorn.run(
        standalone(gateway, settings.hosts),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,  # URLs have job ids in them
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE_FACTOR * message_limit(settings.max_bytes),
        ws_per_message_deflate=False,  # a few bytes could inflate to any number
        ws_ping_interval=None,  # engine.io sends its own pings
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


if __name__ == "__main__":
    main()
