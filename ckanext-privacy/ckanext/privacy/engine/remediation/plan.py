"""A de-identification plan: what is done to which column, as data that people can read, keep and sign off.

A plan never holds data or a key. `plan.schema.yaml` is its schema; `docs/cleaning.md` explains it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from ckanext.privacy.engine.errors import InvalidPlan
from ckanext.privacy.engine.sentences import say

from .plan_files import with_files

#: What a step of a plan says beside its action's options.
NO_OPTIONS = frozenset({"column", "action", "why"})
SCHEMA = Path(__file__).with_name("plan.schema.yaml")


@dataclass(frozen=True)
class Step:
    """One action on one column, with the action's options and a sentence that says why."""

    column: str
    action: str
    options: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it changes: two where a place stands in a latitude and a longitude column."""
        partner = self.options.get("longitude")
        return (self.column, partner) if partner else (self.column,)


@dataclass(frozen=True)
class SmallGroups:
    """After all steps: rows that share their values of `columns` with too few others are dropped or blanked there.

    `then` is ``drop_rows``, ``blank`` or ``blank_least``, which blanks no more cells than a greedy search needs. Where
    `people` names a column, its different values are counted and not rows.
    """

    columns: tuple[str, ...]
    fewer_than: int
    then: str
    people: str = ""


@dataclass(frozen=True)
class SmallCounts:
    """Counts from 1 to under `fewer_than` are replaced by `sign` ("<10" when it is empty).

    With `protect_totals` further counts become ``*`` where a total would give a small one away.
    """

    columns: tuple[str, ...]
    fewer_than: int
    sign: str = ""
    protect_totals: bool = True


@dataclass(frozen=True)
class Condition:
    """Rows with one of the values `is_`, a number `below` or `above`, or nothing (`empty`) in a column."""

    column: str
    is_: tuple[str, ...] = ()
    below: float | None = None
    above: float | None = None
    empty: bool = False


@dataclass(frozen=True)
class Aggregate:
    """The table's rows are counted by some columns, after all steps, and counts under `fewer_than` are hidden.

    `sums` are columns added up; a sum is hidden where its group is small or one or two rows make up most of it.
    """

    by: tuple[str, ...]
    fewer_than: int
    sums: tuple[str, ...] = ()
    count: str = "count"


@dataclass(frozen=True)
class TablePlan:
    """What is done to one table; `table` is None when the file has only one.

    `drop_hidden_rows` follows from the plan's `hidden_sheets`, and is not part of its text.
    """

    table: str | None = None
    drop: bool = False
    steps: tuple[Step, ...] = ()
    small_groups: SmallGroups | None = None
    small_counts: SmallCounts | None = None
    drop_rows: tuple[Condition, ...] = ()
    sample: float | None = None
    aggregate: Aggregate | None = None
    drop_hidden_rows: bool = False

    def named_columns(self) -> Iterator[str]:
        """Every column that the plan speaks of."""
        yield from (column for step in self.steps for column in step.columns)
        yield from (step.options["households"] for step in self.steps if "households" in step.options)
        yield from (condition.column for condition in self.drop_rows)
        for rule in (self.small_groups, self.small_counts):
            yield from rule.columns if rule else ()
        if self.small_groups and self.small_groups.people:
            yield self.small_groups.people
        if self.aggregate:
            yield from (*self.aggregate.by, *self.aggregate.sums)


@dataclass(frozen=True)
class Plan:
    """A whole plan; tables it does not name are kept as they are.

    `hidden_sheets` is `keep` or `drop`, and is said of hidden rows and columns, too.
    """

    tables: tuple[TablePlan, ...] = ()
    hidden_sheets: str = "keep"


def load_plan(path: str | Path) -> Plan:
    """Read a plan from a YAML or JSON file. Raises `InvalidPlan` with one sentence."""
    path = Path(path)
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise InvalidPlan(
            say("{path}: the plan cannot be opened ({error}).", path=path, error=error.strerror)
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidPlan(say("{path}: the plan is neither YAML nor JSON in UTF-8.", path=path)) from error
    return parse_plan(with_files(data, path), str(path))


def parse_plan(data: Any, source: str = "The plan") -> Plan:
    """Check a plan's plain data and build it. Raises `InvalidPlan` that names `source` and the place."""
    _check_schema(data, source)
    tables = tuple(_table(each) for each in data["tables"])
    for table in tables:
        _check_columns_once(table, source)
    return Plan(tables, data.get("hidden_sheets", "keep"))


def plan_data(plan: Plan) -> dict[str, Any]:
    """The opposite of :func:`parse_plan`: plain data, ready for YAML or JSON."""
    return {"version": 1, "hidden_sheets": plan.hidden_sheets, "tables": [_table_data(table) for table in plan.tables]}


def plan_text(plan: Plan) -> str:
    """A plan as YAML, to be kept in a file and edited."""
    return yaml.safe_dump(plan_data(plan), allow_unicode=True, sort_keys=False)


def table_plan(plan: Plan, name: str, names: Sequence[str]) -> TablePlan:
    """What the plan does to the table `name` of a file with the tables `names`."""
    for table in plan.tables:
        if table.table == name or (table.table is None and len(names) == 1):
            return table
    return TablePlan(name)


