"""What pages send about the parts of a photo."""

import pytest

from nst import images
from nst.client_network import client_network
from nst.ui import masks, part_messages, singletons
from nst.ui.draft import Draft
from nst.ui.parts import KEEP, Part, Parts
from tests.support.parts import UNUSABLE_MASKS, WIDE, by_hand, half_white, listed, painted


def test_messages_in_the_wrong_order_change_nothing() -> None:
    draft = Draft(photo=WIDE, chosen=["tide-wash"], parts=Parts(enabled=True))
    listed(draft, by_hand(0), turn=2)
    listed(draft, turn=1)
    assert [part.id for part in draft.parts.items] == ["0-0"]


def test_changes_of_the_list_on_both_sides_at_once_are_both_taken() -> None:
    draft = Draft(photo=WIDE, chosen=["tide-wash"], parts=Parts(enabled=True))
    listed(draft, by_hand(0))
    draft.parts.activate("0-0")
    for _ in range(2):  # the page's state is read again with each message
        listed(draft, by_hand(0), by_hand(1), active="1-1", turn=2)
        assert [part.id for part in draft.parts.items] == ["0-0", "1-1"]
        assert (draft.parts.active, draft.parts.turn) == ("1-1", 3), "the page takes the list, since it knows 2"
    listed(draft, by_hand(1), turn=4)
    assert (len(draft.parts.items), draft.parts.turn) == (1, 4)
    draft.parts.start_over()
    listed(draft, by_hand(2))
    assert [part.id for part in draft.parts.items] == ["2-2"], "a new list begins with 1"


@pytest.mark.usefixtures("studio")
def test_a_mask_for_which_there_is_no_memory_now_is_sent_again() -> None:
    draft = Draft(photo=WIDE, chosen=["tide-wash"], parts=Parts(enabled=True))
    listed(draft, by_hand(0))
    painted(draft, "0-0", half_white())
    (part,) = draft.parts.items
    mask, settings = part.mask, singletons.settings()
    assert mask
    share = max(settings.incoming_bytes, 6 * settings.max_bytes) // 2 - len(mask.png)
    with singletons.picture_budget().reserve(share, client_network("here")):
        painted(draft, "0-0", half_white(), rev=2)
        assert "Too many pictures are open" in part.note
        assert (part.mask, part.rev, part.is_missed) == (mask, 1, True), "the change is not confirmed"
    painted(draft, "0-0", half_white(), rev=2)
    assert (part.mask, part.rev, part.note, part.is_missed) == (mask, 2, "", False)


@pytest.mark.usefixtures("studio")
def test_an_older_mask_does_not_replace_a_newer_one() -> None:
    draft = Draft(photo=WIDE, chosen=["tide-wash"], parts=Parts(enabled=True))
    listed(draft, by_hand(0))
    painted(draft, "0-0", half_white(), rev=3)
    mask = draft.parts.items[0].mask
    painted(draft, "0-0", "", rev=2)
    assert draft.parts.items[0].mask == mask
    painted(draft, "0-0", "", rev=4)
    assert draft.parts.items[0].mask is None


@pytest.mark.usefixtures("studio")
@pytest.mark.parametrize(("png", "note"), UNUSABLE_MASKS)
def test_a_mask_that_is_none_gets_its_sentence(png: str, note: str) -> None:
    draft = Draft(photo=WIDE, chosen=["tide-wash"], parts=Parts(enabled=True))
    listed(draft, by_hand(0))
    painted(draft, "0-0", png)
    assert draft.parts.items[0].mask is None
    assert note in draft.parts.items[0].note


@pytest.mark.usefixtures("studio")
def test_a_large_mask_is_reduced() -> None:
    draft = Draft(photo=WIDE, chosen=["tide-wash"], parts=Parts(enabled=True))
    listed(draft, by_hand(0))
    painted(draft, "0-0", half_white(3000, 2000))
    mask = draft.parts.items[0].mask
    assert mask
    assert images.size_of(mask.png) == (masks.SIDE, round(masks.SIDE / 1.5))


@pytest.mark.usefixtures("studio")
def test_a_mask_of_far_more_pixels_than_a_page_has_is_refused() -> None:
    draft = Draft(photo=WIDE, chosen=["tide-wash"], parts=Parts(enabled=True))
    listed(draft, by_hand(0))
    painted(draft, "0-0", half_white(3900, 2600))
    (part,) = draft.parts.items
    assert part.mask is None
    assert "The picture measures 3900 x 2600 pixels" in part.note


@pytest.mark.parametrize(
    "sent",
    [
        None,
        7,
        "edit",
        [],
        {},
        {"token": "another", "turn": 5, "active": "", "parts": []},
        {"turn": "5", "active": [], "parts": 3},
        {"masks": [{"id": "0-0", "rev": 9, "png": 5}]},
        {"masks": 7},
    ],
)
def test_what_no_page_sends_is_ignored(sent: object) -> None:
    draft = Draft(photo=WIDE, chosen=["tide-wash"], parts=Parts(enabled=True, items=[Part(id="0-0")]))
    sent = {"token": draft.parts.token, **sent} if isinstance(sent, dict) else sent
    part_messages.take_edit(draft, sent)
    part_messages.take_masks(draft, sent)
    assert draft.parts.items == [Part(id="0-0")]


def test_parts_that_no_page_can_make_are_left_out() -> None:
    draft = Draft(photo=WIDE, chosen=["tide-wash"], parts=Parts(enabled=True))
    wrong = [by_hand(0, "../etc"), {**by_hand(1), "id": "<b>"}, {**by_hand(2), "colour": 99}, {**by_hand(3), "colour": -1}, 5, None]
    listed(draft, *wrong, *[by_hand(number) for number in range(8)], by_hand(7), active="nobody")
    assert len(draft.parts.items) == 8
    assert draft.parts.active == ""
    draft.parts.items.clear()
    draft.chosen = [KEEP]
    listed(draft, *[by_hand(number) for number in range(8)], turn=2)
    assert len(draft.parts.items) == 7, "the rest needs a region of its own"


def test_faces_are_kept_at_first_where_the_rest_is_painted() -> None:
    draft = Draft(photo=WIDE, chosen=["tide-wash"], parts=Parts(enabled=True))
    listed(draft, by_hand(0, "faces"), by_hand(1, "sky"))
    assert [part.chosen for part in draft.parts.items] == [[KEEP], ["tide-wash"]]
