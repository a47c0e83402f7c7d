"""Lanes: the queue keeps the jobs of each apart, so that workers can be confined to some of them."""

from enum import StrEnum

from nst.domain.params import Preset


class SharedLane(StrEnum):
    """A lane of jobs of all presets."""

    FOLDER = "folder"
    """Photos that were submitted together, where these have a lane of their own; elsewhere each is in the lane of its preset."""


Lane = Preset | SharedLane
LANES: tuple[Lane, ...] = (*Preset, *SharedLane)


def lane_of(name: str) -> Lane:
    """
    Raises:
        ValueError: when there is no such lane.
    """
    return SharedLane(name) if name in set(SharedLane) else Preset(name)
