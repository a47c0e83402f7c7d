"""The agent: `python -m worker.batch --style NAME --request-id ID CONTENT_KEY` paints one picture in a container of AWS Batch.

IMAGE_BUCKET_NAME and JOB_DONE_QUEUE_URL name the bucket of the pictures and the queue for reports. The exit code is 0 when the painting is
stored and reported; 1 when it failed and that is reported; 75 after an outage, when another try may succeed; and 143 when the machine is
taken away. The job definition's retry strategy knows these numbers.
"""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from functools import partial

from nst.bootstrap import open_agent, open_catalogue
from nst.errors import InvalidParams, PasticheError, StoreUnavailable
from nst.model_process.parent import ModelProcess
from nst.settings import read_settings
from nst.store.wire import NO_EARLIER
from nst.worker.cloud.agent import FAILED, Agent, Assignment

PLACES = {"IMAGE_BUCKET_NAME": "the bucket of the pictures", "JOB_DONE_QUEUE_URL": "the SQS queue for reports"}

log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    assignment = assignment_of(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    interrupted = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: interrupted.set())
    try:
        settings = read_settings()
        objects, messages = open_agent(*_places())
    except PasticheError as error:  # AWS Batch reports this end itself
        log.error("the agent cannot start: %s", error.reason if isinstance(error, StoreUnavailable) else error)
        return FAILED
    return Agent(assignment, objects, messages, open_catalogue(settings), settings, partial(ModelProcess, settings)).run(interrupted)


def _places() -> tuple[str, str]:
    """The bucket and the queue that the environment names."""
    bucket, queue = (os.environ.get(name, "") for name in PLACES)
    if missing := [f"{name} ({meaning})" for name, meaning in PLACES.items() if not os.environ.get(name)]:
        raise InvalidParams(f"Set {' and '.join(missing)}.")
    return bucket, queue


def assignment_of(arguments: list[str] | None = None) -> Assignment:
    """What the command line, by default this process's, and the environment say."""
    options = _parser().parse_args(arguments)
    return Assignment(
        content_key=options.content_key,
        style=options.style,
        request_id=options.request_id,
        attempt=options.attempt or None,
        params=options.params,
        blend=options.blend,
        digests=options.digests,
        regions=options.regions,
        earlier="" if options.earlier == NO_EARLIER else options.earlier,
        id=os.environ.get("AWS_BATCH_JOB_ID", ""),
        try_number=int(os.environ.get("AWS_BATCH_JOB_ATTEMPT", "1")),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m worker.batch", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("content_key", metavar="CONTENT_KEY", help="the photo's key in the bucket")
    parser.add_argument(
        "--style", required=True, metavar="NAME", help="a bundled style, or one in the bucket: style/NAME.jpg, with or without"
    )
    parser.add_argument("--request-id", required=True, metavar="ID", help="<front end>::<job id>, which is sent back")
    parser.add_argument("--attempt", type=int, default=0, metavar="N", help="the record's; 0 for a front end that counts none")
    parser.add_argument("--params", type=json.loads, default={}, metavar="JSON", help="parameters, as in nst/domain/params.py")
    parser.add_argument("--blend", type=json.loads, default=[], metavar="JSON", help="[[style, share], ...] instead of --style")
    parser.add_argument("--digests", type=json.loads, default={}, metavar="JSON", help="SHA-256 of the pictures that are meant, by style")
    parser.add_argument("--regions", type=json.loads, default=[], metavar="JSON", help="regions with masks, as in nst/domain/regions.py")
    parser.add_argument("--earlier", default=NO_EARLIER, metavar="KEY", help="the key of a smaller painting, which is enlarged")
    return parser


if __name__ == "__main__":
    sys.exit(main())
