"""nst.domain.titles: what a title may be, and how it is found."""

import unicodedata

import pytest

from nst.domain import MAX_TITLE, normalised_title, title_words, words_of
from nst.errors import InvalidParams
from tests.hostile.corpus.titles import ESCAPED, NOTHING, REFUSED


@pytest.mark.parametrize("title", REFUSED, ids=range(len(REFUSED)))
def test_a_title_that_cannot_be_shown_is_refused_with_a_sentence(title: str) -> None:
    with pytest.raises(InvalidParams, match=r"^(The|A) title [^<\n]*\.$"):
        normalised_title(title)


@pytest.mark.parametrize("title", ESCAPED)
def test_markup_is_a_title_like_any_other(title: str) -> None:
    assert normalised_title(title) == title


@pytest.mark.parametrize("title", NOTHING)
def test_nothing_visible_is_no_title(title: str) -> None:
    assert normalised_title(title) is None


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("  Evening   by the sea ", "Evening by the sea"),
        ("E\u0301lan", "Élan"),
        ("波の上の夕日", "波の上の夕日"),
        ("نهر في المساء", "نهر في المساء"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # noqa: RUF001
        ("👩\u200d🎨 at work 🌅", "👩\u200d🎨 at work 🌅"),
        ("Tiếng Việt", "Tiếng Việt"),
        ("שָׁלוֹם", "שָׁלוֹם"),
        ("❤️", "❤️"),
        ("a" * MAX_TITLE, "a" * MAX_TITLE),
    ],
)
def test_titles_of_all_languages_are_kept_in_one_form(text: str, title: str) -> None:
    assert normalised_title(text) == unicodedata.normalize("NFC", title)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Élan & the SEA, élan!", ("elan", "the", "sea")),
        ("Straße_7", ("strasse", "7")),
        ("ﬁne \u212b", ("fine", "a")),
        ("🌅 —", ()),
        ("x" * 500, ("x" * 32,)),
        ("海辺の町", ("海辺", "辺の", "の町", "町")),
        ("東京Tower2024、夜", ("東京", "京", "tower2024", "夜")),
        ("ガラス", ("ガラ", "ラス", "ス")),
        ("밤바다 노을", ("밤바", "바다", "다", "노을", "을")),
        (" ".join(map(str, range(100))), tuple(map(str, range(12)))),
    ],
)
def test_words_have_neither_case_nor_accents(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("title", "found", "missed"),
    [
        ("海辺の町の夕暮れ", ["海辺", "町", "夕暮れ", "れ", "の町の夕"], ["町海", "夕日"]),
        ("午后的海边小镇", ["海边", "小镇", "镇"], ["海镇"]),
        ("밤바다의 노을", ["바다", "노을", "밤"], ["바의"]),
        ("ガラスの山", ["ガラス", "ガラスの山"], ["カラス"]),
        ("ทะเลยามเย็น", ["ทะเล", "เย็น"], ["ภูเขา"]),
        ("海" * 40 + "山" * 40, ["山", "海山"], ["山海"]),
    ],
)
def test_titles_without_spaces_are_found_by_any_part(title: str, found: list[str], missed: list[str]) -> None:
    def is_found(query: str) -> bool:
        return all(any(word.startswith(term) for word in title_words(title)) for term in words_of(query))

    assert [query for query in found if not is_found(query)] == []
    assert [query for query in missed if is_found(query)] == []
