"""`python -m worker`."""

from nst.worker.main import main

if __name__ == "__main__":
    main()
