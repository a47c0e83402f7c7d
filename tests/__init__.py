"""Tests. The processes that run them share the machine's cores: their threads sleep while they wait, and are no more than the cores."""

import os

from nst.threads import SLEEPING

# Before torch is loaded, which reads these once.
for _name, _value in SLEEPING.items():
    os.environ.setdefault(_name, _value)
if _processes := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // int(_processes))))
