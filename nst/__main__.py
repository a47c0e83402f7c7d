"""`python -m nst`."""

from nst.cli import main

main()
