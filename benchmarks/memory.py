"""Peak memory of renderings against the estimates of `nst.engine.memory_budget`, each in a process of its own: peaks never fall."""

import json
import subprocess
import sys

from benchmarks.report import Table
from nst.domain import Mode, Precision, StyleParams
from nst.engine import best_device, memory_budget

SIZES = {Mode.OPTIMISED: (512, 1024, 2048), Mode.INSTANT: (512, 1024, 2048, 4096)}
STEPS = 9  # more than L-BFGS remembers

PROGRAM = """
import json, sys
from benchmarks import subjects
from nst.domain import Mode, Precision, StyleParams
from nst.engine import best_device, load_encoder, load_instant, stylize
from nst.engine.encoders.registry import FrozenEncoder
from nst.engine.encoders.vgg19 import VGG19

def status(key):  # getrusage's peak is no use: it inherits the parent's
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(key))

size, encoder, mode, precision, steps = int(sys.argv[1]), sys.argv[2], Mode(sys.argv[3]), Precision(sys.argv[4]), int(sys.argv[5])
device = best_device()
is_compact = encoder == "compact"
network = load_encoder(encoder, device, precision=precision) if is_compact else FrozenEncoder(encoder, VGG19(), "", device, precision)
photo, style, instant = subjects.photo(), subjects.style(), load_instant(device, precision)
stylize(photo, [style], StyleParams(mode=mode, size=64, scales=1, iterations=1), encoder=network, instant=instant)
idle = status("VmRSS")
stylize(photo, [style], StyleParams(mode=mode, size=size, scales=1, iterations=steps), encoder=network, instant=instant)
print(json.dumps({"idle": idle, "peak": status("VmHWM")}))
"""


def measure(size: int, encoder: str = "compact", mode: Mode = Mode.OPTIMISED, precision: Precision = Precision.AUTO) -> tuple[int, int]:
    """(bytes of the idle process with the encoder loaded, bytes at the peak of a rendering)."""
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(size), encoder, mode, precision, str(STEPS)], capture_output=True, check=True, encoding="utf-8"
    )
    values = json.loads(found.stdout)
    return values["idle"], values["peak"]


def run() -> Table:
    from benchmarks import subjects

    rows = []
    for mode, sizes in SIZES.items():
        for size in sizes:
            idle, peak = measure(size, mode=mode)
            params = StyleParams(mode=mode, scales=1, iterations=STEPS)
            estimated = memory_budget.estimate(subjects.photo(), params, size, memory_budget.stores_bfloat16(best_device(), Precision.AUTO))
            rows.append((mode.value, size, peak / 1e6, (peak - idle) / 1e6, estimated / 1e6, estimated / (peak - idle)))
    return Table(
        "Memory",
        "Peak resident memory of a rendering of a 3:2 photo with the compact encoder or the instant network, in megabytes.",
        ("mode", "long side, px", "peak, MB", "of which the rendering, MB", "estimated, MB", "estimated / measured"),
        rows,
    )
