"""The wait policy of OpenMP's threads: sleep instead of spin. Set it before torch is loaded, since OpenMP reads it once.

By default, waiting threads spin, since the next parallel region follows soon. When another process needs a core, such as a browser that
shows the studio, spinning threads keep the thread that they wait for from its core: a draft takes 2.2 times as long as on an idle machine,
and 1.4 times with sleeping threads. On an idle machine, sleeping costs a fifth (`python -m benchmarks contention`).
"""

from collections.abc import Mapping

SLEEPING = {"OMP_WAIT_POLICY": "PASSIVE"}


def with_sleeping_threads(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment with sleeping threads, unless it has a policy of its own."""
    return {**SLEEPING, **environment}
