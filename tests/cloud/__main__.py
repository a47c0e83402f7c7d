"""`python -m tests.cloud`: a cloud on this machine, for an app and the AWS command line to speak to, until Ctrl-C."""

import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

from tests.support.aws import Aws, open_aws
from tests.support.batch_executor import Executor
from tests.support.servers import RedisServer


def main() -> None:
    leave = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: leave.set())
    engine = os.environ.get("NST_ENGINE", "nst.model_process.child:painter")
    with open_aws() as (url, failures), tempfile.TemporaryDirectory() as folder:
        aws, redis = Aws(url, failures), RedisServer(Path(folder)).start()
        try:
            with Executor(aws, {"NST_ENGINE": engine}):
                variables = {**aws.environment, "NST_REDIS_URL": redis.url, "IMAGE_BUCKET": aws.bucket, "DEAD_LETTERS": aws.dead_letters}
                sys.stdout.write("".join(f"export {name}={value}\n" for name, value in variables.items()))
                sys.stdout.flush()
                leave.wait()
        finally:
            redis.kill()


if __name__ == "__main__":
    main()
