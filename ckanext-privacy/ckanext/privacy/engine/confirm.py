"""Confirmation: Presidio looks at the values that passed the prefilter, and chance is taken into account.

Candidates of every recognizer are grouped by what their matches look like. A few distinct ones of every group are shown
to that recognizer, so that one rare e-mail address in a column of a million codes is still found. How many pass is
weighed against how many random strings of that form would: one in ten for most check digits.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.metadata import version
from itertools import islice
from typing import Any

from .chance import find_alone, is_rare_find, is_telling
from .evidence import DATES, Column, Evidence
from .finder import Finder, finder_of
from .headed import find_headed
from .headings import all_words_of, meanings
from .light import compiling_later, import_presidio
from .own import fingerprint, identifier_of, load_recognizers
from .packs import GENERAL, Identifier, Pack, load_packs
from .plates import find_plates
from .prefilter import ANYTHING, PHONE, Prefilter, fold_text, prefilter_of
from .profile import Candidates, Watch
from .store import code_digest, kept
from .values import DATE
from .version import VERSION

#: Distinct values that look alike, and of one column, that Presidio is shown.
OF_KEY, OF_COLUMN = 8, 80
#: The entity that Presidio has code for instead of a pattern.
TELEPHONES = "PHONE_NUMBER"
#: Share of a column from which unproven numbers with the look of telephones are believed.
MOSTLY = 0.5

#: Chance up to which check digits prove something under a heading that names them.
TELLING = 0.3
#: Kinds that may stand within a longer value.
WITHIN = frozenset({"EMAIL_ADDRESS", "PHONE_NUMBER"})

BEFORE = re.compile(r"(\w[./=_&%?-]?|/)$")
AFTER = re.compile(r"[./=_&%?-]?\w")
DECIMAL = re.compile(r"[-+]?\d+([.,]\d+)?%?|\d{1,3}([., ]\d{3})+([.,]\d+)?|-?\d{1,3}\.\d+[,; ]+-?\d{1,3}\.\d+")
#: A number within a text that the text itself calls a telephone's: by its country code, or by the words before it.
TOLD = re.compile(
    r"(?<![\w+])\+[1-9](?:[ ().-]{0,2}\d){7,13}(?!\w)|"
    r"\b(?:tele?(?:phone|fono?|foon)?|phone|mobile?|m[oó]vil|cel(?:l|ular)?|whats ?app|fax|handy|call|llam\w+|lig\w+|"
    r"appele\w*|bel|फोन|मोबाइल|मोबाईल|هاتف|جوال|اتصل|电话|手机|電話|携帯|전화|тел|телефон|ফোন|মোবাইল|موبائل|فون)"
    r"\W{0,3}(?:\w{1,8}\W{1,3}){0,3}[(]?\d(?:[ ().-]{0,2}\d){6,13}(?!\w)",
    re.IGNORECASE,
)
#: Numbers of cases: a counter and a year.
OF_YEAR = re.compile(r"\d{4,7}/(\d\d|(19|20)\d\d)")
TELEPHONE = re.compile(r"\+[\d ()./-]+|\(\d+\)[\d -]+|0\d+[ /-][\d -]+|\d+[ -]\d+[ -][\d -]+")


@dataclass
class _Group:
    """Candidates for one entity that look alike: how many rows hold them, how many were shown, which were flagged.

    ``signs`` is how many of their characters are neither digits nor letters: a way of writing.
    """

    signs: int
    rows: float
    shown: int
    flagged: dict[str, int]

    def passing(self) -> float:
        """Share of the values shown that were flagged."""
        return len(self.flagged) / self.shown if self.shown else 0.0


@dataclass(frozen=True)
class Confirmer:
    """Presidio with the recognizers of some country packs and of the user, and the prefilter that goes before it.

    ``own`` names the user's recognizers, ``content`` tells apart what those names stand for.
    """

    packs: tuple[Pack, ...]
    own: tuple[str, ...] = ()
    content: str = ""

    @cached_property
    def analyzer(self) -> Any:
        """The analyzer, built when the first value needs it."""
        own = self._own_recognizers
        recognizers = import_presidio(own=bool(own))
        with compiling_later():
            return recognizers.analyzer_of(self.packs, own)

    @cached_property
    def _own_recognizers(self) -> tuple[Any, ...]:
        if not self.own:
            return ()
        import_presidio(own=True)
        return load_recognizers(self.own)

    @cached_property
    def _ready(self) -> dict[str, Any]:
        """What the pass over a table needs of the recognizers, without Presidio where it was kept on disk."""
        if any(":" in source for source in self.own):
            # A class may change behind its name.
            return self._make_ready()
        return kept(_key(self.packs, self.content), self._make_ready)

    def _make_ready(self) -> dict[str, Any]:
        own = {entity for each in self._own_recognizers for entity in each.supported_entities}
        unpatterned = [entity for entity, patterns in self.patterns.items() if not patterns]
        patterns = {**self.patterns, **dict.fromkeys(unpatterned, (ANYTHING,)), DATES: (DATE.pattern,)}
        names = [each.name for each in self.analyzer.registry.recognizers]
        return {"names": names, "unpatterned": unpatterned, "finder": finder_of(patterns, own).expressions()}

    @cached_property
    def patterns(self) -> dict[str, tuple[str, ...]]:
        """Regular expressions of every enabled recognizer, by entity; what telephone numbers look like is ours."""
        found: dict[str, list[str]] = {}
        for each in self.analyzer.registry.recognizers:
            own = [pattern.regex for pattern in getattr(each, "patterns", ())] or list(getattr(each, "prefilter", ()))
            for entity in each.supported_entities:
                found.setdefault(entity, []).extend(own)
        if TELEPHONES in found:
            found[TELEPHONES].append(PHONE)
        return {entity: tuple(patterns) for entity, patterns in found.items()}

    @cached_property
    def prefilter(self) -> Prefilter:
        """The prefilter over the patterns of every enabled recognizer."""
        return prefilter_of(pattern for patterns in self.patterns.values() for pattern in patterns or (ANYTHING,))

    @cached_property
    def finder(self) -> Finder:
        """Finds the cells that each recognizer might flag."""
        return Finder(**self._ready["finder"])

    @cached_property
    def watch(self) -> Watch:
        """What a pass over a table looks for."""
        countries = tuple(pack.code for pack in self.packs if pack.code != GENERAL)
        again = (watch_of, (countries, self.own))
        return Watch(self.finder, self.watched, frozenset(self._ready["unpatterned"]), self.check, again)

    def check(self, name: str, text: str) -> bool:
        """Whether a recognizer without a pattern flags a text."""
        return bool(self._analyze(name, text, []))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the recognizers, for the report."""
        return tuple(self._ready["names"])

    @cached_property
    def identifiers(self) -> dict[str, Identifier]:
        """What is known of every entity that a recognizer finds."""
        known = {each.entity: each for pack in self.packs for each in pack.identifiers}
        for recognizer in self._own_recognizers:
            for entity in recognizer.supported_entities:
                known.setdefault(entity, identifier_of(entity, recognizer))
        return known

    def watched(self, label: str) -> tuple[str, ...]:
        """Entities that can be believed in a column: those that tell by themselves, and those that the heading names.

        The rest count only by their share of a column, which the rows drawn tell.
        """
        if label not in self._watched:
            said = meanings(label)
            known = (each for each in self.identifiers.values() if not each.headed)
            names = [each.entity for each in known if is_telling(each) or _says(said, each)]
            also = [name for name, sign in ((DATES, "DATE_OF_BIRTH"), (TELEPHONES, "FREE_TEXT")) if sign in said]
            self._watched[label] = tuple(dict.fromkeys((*names, *also)))
        return self._watched[label]

    @cached_property
    def _watched(self) -> dict[str, tuple[str, ...]]:
        return {}

    def confirm(self, column: Column) -> None:
        """Add to a column what its heading names, what most of its values are, and what Presidio confirms in it."""
        alone = (*find_alone(column, self.packs, self.finder), *find_plates(column, self.packs))
        for evidence in (*find_headed(column, self.packs), *alone):
            column.add(evidence)
        profile, context = column.profile, list(all_words_of(column.profile.label))
        for entity, keys in profile.found.items():
            if entity != DATES:
                most = OF_COLUMN // len(keys)
                groups = [self._show(entity, key.signs, each, context, most) for key, each in keys.items()]
                self._weigh(entity, groups, column)
        if TELEPHONES not in profile.found:
            groups = [self._show(TELEPHONES, 0, each, context, OF_COLUMN) for each in _telephones(column)]
            self._weigh(TELEPHONES, groups, column)

    def _show(self, entity: str, signs: int, candidates: Candidates, context: list[str], most: int) -> _Group:
        shown = dict(islice(candidates.values.items(), max(2, min(most, OF_KEY))))
        flagged = {value: row for value, row in shown.items() if self.flags(entity, value, context)}
        return _Group(signs, candidates.rows, len(shown), flagged)

    def flags(self, entity: str, value: str, context: Sequence[str] = ()) -> bool:
        """Whether Presidio flags a value as an entity, as it stands or folded to ASCII digits."""
        if entity == TELEPHONES and (_is_amount(value) or DATE.fullmatch(value) or OF_YEAR.fullmatch(value)):
            # Telephone numbers take most of Presidio's time, and amounts, dates and numbers of cases are none.
            return False
        texts = (value,) if value.isascii() else (value, fold_text(value))
        within = self.identifiers[entity].kind in WITHIN
        return any(
            within or _stands_alone(text, result)
            for text in texts
            for result in self._analyze(entity, text, list(context))
        )

    def _analyze(self, entity: str, text: str, context: list[str]) -> list[Any]:
        try:
            return self.analyzer.analyze(text, "en", entities=[entity], context=context)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            # Some of Presidio's check digits know ASCII digits only: the folded text is shown to them, too.
            return []

    def _weigh(self, entity: str, groups: list[_Group], column: Column) -> None:
        evidence = _weighed(self.identifiers[entity], [group for group in groups if group.flagged], column)
        if evidence:
            column.add(evidence)


