"""`python -m nst`."""

import sys

try:
    from nst.cli import main
except KeyboardInterrupt:  # loading takes seconds, in which somebody may think better of it
    sys.exit(130)

main()
