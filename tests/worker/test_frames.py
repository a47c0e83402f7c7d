"""nst.model_process.frames and messages: what a child and its parent send each other, and what they refuse."""

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from nst.checkpoints import MAX_BYTES
from nst.domain import FencingToken, JobProgress, Mode, Preset, StyleParams, StyleShare
from nst.model_process.frames import MAX_ATTACHMENT_BYTES, MAX_HEADER_BYTES, BadFrame, Frame, read_frame
from nst.model_process.messages import (
    Advanced,
    Cancel,
    Checkpointed,
    Configure,
    Done,
    Failed,
    FindRequest,
    FromChild,
    LoadFailed,
    Measured,
    PaintRequest,
    Ready,
    RegionRequest,
    Role,
    Stopped,
    Strokes,
    ToChild,
    frame_of,
    message_from_child,
    message_to_child,
)

TOKEN = FencingToken("job", 2)
PARAMS = StyleParams(strength=0.9, layer_weights=(("relu1_1", 1.0),))
CONFIGURE = Configure(Role.PREVIEW, {"device": "cpu"})
REQUEST = PaintRequest(TOKEN, b"photo", (StyleShare(b"one", 0.25), StyleShare(b"", 2.0)), PARAMS, ".png")
REGIONS = (
    RegionRequest(b"mask", (StyleShare(b"three", 0.5), StyleShare(b"four")), 0.25),
    RegionRequest("sky", (StyleShare(b"five"),)),
    RegionRequest(b"kept"),
    RegionRequest("sky", (StyleShare(b"six"), StyleShare(b"seven"), StyleShare(b"eight")), None, (b"part", None, "dark")),
)
IN_PARTS = replace(REQUEST, regions=REGIONS)
GROW = FindRequest(TOKEN, b"photo", Strokes(b"inside", b"", b"around"))
LARGER = replace(IN_PARTS, earlier=b"painting")
TO_CHILD: list[ToChild] = [
    CONFIGURE,
    REQUEST,
    IN_PARTS,
    LARGER,
    replace(REQUEST, earlier=b""),
    replace(LARGER, checkpoint=b"state"),
    replace(REQUEST, checkpoint=b""),
    FindRequest(TOKEN, b"photo", "sky"),
    GROW,
    Cancel(TOKEN),
]
ADVANCED = Advanced(TOKEN, JobProgress(0.5, "scale 1 of 2 …", 3.0), b"\0\xff")
DONE = Done(TOKEN, bytes(100_000), {"seed": 7, "nested": [1.5, None]})
FAILED = Failed(TOKEN, "It rained.")
FROM_CHILD: list[FromChild] = [
    Ready(),
    Measured({Mode.QUICK: {Preset.DRAFT: 2.0}}),
    LoadFailed(),
    ADVANCED,
    Advanced(TOKEN, JobProgress(0.5, "scale 1 of 2"), b""),
    Checkpointed(TOKEN, b"state"),
    DONE,
    Done(TOKEN, b"painting", {}, b"film"),
    Done(TOKEN, b"painting", {}, b"film", (b"photo", b"small")),
    Done(TOKEN, b"painting", {}, None, (b"photo", b"small")),
    Stopped(TOKEN),
    FAILED,
]


def written(frame: Frame) -> bytes:
    stream = io.BytesIO()
    frame.write(stream)
    return stream.getvalue()


def raw(header: object, attachments: bytes = b"") -> bytes:
    data = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(data).to_bytes(4, "big") + data + attachments


def test_messages_arrive_as_they_were_sent() -> None:
    stream = io.BytesIO(b"".join(written(frame_of(message)) for message in [*TO_CHILD, *FROM_CHILD]))
    received = list(iter(lambda: read_frame(stream), None))
    assert [message_to_child(frame) for frame in received[: len(TO_CHILD)]] == TO_CHILD
    assert [message_from_child(frame) for frame in received[len(TO_CHILD) :]] == FROM_CHILD