def _telephones(column: Column) -> Iterator[Candidates]:
    """Values of the rows drawn: those that speak of a telephone, or where most are written as its numbers are."""
    sample, filled = column.profile.sample, column.profile.filled
    first = column.profile.first_rows
    told = [value for value in sample if TOLD.search(value)] if column.values.words > 1 else []
    if told:
        share = sum(sample[value] for value in told) / sum(sample.values())
        yield Candidates(round(filled * share), {value: first[value] for value in told})
        return
    written = [value for value in sample if _is_written_as_telephone(value)]
    rows = sum(sample[value] for value in written)
    whole = sum(sample.values())
    if whole and rows > MOSTLY * whole:
        yield Candidates(round(filled * rows / whole), {value: first[value] for value in written})


def _is_amount(value: str) -> bool:
    return bool(DECIMAL.fullmatch(value)) and "." in value


def _is_written_as_telephone(value: str) -> bool:
    return bool(TELEPHONE.fullmatch(value.strip())) and not DATE.fullmatch(value) and not OF_YEAR.fullmatch(value)


def _stands_alone(text: str, result: Any) -> bool:
    """Digits within a decimal, a path or a longer code are no number of their own."""
    return not BEFORE.search(text[: result.start]) and not AFTER.match(text[result.end :])


def confirmer_of(countries: tuple[str, ...] = (), own: tuple[str, ...] = ()) -> Confirmer:
    """Build the confirmer for some countries, or all that have a pack, and the user's recognizers.

    Raises ``InvalidPolicy`` for recognizers that cannot be opened.
    """
    return _confirmer(countries, own, fingerprint(own) if own else "")


