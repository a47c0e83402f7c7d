"""Peak memory of a rendering against what `nst.engine.memory` foretells. Each in a process of its own: peaks never fall."""

import json
import subprocess
import sys

from benchmarks.report import Table
from nst.domain import Mode, StyleParams
from nst.engine import memory

SIZES = {Mode.OPTIMISED: (512, 1024, 2048), Mode.INSTANT: (512, 1024, 2048, 4096)}
STEPS = 12  # more than L-BFGS remembers

PROGRAM = """
import json, sys
from benchmarks import subjects
from nst.domain import Mode, StyleParams
from nst.engine import best_device, load_encoder, stylize
from nst.engine.encoders import VGG19, Frozen
from nst.settings import Settings

def status(key):  # getrusage's peak is no use: it inherits the parent's
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(key))

size, encoder, mode, steps = int(sys.argv[1]), sys.argv[2], Mode(sys.argv[3]), int(sys.argv[4])
weights = Settings().weights_dir
network = load_encoder(encoder, best_device(), weights) if encoder == "compact" else Frozen(encoder, VGG19(), "", best_device())
photo, style = subjects.photo(), subjects.style()
stylize(photo, [style], StyleParams(mode=mode, size=64, scales=1, iterations=1), encoder=network)
idle = status("VmRSS")
stylize(photo, [style], StyleParams(mode=mode, size=size, scales=1, iterations=steps), encoder=network)
print(json.dumps({"idle": idle, "peak": status("VmHWM")}))
"""


def measure(size: int, encoder: str = "compact", mode: Mode = Mode.OPTIMISED) -> tuple[int, int]:
    """(bytes of the idle process with the encoder loaded, bytes at the peak of a rendering)."""
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(size), encoder, mode, str(STEPS)], capture_output=True, check=True, text=True
    )
    values = json.loads(found.stdout)
    return values["idle"], values["peak"]


def run() -> Table:
    from benchmarks import subjects

    rows = []
    for mode, sizes in SIZES.items():
        for size in sizes:
            idle, peak = measure(size, mode=mode)
            foretold = memory.needed(subjects.photo(), StyleParams(mode=mode), size)
            rows.append((mode.value, size, peak / 1e6, (peak - idle) / 1e6, foretold / 1e6, foretold / (peak - idle)))
    return Table(
        "Memory",
        "Peak resident memory of a rendering of a 3:2 photo with the compact encoder or the instant network, in megabytes.",
        ("mode", "long side, px", "peak, MB", "of which the rendering, MB", "foretold, MB", "foretold / measured"),
        rows,
    )
