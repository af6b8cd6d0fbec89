"""A table of people becomes a table of counts: small counts are hidden, and sums that one or two rows make up."""

from __future__ import annotations

import polars as pl

from ckanext.privacy.engine.crosstab import fails_dominance, numbers
from ckanext.privacy.engine.settings import RiskSettings

from .plan import Aggregate


class Totals:
    """Adds up batches. It keeps the groups and, for sums, each row's amount, to see whether a few make up most."""

    def __init__(self, rule: Aggregate) -> None:
        self.rule = rule
        columns = dict.fromkeys(rule.by, pl.String) | dict.fromkeys(rule.sums, pl.Float64)
        self._rows = pl.DataFrame(schema={**columns, "#rows": pl.UInt32})

    @staticmethod
    def columns(rule: Aggregate) -> tuple[str, ...]:
        """The columns of the result."""
        return (*rule.by, rule.count, *rule.sums)

    def add(self, batch: pl.DataFrame) -> None:
        """Count a batch of changed rows."""
        amounts = [numbers(batch[name]).alias(name) for name in self.rule.sums]
        rows = batch.select(self.rule.by).with_columns(*amounts, pl.lit(1, pl.UInt32).alias("#rows"))
        both = pl.concat([self._rows, rows])
        equal = [*self.rule.by, *self.rule.sums]
        self._rows = both.group_by(equal, maintain_order=True).agg(pl.col("#rows").sum())

    def table(self) -> pl.DataFrame:
        """The counts and sums as text, in the order in which groups first came; hidden ones have a sign."""
        limits, found = RiskSettings(), []
        for group, part in self._rows.group_by(self.rule.by, maintain_order=True):
            count = int(part["#rows"].sum())
            small = count < self.rule.fewer_than
            sums = [None if small else _sum(part, name, limits) for name in self.rule.sums]
            found.append([*group, f"<{self.rule.fewer_than}" if small else str(count), *sums])
        return pl.DataFrame(found, schema=dict.fromkeys(self.columns(self.rule), pl.String), orient="row")


def _sum(part: pl.DataFrame, name: str, limits: RiskSettings) -> str | None:
    """A sum; None where it would tell the amount of one of those who make it up."""
    amounts = part.select(pl.col(name).repeat_by("#rows").explode()).drop_nulls()[name].to_list()
    if fails_dominance(amounts, limits.dominance_share, limits.dominance_percent):
        return None
    total = sum(amounts)
    return str(int(total)) if float(total).is_integer() else str(round(total, 6))
