"""Drafts that outlive a visit."""

from dataclasses import dataclass

from nst.ui.draft import Draft
from nst.ui.kept_drafts import SECONDS, KeptDrafts
from nst.ui.pictures import Picture


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def a_draft(size: int = 10) -> Draft:
    return Draft(photo=Picture(b"." * size, "", b"", "me.png", 1.5), chosen=["tide-wash"], values={"strength": 0.8})


def test_a_draft_is_kept_for_an_hour_for_its_owner_alone() -> None:
    clock = Clock()
    drafts, draft = KeptDrafts(clock), a_draft()
    drafts.put("anna", draft)
    clock.now = SECONDS
    again = drafts.copy_of("anna")
    assert again
    assert (again.photo, again.chosen, again.values) == (draft.photo, draft.chosen, draft.values)
    assert again.form == draft.form, "a reload takes up the same form"
    draft.sent, draft.unseen = ("job", "0" * 32), "0" * 32
    later = drafts.copy_of("anna")
    assert later
    assert later.form == draft.form, "sent again without a change, it leads to its painting"
    drafts.mark_seen("anna", "0" * 32)
    later = drafts.copy_of("anna")
    assert later
    assert later.form != again.form, "that one has become a painting"
    assert drafts.copy_of("bert") is None
    clock.now += 1
    assert drafts.copy_of("anna") is None


def test_changes_in_one_tab_do_not_reach_another() -> None:
    drafts, draft = KeptDrafts(), a_draft()
    drafts.put("anna", draft)
    again = drafts.copy_of("anna")
    assert again
    again.choose("copperplate")
    again.values["seed"] = 3
    assert (draft.chosen, draft.values) == (["tide-wash"], {"strength": 0.8})


def test_memory_is_bounded_and_old_drafts_are_dropped() -> None:
    clock = Clock()
    drafts = KeptDrafts(clock, capacity=25)
    for owner in ("anna", "bert", "carl"):
        drafts.put(owner, a_draft(10))
    assert [drafts.copy_of(owner) is not None for owner in ("anna", "bert", "carl")] == [False, True, True]
    drafts.put("dora", a_draft(99))
    assert [drafts.copy_of(owner) is not None for owner in ("bert", "carl", "dora")] == [True, True, False], "it displaces no others"
    drafts.put("bert", a_draft(99))
    assert drafts.copy_of("bert") is None, "an earlier one is not taken for the newest"
    drafts.put("bert", a_draft())
    clock.now = 2 * SECONDS
    drafts.put("carl", a_draft())
    assert set(drafts._kept) == {"carl"}
