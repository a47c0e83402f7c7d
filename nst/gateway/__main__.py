"""`python -m nst.gateway --port N`: the gateway alone, until it is told to leave. In local mode it brings its own worker."""

import argparse

import uvicorn

from nst import logs
from nst.bootstrap import build
from nst.gateway.app import LARGEST, Gateway, alone
from nst.gateway.contract import message_limit
from nst.settings import Settings
from worker.own import OwnWorker

LEAVE_SECONDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m nst.gateway", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 is every network that this machine is in (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8600, help="(default: %(default)s)")
    wanted = parser.parse_args()
    settings = Settings()
    logs.configure(settings.log_format)
    worker = OwnWorker(settings) if settings.own_worker and settings.backend == "local" else None
    if worker is not None:
        worker.start()
    try:
        serve(Gateway(build(settings), settings), settings, wanted.host, wanted.port)
    finally:
        if worker is not None:
            worker.stop()


def serve(gateway: Gateway, settings: Settings, host: str, port: int) -> None:
    uvicorn.run(
        alone(gateway),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,  # job ids are in addresses
        ws="websockets-sansio",
        ws_max_size=LARGEST * message_limit(settings.max_bytes),
        ws_per_message_deflate=False,  # a few bytes could unpack to any number
        ws_ping_interval=None,  # engine.io has pings of its own
        timeout_graceful_shutdown=LEAVE_SECONDS,
    )


if __name__ == "__main__":
    main()
