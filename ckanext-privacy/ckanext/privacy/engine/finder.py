"""Which recognizers might flag which cells: exact for every cell, cheap for the many that look alike.

Short cells are grouped by their form (:mod:`.forms`), and only the recognizers that can match a form test its cells.
Longer cells are tested as they stand. Cells with other scripts' digits, dashes, spaces or invisible characters are
tested as they stand, folded, and without what is invisible.
"""

from __future__ import annotations

import time
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from .forms import COARSE, FEW, FINE, LONGEST, form_ids, form_of, widen
from .prefilter import ANYTHING, checked, drop_invisible, fold_digits, loosened, odd_characters

#: Forms a column may have, as a share of its cells, until digits and letters are no longer told apart.
VARIED = 0.1
#: Cells on which two ways are timed before the faster one takes the rest.
TRIAL = 500

#: Forms that are remembered for a choice of names.
MOST_KNOWN = 200_000

Found = pl.DataFrame


def alternation(patterns: Iterable[str]) -> str:
    """One expression for several, without regard to case."""
    return "(?is:" + "|".join(f"(?:{pattern})" for pattern in dict.fromkeys(patterns)) + ")"


@dataclass(frozen=True)
class Finder:
    """Finds cells that recognizers might flag.

    Each name has one expression for cells, and one each for their fine and coarse forms.
    """

    patterns: Mapping[str, str]
    fine: Mapping[str, str]
    coarse: Mapping[str, str]
    _known: dict[tuple[tuple[str, ...], bytes], dict[str, frozenset[str]]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def find(self, cells: pl.Series, names: tuple[str, ...]) -> Iterator[tuple[str, Found]]:
        """Yield each of ``names`` that might flag a cell, with such cells: ``cell`` is an index, ``text`` what matched.

        A cell that matches in several ways comes once for each.
        """
        frame = pl.DataFrame({"text": cells}).with_row_index("cell")
        if frame["text"].null_count():
            frame = frame.drop_nulls("text")
        parts: dict[str, list[Found]] = {}
        for texts in _variants(frame):
            for name, found in self._find(texts, names):
                parts.setdefault(name, []).append(found)
        for name, found in parts.items():
            yield name, found[0] if len(found) == 1 else pl.concat(found)

    def _find(self, texts: _Texts, names: tuple[str, ...]) -> Iterator[tuple[str, Found]]:
        if texts.ascii and texts.longest <= LONGEST:
            yield from self._by_form(texts.cells, names, texts.longest)
            return
        sizes = texts.cells["text"].str.len_bytes()
        short = (sizes <= LONGEST) & (sizes == texts.cells["text"].str.len_chars())
        if short.any():
            yield from self._by_form(texts.cells.filter(short), names, LONGEST)
        if not short.all():
            yield from self._by_text(texts.cells.filter(~short), names)

    def _by_form(self, texts: Found, names: tuple[str, ...], longest: int) -> Iterator[tuple[str, Found]]:
        ids, first, table = _forms(texts["text"], longest)
        kinds = self._allowed([form_of(cell, table) for cell in texts["text"].gather(first).to_list()], names, table)
        having: dict[str, list[int]] = {}
        for place, kind in zip(first.to_list(), kinds, strict=True):
            for name in kind:
                having.setdefault(name, []).append(place)
        for name in names:
            places = having.get(name)
            if not places:
                continue
            taken = texts if len(places) == len(first) else texts.filter(ids.is_in(ids.gather(places).implode()))
            found = taken.filter(taken["text"].str.contains(self.patterns[name]))
            if found.height:
                yield name, found

    def _allowed(self, forms: list[str], names: tuple[str, ...], table: bytes) -> list[frozenset[str]]:
        known = self._known.setdefault((names, table), {})
        found = [known.get(form) for form in forms]
        new = [form for form, allowed in zip(forms, found, strict=True) if allowed is None]
        learned = self._learn(new, names, table) if new else []
        if len(known) < MOST_KNOWN:
            known.update(zip(new, learned, strict=True))
        rest = iter(learned)
        return [next(rest) if allowed is None else allowed for allowed in found]

    def _learn(self, forms: list[str], names: tuple[str, ...], table: bytes) -> list[frozenset[str]]:
        wide = self.fine if table is FINE else self.coarse
        patterns = {name: wide[name] for name in names}
        cells = pl.DataFrame({"text": forms}).with_row_index("cell")
        allowed: list[list[str]] = [[] for _ in forms]
        for name, found in _matches(cells, patterns, "|".join(patterns.values())):
            for cell in found["cell"]:
                allowed[cell].append(name)
        return [frozenset(each) for each in allowed]

    def _by_text(self, texts: Found, names: tuple[str, ...]) -> Iterator[tuple[str, Found]]:
        if not names:
            return
        patterns = {name: self.patterns[name] for name in names}
        yield from _matches(texts, patterns, None if self._alone_is_faster(texts, names) else self._all(names))

    def _alone_is_faster(self, texts: Found, names: tuple[str, ...]) -> bool:
        """All patterns at once leave fewer texts for each alone, and may take longer: too many states, too many hits.

        Either way finds the same. Time is this thread's, since others may keep the processor busy.
        """
        if texts.height < 8 * TRIAL:
            return False
        some, whole = texts["text"].head(TRIAL), self._all(names)
        some.head(1).str.contains(whole)  # compiles it
        start = time.thread_time()
        share = some.str.contains(whole).mean()
        half = time.thread_time()
        for name in names:
            some.str.contains(self.patterns[name])
        alone = time.thread_time() - half
        return half - start + float(share or 0) * alone > alone  # type: ignore[arg-type] - a share of truths

    def expressions(self) -> dict[str, dict[str, str]]:
        """What the finder is made of, in plain types."""
        return {"patterns": dict(self.patterns), "fine": dict(self.fine), "coarse": dict(self.coarse)}

    def _all(self, names: Iterable[str]) -> str:
        return "|".join(self.patterns[name] for name in names)


def _forms(cells: pl.Series, longest: int) -> tuple[pl.Series, pl.Series, bytes]:
    """A number for each cell's form, the first cell of each form, and which characters the forms tell apart."""
    ids = pl.Series(form_ids(cells, longest))
    first = ids.arg_unique()
    if len(cells) <= FEW or len(first) <= VARIED * len(cells):
        return ids, first, FINE
    ids = pl.Series(form_ids(cells, longest, COARSE))
    return ids, ids.arg_unique(), COARSE


def _widened(patterns: Mapping[str, tuple[str, ...]], way: int) -> dict[str, str]:
    wide = {name: tuple(widen(each)[way] for each in found) for name, found in patterns.items()}
    return {name: alternation(found) for name, found in all_checked(wide).items()}


def all_checked(patterns: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    """Replace the patterns that polars cannot take; usually one look at all of them shows that there are none."""
    if checked(alternation(each for found in patterns.values() for each in found)) != ANYTHING:
        return patterns
    return {name: tuple(checked(each) for each in found) for name, found in patterns.items()}


def _matches(texts: Found, patterns: Mapping[str, str], whole: str | None) -> Iterator[tuple[str, Found]]:
    """Texts that each pattern matches. ``whole`` matches wherever one of them does, and saves their time elsewhere."""
    hits = texts if whole is None else texts.filter(texts["text"].str.contains(whole))
    if not hits.height:
        return
    tests = hits.select(pl.col("text").str.contains(pattern).alias(name) for name, pattern in patterns.items())
    for name in patterns:
        if tests[name].any():
            yield name, hits.filter(tests[name])


class _Texts(NamedTuple):
    """Texts to test, the bytes of the longest, and whether all are ASCII."""

    cells: Found
    longest: int
    ascii: bool

    @classmethod
    def of(cls, cells: Found) -> _Texts:
        """Measure some texts, none of them null."""
        sizes = pl.col("text").str.len_bytes()
        longest, every, chars = cells.select(
            sizes.max().fill_null(0).alias("longest"), sizes.sum().alias("bytes"), pl.col("text").str.len_chars().sum()
        ).row(0)
        return cls(cells, longest, every == chars)


def _variants(frame: Found) -> Iterator[_Texts]:
    """Texts to test: the cells, and what odd cells are once folded, and without what is invisible."""
    if not frame.height:
        return
    whole = _Texts.of(frame)
    yield whole
    if whole.ascii:
        return
    odd = frame.filter(frame["text"].str.contains(odd_characters()))
    if not odd.height:
        return
    folded = odd.with_columns(fold_digits(odd["text"]).alias("text"))
    yield _Texts.of(folded)
    bare = folded.with_columns(drop_invisible(folded["text"]).alias("text"))
    changed = bare.filter(bare["text"] != folded["text"])
    if changed.height:
        yield _Texts.of(changed)


def finder_of(patterns: Mapping[str, Iterable[str]], unbounded: Container[str] = ()) -> Finder:
    """Build a finder from recognizers' own patterns by name; those in ``unbounded`` may use word boundaries anyhow."""
    loose = {name: tuple(loosened(each, name not in unbounded) for each in found) for name, found in patterns.items()}
    loose = all_checked(loose)
    return Finder({name: alternation(found) for name, found in loose.items()}, _widened(loose, 0), _widened(loose, 1))
