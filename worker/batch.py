"""`python -m worker.batch`: the agent in a container of AWS Batch."""

import sys

from nst.worker.cloud.main import main

if __name__ == "__main__":
    sys.exit(main())
