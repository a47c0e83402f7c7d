"""nst.engine.allowance: limits on memory, as the kernel's files state them."""

import math
import subprocess
import sys
from pathlib import Path

import pytest

from nst.engine.memory_limits import address_space_left, cgroup_left

GIB = 1 << 30
UNLIMITED_1 = 9223372036854771712  # what version 1 says without a limit


def group(folder: Path, *stat: str, **files: object) -> None:
    """A group's folder; `memory_max=1` is the file memory.max."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (folder / name.replace("memory_", "memory.", 1)).write_text(f"{value}\n", "utf-8")
    if stat:
        (folder / "memory.stat").write_text("\n".join(stat) + "\n", "utf-8")


def process_in(root: Path, *lines: str) -> None:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text("\n".join(lines) + "\n", "utf-8")


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    return tmp_path / "sys/fs/cgroup"


def test_outside_of_groups_there_is_no_limit(tmp_path: Path) -> None:
    assert cgroup_left(tmp_path) == math.inf


def test_what_a_group_leaves_is_its_limit_without_its_usage(tmp_path: Path, mount: Path) -> None:
    group(mount, memory_max=4 * GIB, memory_current=GIB)
    assert cgroup_left(tmp_path) == 3 * GIB


def test_page_cache_that_was_read_once_counts_as_free(tmp_path: Path, mount: Path) -> None:
    group(mount, "anon 620", f"inactive_file {3 * GIB}", f"active_file {GIB // 4}", memory_max=4 * GIB, memory_current=4 * GIB - 1000)
    assert cgroup_left(tmp_path) == 3 * GIB + 1000


def test_the_threshold_at_which_processes_are_slowed_down_is_a_limit(tmp_path: Path, mount: Path) -> None:
    group(mount, memory_max=4 * GIB, memory_high=2 * GIB, memory_current=GIB)
    assert cgroup_left(tmp_path) == GIB


@pytest.mark.parametrize("own", ["max", 100 * GIB])
def test_the_groups_above_count_too(tmp_path: Path, mount: Path, own: object) -> None:
    process_in(tmp_path, "0::/machine.slice/pod/studio")
    group(mount / "machine.slice/pod/studio", memory_max=own, memory_current=GIB)
    group(mount / "machine.slice/pod", f"inactive_file {GIB}", memory_max=3 * GIB, memory_current=2 * GIB)
    group(mount / "machine.slice", memory_max="max", memory_current=50 * GIB)
    assert cgroup_left(tmp_path) == 2 * GIB


def test_a_path_of_the_host_ends_at_the_containers_own_group(tmp_path: Path, mount: Path) -> None:
    process_in(tmp_path, "0::/../../docker/0123456789abcdef")
    group(mount, memory_max=2 * GIB, memory_current=GIB)
    assert cgroup_left(tmp_path) == GIB


def test_a_group_that_uses_more_than_it_may_leaves_nothing(tmp_path: Path, mount: Path) -> None:
    group(mount, memory_high=GIB, memory_current=2 * GIB)
    assert cgroup_left(tmp_path) == 0


def test_statistics_that_are_newer_than_the_usage_give_no_more_than_the_limit(tmp_path: Path, mount: Path) -> None:
    group(mount, f"inactive_file {2 * GIB}", memory_max=4 * GIB, memory_current=GIB)
    assert cgroup_left(tmp_path) == 4 * GIB


@pytest.mark.parametrize("files", [{"memory_max": GIB}, {"memory_current": GIB}, {"memory_max": "", "memory_current": "?"}])
def test_figures_that_are_missing_or_make_no_sense_are_no_limit(tmp_path: Path, mount: Path, files: dict[str, object]) -> None:
    group(mount, "nonsense", "inactive_file", "inactive_file many", **files)
    assert cgroup_left(tmp_path) == math.inf


class TestVersionOne:
    def test_its_own_names_are_read(self, tmp_path: Path, mount: Path) -> None:
        process_in(tmp_path, "5:cpu,cpuacct:/", "4:memory:/docker/studio", "0::/")
        group(
            mount / "memory/docker/studio",
            f"inactive_file {GIB // 2}",
            f"hierarchical_memory_limit {4 * GIB}",
            f"total_inactive_file {2 * GIB}",
            memory_limit_in_bytes=4 * GIB,
            memory_usage_in_bytes=3 * GIB,
        )
        assert cgroup_left(tmp_path) == 3 * GIB

    def test_a_limit_of_an_outer_group_is_read_from_the_statistics(self, tmp_path: Path, mount: Path) -> None:
        group(mount / "memory", f"hierarchical_memory_limit {2 * GIB}", memory_limit_in_bytes=UNLIMITED_1, memory_usage_in_bytes=GIB)
        assert cgroup_left(tmp_path) == GIB

    def test_the_groups_above_count_too(self, tmp_path: Path, mount: Path) -> None:
        process_in(tmp_path, "4:memory:/pods/studio")
        group(mount / "memory/pods/studio", memory_limit_in_bytes=UNLIMITED_1, memory_usage_in_bytes=GIB)
        group(mount / "memory/pods", memory_limit_in_bytes=4 * GIB, memory_usage_in_bytes=3 * GIB)
        assert cgroup_left(tmp_path) == GIB

    def test_its_word_for_no_limit_leaves_more_than_any_machine_has(self, tmp_path: Path, mount: Path) -> None:
        group(mount / "memory", f"hierarchical_memory_limit {UNLIMITED_1}", memory_limit_in_bytes=UNLIMITED_1, memory_usage_in_bytes=GIB)
        assert cgroup_left(tmp_path) > 1e15

    def test_with_version_two_mounted_as_well_both_count(self, tmp_path: Path, mount: Path) -> None:
        group(mount / "memory", memory_limit_in_bytes=4 * GIB, memory_usage_in_bytes=GIB)
        group(mount / "unified", memory_max=2 * GIB, memory_current=GIB)
        assert cgroup_left(tmp_path) == GIB


@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not enforce limits on the address space")
def test_a_limit_on_addresses_counts() -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))"
    code = f"{limit}; from nst.engine.memory_limits import address_space_left; print(address_space_left())"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert 0 < float(child.stdout) < 8 * GIB
    assert address_space_left() > 0
