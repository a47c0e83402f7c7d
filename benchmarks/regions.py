"""Cost and memory of a painting by its number of regions, each in a style of its own."""

import json
import subprocess
import sys

from benchmarks.report import Table
from nst.domain import Mode

NUMBERS = (1, 2, 4, 8)
SIZE = 512
ROUNDS = 3

PROGRAM = """
import json, sys, time
from PIL import Image
from benchmarks import subjects
from nst.domain import StyleParams
from nst.engine import Region, load_instant, best_device, stylize
from nst.images import Limits
from nst.settings import Settings
from nst.styles import Catalogue

mode, size, number, rounds = sys.argv[1], *map(int, sys.argv[2:])
photo, catalogue = subjects.photo(), Catalogue(Limits.of(Settings()))
styles = [catalogue.picture(entry.id) for entry in catalogue.entries()[:number]]
regions = []
for index, style in enumerate(styles[1:], start=1):  # stripes from left to right
    mask = Image.new("L", photo.size)
    mask.paste(255, (photo.width * index // number, 0, photo.width * (index + 1) // number, photo.height))
    regions.append(Region(mask, [style]))
instant, params = load_instant(best_device()), StyleParams.from_dict({"mode": mode, "size": size})
seconds = []
for _ in range(rounds + 1):
    started = time.process_time()
    stylize(photo, styles[:1], params, regions=regions, instant=instant)
    seconds.append(time.process_time() - started)
peak = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"seconds": min(seconds[1:]), "peak": peak}))
"""


def measure(mode: Mode, number: int) -> tuple[float, float]:
    """(CPU seconds of a painting once networks and styles are loaded, bytes at the peak of its process)."""
    rounds = ROUNDS if mode is Mode.INSTANT else 1
    words = [sys.executable, "-c", PROGRAM, mode, str(SIZE), str(number), str(rounds)]
    found = json.loads(subprocess.run(words, capture_output=True, check=True, encoding="utf-8").stdout)
    return found["seconds"], found["peak"]


def run() -> Table:
    rows = []
    for mode in (Mode.OPTIMISED, Mode.QUICK, Mode.INSTANT):
        found = [measure(mode, number) for number in NUMBERS]
        (alone, _), *_ = found
        rows += [(mode.value, number, seconds, seconds / alone, peak / 1e6) for number, (seconds, peak) in zip(NUMBERS, found, strict=True)]
    return Table(
        "Regions",
        f"CPU seconds of a painting of {SIZE} pixels whose parts have styles of their own, its cost relative to one style, and the peak "
        "resident memory of its process.",
        ("mode", "parts", "CPU seconds", "relative", "peak, MB"),
        rows,
    )
