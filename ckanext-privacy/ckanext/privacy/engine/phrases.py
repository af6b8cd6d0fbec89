"""Dates, ages, numbers and nationalities inside sentences, by their form and the words beside them.

The rules are data: :file:`lexicon/phrases.yaml`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import regex
from stdnum import luhn

from .documents import read_own

PHRASES = Path(__file__).with_name("lexicon") / "phrases.yaml"
LISTS = ("months", "days", "nationalities")
CHECKS: dict[str, Callable[[str], bool]] = {"luhn": lambda text: luhn.is_valid(regex.sub(r"\D", "", text))}
#: Characters before and after a find in which a cue may stand.
BEFORE, AFTER = 40, 30


@dataclass(frozen=True)
class Phrase:
    """Characters `start` to `end` of a text are an `entity`, with `confidence` 0..1."""

    entity: str
    confidence: float
    start: int
    end: int


@dataclass(frozen=True)
class _Rule:
    entity: str
    score: float
    pattern: regex.Pattern[str]
    lists: dict[str, frozenset[str]]
    digits: bool
    before: regex.Pattern[str] | None = None
    after: regex.Pattern[str] | None = None
    near: regex.Pattern[str] | None = None
    check: Callable[[str], bool] = bool

    def accepts(self, text: str, match: regex.Match[str]) -> bool:
        """Whether lists, cues and check bear the match out."""
        if not all(_listed(match[name], words) for name, words in self.lists.items()):
            return False
        start, end = match.span()
        before, after = text[max(start - BEFORE, 0) : start], text[end : end + AFTER]
        if (self.before and not self.before.search(before)) or (self.after and not self.after.match(after)):
            return False
        if self.near and not (self.near.search(before) or self.near.search(after)):
            return False
        return self.check(match[0])


def find_phrases(text: str) -> Iterator[Phrase]:
    """Yield what the rules find; finds may overlap."""
    has_digits = regex.search(r"\d", text) is not None
    for rule in _rules():
        if rule.digits and not has_digits:
            continue
        for match in rule.pattern.finditer(text):
            if rule.accepts(text, match):
                yield Phrase(rule.entity, rule.score, match.start(), match.end())


def entities() -> tuple[str, ...]:
    """Entities that the rules can find."""
    return tuple(dict.fromkeys(rule.entity for rule in _rules()))


def _listed(word: str, words: frozenset[str]) -> bool:
    """Whether a word is of a list, also in the plural."""
    plain = word.lower()
    return plain in words or (plain.endswith("s") and plain[:-1] in words)


@lru_cache(maxsize=1)
def _rules() -> tuple[_Rule, ...]:
    data = read_own(PHRASES)
    lists = {name: frozenset(str(word).lower() for word in data[name]) for name in LISTS}
    return tuple(_rule(each, data["cues"], lists) for each in data["rules"])


def _rule(each: dict[str, Any], cues: dict[str, list[str]], lists: dict[str, frozenset[str]]) -> _Rule:
    pattern = regex.compile(each["pattern"], regex.IGNORECASE)
    between = rf"\W{{0,4}}(?:{_any(cues['of'])}\W{{0,3}}){{0,3}}$"
    return _Rule(
        each["entity"],
        each["score"],
        pattern,
        {name: lists[name] for name in pattern.groupindex},
        digits=r"\d" in each["pattern"],
        before=_cue(_any(cues[each["before"]]) + between) if "before" in each else None,
        after=_cue(r"\W{0,2}" + _any(cues[each["after"]])) if "after" in each else None,
        near=_cue(_any(cues[each["near"]])) if "near" in each else None,
        check=CHECKS[each["check"]] if "check" in each else bool,
    )


def _cue(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern, regex.IGNORECASE)


def _any(cues: list[str]) -> str:
    """An alternation of cues, longest first, as whole words where they are words."""
    ordered = sorted(cues, key=len, reverse=True)
    return r"(?<![\p{L}\p{N}])(?:" + "|".join(ordered) + r")(?![\p{L}\p{N}])"
