"""Memory limits of this process: control groups (versions 1 and 2), and the limit on its address space.

A group's usage counts the page cache, which the kernel reclaims when memory is needed. As in Kubernetes' working set and `docker stats`,
its inactive part (`inactive_file`) counts as free here. The active part does not: it has libraries and weights that are in use, and a
process that displaces them waits for the disk from then on.
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import psutil

try:
    import resource
except ImportError:  # Windows has none
    resource = None  # type: ignore[assignment]

# Where the trees of groups are mounted; the second one of version 2 where version 1 is mounted as well.
_MOUNTS_V2 = ("sys/fs/cgroup", "sys/fs/cgroup/unified")
_MOUNTS_V1 = ("sys/fs/cgroup/memory",)


def cgroup_left(root: Path = Path("/")) -> float:
    """Bytes that control groups leave to this process, the least of its own group and those above it; infinite without a limit.

    Args:
        root: folder with `proc` and `sys`.
    """
    left = [_left_in_v2(folder) for folder in _folders(root, _path(root, ""), _MOUNTS_V2)]
    left += [_left_in_v1(folder) for folder in _folders(root, _path(root, "memory"), _MOUNTS_V1)]
    return min(left, default=math.inf)


def address_space_left() -> float:
    """Bytes of address space that `ulimit -v` leaves to this process; infinite without a limit."""
    if resource is None:
        return math.inf
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return math.inf if limit == resource.RLIM_INFINITY else max(0.0, limit - psutil.Process().memory_info().vms)


def _path(root: Path, controller: str) -> PurePosixPath:
    """This process's group in a controller's tree; version 2 has one tree, whose name is empty."""
    try:
        lines = (root / "proc/self/cgroup").read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return PurePosixPath("/")
    for _, controllers, path in (line.split(":", 2) for line in lines if line.count(":") >= 2):
        if controller in controllers.split(","):
            return PurePosixPath("/", *(part for part in PurePosixPath(path).parts if part not in ("/", "..")))
    return PurePosixPath("/")


def _folders(root: Path, path: PurePosixPath, mounts: tuple[str, ...]) -> Iterator[Path]:
    """The folders of a group and of those above it. In a container, the path may be the host's; the group is then at the mount itself."""
    for mount in mounts:
        for group in (path, *path.parents):
            yield root / mount / group.relative_to("/")


def _left_in_v2(folder: Path) -> float:
    # Above memory.high, the kernel throttles processes heavily.
    limit = min(_number(folder / "memory.max"), _number(folder / "memory.high"))
    return _left(limit, _number(folder / "memory.current"), _statistics(folder).get("inactive_file", 0))


def _left_in_v1(folder: Path) -> float:
    found = _statistics(folder)
    limit = min(_number(folder / "memory.limit_in_bytes"), found.get("hierarchical_memory_limit", math.inf))
    return _left(limit, _number(folder / "memory.usage_in_bytes"), found.get("total_inactive_file", found.get("inactive_file", 0)))


def _left(limit: float, used: float, reclaimable: float) -> float:
    """Infinite where a figure is missing."""
    return math.inf if math.inf in (limit, used) else max(0.0, limit - max(0.0, used - reclaimable))


def _number(file: Path) -> float:
    """The number in a file; infinite when it says "max", is missing or is no number."""
    try:
        return float(int(file.read_text("ascii")))
    except (OSError, ValueError):
        return math.inf


def _statistics(folder: Path) -> Mapping[str, float]:
    try:
        lines = (folder / "memory.stat").read_text("ascii").splitlines()
    except (OSError, ValueError):
        return {}
    return {name: float(value) for name, _, value in (line.partition(" ") for line in lines) if value.strip().isdecimal()}
