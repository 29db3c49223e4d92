"""Words and how alike they are: enough English to match a request with a description.

Nothing here knows a tool. The synonyms are everyday words of IT support.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

SAME, INFLECTED, SYNONYM, OPPOSITE = 1.0, 0.6, 0.5, 0.4
"""How much a match counts: the same word, another form of it, a synonym, the same word with dis-, un- or re-.
Our own figures. "connected" must count for more where "connected" is said than where "connect" is."""


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_STOP = _set(
    """a about again all also an and any anything are as ask at be been before but by can check could current did do
    does doing for from get give go had has have hello help hey hi how i if in into is it its just know left let like
    look make many may me more much my need no not now of ok on once one or our out over person perhaps please put
    return right run see she shall should show so some tell than thank that the their them then there these they thing
    this those to try us use want was we were what when where whether which while who will with would you your
    he her him his takes second very really am i'm i'd it's that's what's whats lets let's don't doesn't isn't aren't
    can't won't hasn't didn't wasn't couldn't haven't"""
)

_PHRASES = (
    (
        re.compile(r"\b(?:turn|switch)(?:ed|ing)?\s+(?:\w+\s+){0,3}?on\b|\b(?:sign|log)\s+(?:\w+\s+)?in(?:to)?\b"),
        "connect",
    ),
    (
        re.compile(r"\b(?:turn|switch)(?:ed|ing)?\s+(?:\w+\s+){0,3}?off\b|\b(?:sign|log)\s+(?:\w+\s+)?out\b"),
        "disconnect",
    ),
    (
        re.compile(r"\b(?:can't|cannot|can not|won't|unable to|not able to|doesn't work|not working|isn't working)\b"),
        "problem",
    ),
    (re.compile(r"^\s*why\b"), "problem"),
    (re.compile(r"\bwi-?\s?fi\b"), "network"),
)

_SYNONYMS = (
    _set("connect join enable start activate"),
    _set("disconnect leave disable stop deactivate"),
    _set("problem issue trouble wrong broken fail failure slow drop error fault flaky unstable diagnose"),
    _set("status state up down online offline working active"),
    _set("analyze inspect examine investigate diagnose troubleshoot debug review"),
    _set("network internet lan"),
)

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")


def plain(text: str) -> str:
    """Lower case, with typewriter apostrophes (Macs type the round one)."""
    return text.replace("\u2019", "'").strip().lower()


def words(text: str) -> list[str]:
    """The words of a text that carry meaning, lower case, in order; identifiers are taken apart."""
    spaced = plain(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text).replace("_", " "))
    found = [word.removesuffix("'s") for word in _WORD.findall(spaced)]
    return [word for word in found if word not in _STOP and singular(word) not in _STOP and not word.isdigit()]


def prompt_words(text: str) -> list[str]:
    """As `words`, plus the plain word for each turn of phrase ("turn on": connect)."""
    said = plain(text)
    return list(dict.fromkeys([*words(text), *(word for phrase, word in _PHRASES if phrase.search(said))]))


def singular(word: str) -> str:
    """The word without a plural ending."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def stem(word: str) -> str:
    """What the forms of a word have in common (connect, connected, connection)."""
    base = singular(word)
    if base.endswith(("ysis", "yse", "yze")):
        return base.removesuffix("ysis").removesuffix("yse").removesuffix("yze") + "yz"
    for ending in ("ing", "ion", "ed", "e"):
        if base.endswith(ending) and len(base) - len(ending) >= 3:
            base = base.removesuffix(ending)
            break
    if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz":
        return base[:-1]
    return base


def likeness(said: str, written: str, *, opposites: bool = False) -> float:
    """How far one word stands for another, from 0 to 1.

    Args:
        opposites: let "disconnected" stand, a little, for "connected": same subject, not same meaning.
    """
    if singular(said) == singular(written):
        return SAME
    if stem(said) == stem(written):
        return INFLECTED
    if any(_in(said, group) and _in(written, group) for group in _SYNONYMS):
        return SYNONYM
    if opposites and _bare(said) == _bare(written):
        return OPPOSITE
    return 0.0


def best_likeness(word: str, others: Iterable[str], *, opposites: bool = False) -> float:
    """The likeness of a word to the nearest of several."""
    return max((likeness(word, other, opposites=opposites) for other in others), default=0.0)


def _in(word: str, group: frozenset[str]) -> bool:
    return stem(word) in {stem(member) for member in group}


def _bare(word: str) -> str:
    base = stem(word)
    for prefix in ("dis", "un", "re"):
        if base.startswith(prefix) and len(base) - len(prefix) >= 4:
            return base.removeprefix(prefix)
    return base
