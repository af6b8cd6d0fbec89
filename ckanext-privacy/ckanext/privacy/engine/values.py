"""Shape of a column's values: shares of dates, numbers, codes, categories and text, weighed by rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ]\d.*)?|\d{1,2}[-. ]?[^\W\d]{3,12}\.?[-. ,]{0,2}\d{2,4}|"
    r"[^\W\d]{3,9}\.? \d{1,2},? \d{4}|\d{4}年\d{1,2}月(\d{1,2}日)?|(18|19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])"
)
YEAR = re.compile(r"(1[5-9]|20)\d{2}(\.0)?")
#: A year, a decade or a span of years.
YEARS = re.compile(r"(1[5-9]|20)\d{2}(\.0|s)?(\s?[-–/]\s?(1[5-9]|20)\d{2})?")
NUMBER = re.compile(r"[-+]?[$€£¥₹]?\s?\d[\d.,  '’]*%?")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
URL = re.compile(r"(https?://|www\.)\S+", re.IGNORECASE)
IMAGE = re.compile(r".*\.(jpe?g|png|gif|webp|tiff?|heic|bmp)(\?.*)?", re.IGNORECASE | re.DOTALL)
CODE = re.compile(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9./_ -]{2,24}")
HANDLE = re.compile(r"@?[A-Za-z][A-Za-z0-9_.]{2,29}")
DECIMAL = re.compile(r"-?\d{1,3}[.,]\d{3,}")
POINT = re.compile(r"\(?-?\d{1,3}\.\d{3,}[,; ]+-?\d{1,3}\.\d{3,}.*|POINT ?\(.*", re.IGNORECASE)
PHONE = re.compile(r"[(+]?\d[\d ()+./-]{5,22}\d(\s*(x|ext|int)\.?\s*\d+)?", re.IGNORECASE)
LETTERS = re.compile(r"[^\W\d_]")
#: What stands in cells that hold nothing.
EMPTY = frozenset({"null", "none", "nan", "na", "n/a", "-", "--", "n.d.", "nd", "nil", "?", ".", "undefined", "#n/a"})
#: Words and letters for people's sex or gender, in many languages.
SEXES = frozenset((Path(__file__).with_name("lexicon") / "sexes.txt").read_text("utf-8").split())


@dataclass(frozen=True)
class Values:
    """A sample of a column: distinct values with the rows they stand for. Shares lie in 0..1."""

    sample: Mapping[str, int]
    filled: int

    @cached_property
    def real(self) -> dict[str, int]:
        """The sample without values that say "nothing"."""
        return {value.strip(): rows for value, rows in self.sample.items() if value.strip().lower() not in EMPTY}

    @cached_property
    def rows(self) -> int:
        """Rows the sample stands for."""
        return sum(self.real.values())

    def share(self, test: re.Pattern[str] | Callable[[str], object]) -> float:
        """Share of rows whose whole value passes."""
        check = test.fullmatch if isinstance(test, re.Pattern) else test
        return sum(rows for value, rows in self.real.items() if check(value)) / self.rows if self.rows else 0.0

    @cached_property
    def distinct(self) -> float:
        """Distinct values a row, 0..1."""
        return len(self.real) / self.rows if self.rows else 0.0

    @cached_property
    def number(self) -> float:
        """Share of plain numbers."""
        return self.share(NUMBER)

    @cached_property
    def date(self) -> float:
        """Share of dates."""
        return self.share(DATE)

    @cached_property
    def year(self) -> float:
        """Share of years between 1500 and 2099."""
        return self.share(YEAR)

    @cached_property
    def words(self) -> float:
        """Mean number of words a row."""
        return self._mean(lambda value: len(value.split()))

    @cached_property
    def length(self) -> float:
        """Mean number of characters a row."""
        return self._mean(len)

    @cached_property
    def letters(self) -> float:
        """Share of rows with at least one letter and no digit."""
        return self.share(lambda value: LETTERS.search(value) and not any(char.isdigit() for char in value))

    @cached_property
    def category(self) -> bool:
        """Few values that come again and again."""
        return len(self.real) <= 30 and (self.distinct < 0.5 or len(self.real) <= 6)

    def numbers(self) -> list[float]:
        """The values that are plain numbers, as such."""
        plain = (value.replace(",", ".") for value in self.real if self.real[value] and NUMBER.fullmatch(value))
        return [float(value) for value in plain if re.fullmatch(r"-?\d+(\.\d+)?", value)]

    def within(self, low: float, high: float) -> bool:
        """Say whether the column is made of numbers between two bounds."""
        numbers = self.numbers()
        inside = sum(1 for number in numbers if low <= number <= high)
        return bool(numbers) and self.number > 0.8 and inside >= 0.95 * len(numbers)

    def is_sex(self) -> bool:
        """Say whether the values are words or letters for sexes."""
        return 0 < len(self.real) <= 12 and self.share(lambda value: value.lower() in SEXES) > 0.9

    def _mean(self, measure: Callable[[str], int]) -> float:
        return sum(measure(value) * rows for value, rows in self.real.items()) / self.rows if self.rows else 0.0