def watch_of(countries: tuple[str, ...], own: tuple[str, ...]) -> Watch:
    """What a pass over a table looks for, for some countries and the user's recognizers."""
    return confirmer_of(countries, own).watch


@lru_cache(maxsize=4)
def _confirmer(countries: tuple[str, ...], own: tuple[str, ...], content: str) -> Confirmer:
    return Confirmer(load_packs(countries), own, content)


def scan_key(countries: tuple[str, ...], own: tuple[str, ...]) -> tuple[str, ...]:
    """All that a profile depends on, apart from the file."""
    return _key(load_packs(countries), fingerprint(own) if own else "")


def _key(packs: tuple[Pack, ...], content: str) -> tuple[str, ...]:
    """All that the kept patterns depend on."""
    libraries = [f"{name} {version(name)}" for name in ("presidio-analyzer", "polars")]
    return (VERSION, code_digest(), repr(packs), content, *libraries)


def _weighed(identifier: Identifier, with_it: list[_Group], column: Column) -> Evidence | None:
    """Believe an entity if its values are more than chance, or the heading says so, too."""
    if not with_it:
        return None
    rows = sum(group.rows * group.passing() for group in with_it)
    share = rows / column.profile.filled
    said = _says(column.said, identifier)
    flagged = {value: row for group in with_it for value, row in group.flagged.items()}
    shown = sum(group.shown for group in with_it)
    rare = is_rare_find(column, identifier, tuple(flagged), shown)
    # What chance cannot make is there whatever the heading says.
    rare = rare and (not identifier.chance or not _says_otherwise(column, share))
    confidence = _confidence(identifier, rare, share, said, tuple(flagged))
    if not confidence:
        return None
    detectors = ("header",) * said + ("checksum" if 0 < identifier.chance < 0.5 else "pattern",)
    first = tuple(sorted(flagged.values())[:3])
    return Evidence(identifier.entity, confidence, detectors, max(1, round(rows)), tuple(flagged), first)


def _says_otherwise(column: Column, share: float) -> bool:
    """Whether the heading speaks of something else; a text may hold anything."""
    return share < MOSTLY and any(meaning.strong for name, meaning in column.said.items() if name != "FREE_TEXT")


def _says(said: Container[str], identifier: Identifier) -> bool:
    """Whether the heading names the identifier, or its kind where that has but one form."""
    return identifier.entity in said or (identifier.country == GENERAL and identifier.kind in said)


def _confidence(identifier: Identifier, rare: bool, share: float, said: bool, values: Sequence[str]) -> float:
    """0 when chance explains it."""
    if identifier.entity == "PHONE_NUMBER":
        return _phone_confidence(share, said, values)
    if said:
        return 0.9 if share >= 0.3 else 0.0 if identifier.chance > TELLING else 0.7
    if rare and (identifier.alone or identifier.written):
        return 0.95 if share >= MOSTLY else 0.7
    return 0.0


def _phone_confidence(share: float, said: bool, values: Sequence[str]) -> float:
    if said:
        return 0.9 if share > 0.2 else 0.6
    written = sum(1 for value in values if TELEPHONE.fullmatch(value.strip())) / len(values)
    if written > MOSTLY and share > MOSTLY:
        return 0.8
    return 0.7 if any(map(_tells_of_telephone, values)) else 0.0


def _tells_of_telephone(text: str) -> bool:
    """Words and a number that they call a telephone's; the number alone is a cell of another kind."""
    return bool(TOLD.search(text)) and len(text.split()) > 1 and any(map(str.isalpha, text))
