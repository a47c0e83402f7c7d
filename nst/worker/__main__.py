"""`python -m nst.worker`: what the app and the gateway start, since an installed package has no `worker` beside it."""

from nst.worker.main import main

if __name__ == "__main__":
    main()