def check_tables(plan: Plan, columns: Mapping[str, Sequence[str]]) -> None:
    """Raise `InvalidPlan` that names every table or column of the plan that the file does not have."""
    for table in plan.tables:
        if table.table is None and len(columns) != 1:
            raise InvalidPlan(
                say(
                    "The file has {tables} tables; say in the plan which one is meant: {names}.",
                    tables=len(columns),
                    names=_list(columns),
                )
            )
        if table.table is not None and table.table not in columns:
            raise InvalidPlan(f'The file has no table "{table.table}"; it has {_list(columns)}.')
        name = table.table if table.table is not None else next(iter(columns))
        unknown = [column for column in dict.fromkeys(table.named_columns()) if column not in columns[name]]
        if unknown:
            raise InvalidPlan(f'Table "{name}" has no column {_list(unknown)}; it has {_list(columns[name])}.')


def needs_key(plan: Plan) -> bool:
    """Whether the plan makes pseudonyms, or does something else that others must not be able to repeat."""
    keyed = any(step.action in {"pseudonymise", "random_round"} for table in plan.tables for step in table.steps)
    return keyed or any(table.sample for table in plan.tables)


@lru_cache
def _schemas() -> dict[str, Draft202012Validator]:
    data = yaml.safe_load(SCHEMA.read_text("utf-8"))
    actions = data.pop("actions")
    return {"": Draft202012Validator(data), **{name: Draft202012Validator(each) for name, each in actions.items()}}


def _check_schema(data: Any, source: str) -> None:
    _complain(_schemas()[""], data, source)
    for table in data["tables"]:
        for step in table.get("columns", ()):
            options = {key: value for key, value in step.items() if key not in NO_OPTIONS}
            place = f'{source}: column "{step["column"]}", {step["action"]}'
            _complain(_schemas()[step["action"]], options, place)
            if step["action"] == "generalise_number" and ("width" in options) == ("edges" in options):
                raise InvalidPlan(say('{source}: give either "width" or "edges".', source=place))


def _complain(schema: Draft202012Validator, data: Any, source: str) -> None:
    error = best_match(schema.iter_errors(data))
    if error:
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
        at = f" at {place.lstrip('.')}" if place else ""
        raise InvalidPlan(f"{source}{at}: {error.message}.")


def _check_columns_once(table: TablePlan, source: str) -> None:
    counts = Counter(column for step in table.steps for column in step.columns)
    twice = [column for column, count in counts.items() if count > 1]
    if twice:
        raise InvalidPlan(
            say("{source}: {columns} has more than one action; keep one.", source=source, columns=_list(twice))
        )
    dropped = {step.column for step in table.steps if step.action == "drop"}
    rules = [rule for rule in (table.small_groups, table.small_counts) if rule]
    used = {column for rule in rules for column in rule.columns}
    used |= {*table.aggregate.by, *table.aggregate.sums} if table.aggregate else set()
    needed = [column for column in dropped if column in used]
    if needed:
        raise InvalidPlan(
            say(
                "{source}: {columns} is dropped, so it cannot be used for small groups or counts.",
                source=source,
                columns=_list(needed),
            )
        )


def _table(data: Mapping[str, Any]) -> TablePlan:
    groups, counts = data.get("small_groups"), data.get("small_counts")
    return TablePlan(
        table=data.get("table"),
        drop=data.get("drop", False),
        steps=tuple(_step(each) for each in data.get("columns", ())),
        small_groups=SmallGroups(**{**groups, "columns": tuple(groups["columns"])}) if groups else None,
        small_counts=SmallCounts(**{**counts, "columns": tuple(counts["columns"])}) if counts else None,
        drop_rows=tuple(_condition(each) for each in data.get("drop_rows", ())),
        sample=data.get("sample"),
        aggregate=_aggregate(data["aggregate"]) if "aggregate" in data else None,
    )


def _condition(data: Mapping[str, Any]) -> Condition:
    rest = {key: value for key, value in data.items() if key != "is"}
    return Condition(is_=tuple(data.get("is", ())), **rest)


def _aggregate(data: Mapping[str, Any]) -> Aggregate:
    return Aggregate(**{**data, "by": tuple(data["by"]), "sums": tuple(data.get("sums", ()))})


def _step(data: Mapping[str, Any]) -> Step:
    options = {key: value for key, value in data.items() if key not in NO_OPTIONS}
    return Step(data["column"], data["action"], options, data.get("why", ""))


def _table_data(table: TablePlan) -> dict[str, Any]:
    data: dict[str, Any] = {} if table.table is None else {"table": table.table}
    if table.drop:
        data["drop"] = True
    if table.drop_rows:
        data["drop_rows"] = [_plain(each) for each in table.drop_rows]
    if table.sample:
        data["sample"] = table.sample
    data["columns"] = [_step_data(step) for step in table.steps]
    for name in ("small_groups", "small_counts", "aggregate"):
        rule = getattr(table, name)
        if rule:
            data[name] = _plain(rule)
    return data


def _step_data(step: Step) -> dict[str, Any]:
    why = {"why": step.why} if step.why else {}
    return {"column": step.column, "action": step.action, **step.options, **why}


def _plain(rule: Condition | SmallGroups | SmallCounts | Aggregate) -> dict[str, Any]:
    """A rule as plain data, without what it leaves at its default."""
    defaults = {each.name: each.default for each in fields(rule)}
    told = {name: value for name, value in vars(rule).items() if value != defaults[name]}
    return {name.rstrip("_"): list(value) if isinstance(value, tuple) else value for name, value in told.items()}


def _list(names: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(f'"{name}"' for name in names)