@pytest.mark.parametrize("message", [*TO_CHILD, *FROM_CHILD])
def test_of_a_frame_that_breaks_off_nothing_is_read(message: ToChild | FromChild) -> None:
    whole = written(frame_of(message))
    for length in {0, 3, 4, 5, len(whole) // 2, len(whole) - 1}:
        assert read_frame(io.BytesIO(whole[:length])) is None


@pytest.mark.parametrize(
    "data",
    [
        (MAX_HEADER_BYTES + 1).to_bytes(4, "big"),
        b"\xff\xff\xff\xff",
        raw(b""),
        raw(b"{"),
        raw(b'{"kind": "\xff", "attachments": []}'),
        raw(json.dumps({"kind": "ready", "attachments": []}).encode("utf-16")),
        raw(b"[" * 100_000),
        raw([]),
        raw("ready"),
        raw({"attachments": []}),
        raw({"kind": "ready"}),
        raw({"kind": 7, "attachments": []}),
        raw({"kind": "ready", "attachments": 7}),
        raw({"kind": "ready", "attachments": [-1]}),
        raw({"kind": "ready", "attachments": [True]}),
        raw({"kind": "ready", "attachments": ["1"]}),
        raw({"kind": "ready", "attachments": [1.0]}),
        raw({"kind": "ready", "attachments": [MAX_ATTACHMENT_BYTES, 1]}),
    ],
)
def test_bytes_that_are_no_frame_are_refused_after_the_frames_before_them(data: bytes) -> None:
    stream = io.BytesIO(written(frame_of(Ready())) + data)
    assert (first := read_frame(stream)) is not None
    assert message_from_child(first) == Ready()
    with pytest.raises(BadFrame):
        read_frame(stream)


def changed(message: ToChild | FromChild, attachments: tuple[bytes, ...] | None = None, **fields: Any) -> Frame:
    """Its frame, with fields that are not as they should be."""
    frame = frame_of(message)
    return Frame(frame.kind, {**frame.fields, **fields}, frame.attachments if attachments is None else attachments)


@pytest.mark.parametrize(
    "frame",
    [
        Frame("gossip", {}),
        frame_of(Ready()),
        changed(CONFIGURE, role="boss"),
        changed(CONFIGURE, settings=7),
        changed(REQUEST, attachments=()),
        changed(REQUEST, attachments=(b"photo",)),
        changed(REQUEST, shares=[1.0, 1.0, 1.0]),
        changed(REQUEST, shares=["much", 1.0]),
        changed(REQUEST, shares=[10**400, 1.0]),
        changed(REQUEST, params={"strength": 7.0}),
        changed(REQUEST, params={"colour": "red"}),
        changed(REQUEST, suffix=7),
        changed(REQUEST, regions=None),
        changed(REQUEST, regions=[7]),
        changed(REQUEST, regions=[{"mask": None, "shares": [], "strength": None}]),
        changed(REQUEST, regions=[{"mask": "sky", "shares": [1.0], "strength": None}]),
        changed(REQUEST, regions=[{"mask": "sky", "shares": [], "strength": "much"}]),
        changed(IN_PARTS, regions=[region.fields for region in REGIONS[:2]]),
        changed(IN_PARTS, attachments=frame_of(IN_PARTS).attachments[:-1]),
        changed(REQUEST, enlarges=True),
        changed(LARGER, enlarges=False),
        changed(LARGER, enlarges=1),
        changed(LARGER, goes_on=True),
        changed(replace(REQUEST, checkpoint=b"state"), goes_on=False),
        changed(replace(REQUEST, checkpoint=b"state"), goes_on=1),
        changed(REQUEST, token="job"),
        changed(Cancel(TOKEN), token=["job", "2"]),
        changed(Cancel(TOKEN), attachments=(b"more",)),
    ],
)
def test_a_child_refuses_frames_that_are_no_message_to_it(frame: Frame) -> None:
    with pytest.raises(BadFrame):
        message_to_child(frame)


@pytest.mark.parametrize(
    "frame",
    [
        Frame("gossip", {}),
        frame_of(REQUEST),
        changed(Ready(), attachments=(b"more",)),
        changed(Measured({}), seconds=7),
        changed(Measured({}), attachments=(b"more",)),
        changed(ADVANCED, attachments=()),
        changed(ADVANCED, progress={}),
        changed(ADVANCED, progress={"fraction": "0.5", "stage": "", "seconds_left": None}),
        changed(ADVANCED, progress={"fraction": 10**400, "stage": "", "seconds_left": None}),
        changed(ADVANCED, progress={"fraction": 0.5, "stage": None, "seconds_left": None}),
        changed(ADVANCED, token=None),
        changed(Checkpointed(TOKEN, b"state"), attachments=()),
        changed(Checkpointed(TOKEN, b"state"), attachments=(b"one", b"two")),
        changed(Checkpointed(TOKEN, b"state"), attachments=(bytes(MAX_BYTES + 1),)),
        changed(DONE, recipe=[]),
        changed(DONE, attachments=()),
        changed(DONE, attachments=(b"one", b"two")),
        changed(DONE, attachments=(b"one", b"two", b"three", b"four")),
        changed(DONE, films=2),
        changed(FAILED, error=None),
        Frame("failed", {"error": "It rained."}),
    ],
)
def test_a_parent_refuses_what_is_no_message_to_it(frame: Frame) -> None:
    with pytest.raises(BadFrame):
        message_from_child(frame)


def test_progress_out_of_its_range_is_corrected() -> None:
    received = message_from_child(frame_of(Advanced(TOKEN, JobProgress(1.5, "", float("inf")), b"")))
    assert received == Advanced(TOKEN, JobProgress(1.0, "", None), b"")


@pytest.mark.parametrize("seconds", [0, -1.0, True, "4", None, 1e9, float("inf"), float("nan"), 10**400])
def test_what_is_no_duration_is_left_out(seconds: object) -> None:
    received = message_from_child(
        Frame("measured", {"seconds": {"quick": {"draft": seconds, "high": 4}, "slow": {"draft": 1.0}, "instant": 7}})
    )
    assert received == Measured({Mode.QUICK: {Preset.HIGH: 4.0}})


def test_a_recipe_that_is_not_json_sends_nothing() -> None:
    stream = io.BytesIO()
    with pytest.raises(TypeError):
        frame_of(Done(TOKEN, b"", {"model": object()})).write(stream)
    assert not stream.getvalue()
