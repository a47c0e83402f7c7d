"""The least that an app is: a service and a worker of its own. For each line of input it submits a job, and says so once it is accepted."""

import sys

from nst.bootstrap import build
from nst.settings import Settings
from nst.worker.supervisor import Supervisor
from tests.support.worker_processes import order


def main() -> None:
    service = build(Settings())
    Supervisor().start()
    for line in sys.stdin:
        number = int(line)
        job = service.submit(f"owner-{number % 5}", order(f"form-{number}", public=True))
        sys.stdout.write(job.id + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
