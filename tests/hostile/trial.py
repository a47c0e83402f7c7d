"""`python -m tests.hostile.trial`: puts every file of the corpus to decoder and service, with little memory and little time.

It prints a line of JSON for each. When a file takes more than it may, the system ends this process, and the line is missing.
"""

import json
import resource
import signal
import sys
import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from nst import images
from nst.domain import Preset, StyleParams
from nst.errors import PasticheError
from nst.images import Limits
from nst.service import Order, RegionChoice, Service, StyleChoice
from nst.settings import Settings
from nst.store.ports import Backend
from nst.styles import Catalogue
from tests.hostile.corpus import corpus
from tests.hostile.corpus.formats import file_of, noise
from tests.support.memory_store import memory_backend

SECONDS = 20  # of the processor, for each file
BYTES = 4 << 30  # of addresses; what a decoder asks for and never touches counts, too
_WRITTEN_BY_US = {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
QUOTAS = {"uploads_per_minute": 10**6, "jobs_per_visitor": 10**6, "queue_length": 10**6}


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    warnings.simplefilter("ignore")
    settings, backend = Settings(**QUOTAS), memory_backend()
    service = Service(backend, Catalogue(Limits.of(settings)), settings)
    fine = file_of(noise(), "PNG")
    for number, hostile in enumerate(corpus()):
        data = hostile.make()
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        _forget_peak()
        before = _memory("VmRSS")
        found: dict[str, Any] = {"name": hostile.name, "size": len(data), "decoded": _decoded(data, Limits.of(settings))}
        if not hostile.heavy:
            found["photo"] = _submitted(service, backend, f"photo-{number}", data, StyleChoice("tide-wash"))
            found["style"] = _submitted(service, backend, f"style-{number}", fine, StyleChoice(data))
            found["mask"] = _submitted(service, backend, f"mask-{number}", fine, StyleChoice("tide-wash"), [RegionChoice(data)])
            in_part = RegionChoice("sky", [StyleChoice("tide-wash", part=data)])
            found["part"] = _submitted(service, backend, f"part-{number}", fine, StyleChoice("tide-wash"), [in_part])
        found["bytes"] = _memory("VmHWM") - before
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


def _decoded(data: bytes, limits: Limits) -> dict[str, Any]:
    try:
        picture = images.decode(data, limits)
    except PasticheError as error:
        return {"refused": str(error)}
    except BaseException as error:  # a failure that the test is to show
        return {"escaped": repr(error)}
    return {"mode": picture.mode, "info": sorted(map(str, picture.info)), "exif": len(picture.getexif())}


def _submitted(
    service: Service, backend: Backend, token: str, photo: bytes, style: StyleChoice, regions: Sequence[RegionChoice] = ()
) -> dict[str, Any]:
    before = {found.key for found in backend.objects.listing()}
    try:
        job = service.submit("anna", Order(photo, [style], token, StyleParams(preset=Preset.DRAFT), regions=regions))
    except PasticheError as error:
        left = {found.key for found in backend.objects.listing()} - before
        return {"refused": str(error), "left": sorted(left)}
    except BaseException as error:  # as above
        return {"escaped": repr(error)}
    stored = [backend.objects.get(key) for key in job.object_keys]
    service.delete(job.id, "anna")
    return {
        "secret": any(b"SECRET" in data for data in stored),
        "metadata": sorted({str(name) for data in stored for name in Image.open(BytesIO(data)).info} - _WRITTEN_BY_US),
        "left": sorted({found.key for found in backend.objects.listing()} - before),
    }


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def _memory(key: str) -> int:
    """In bytes. Not `getrusage`, whose peak begins as the parent's."""
    (line,) = (line for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines() if line.startswith(key))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
