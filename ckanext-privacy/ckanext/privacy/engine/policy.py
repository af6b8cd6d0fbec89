"""What findings mean for a release: a versioned YAML file of rules, and the two functions that apply it.

A policy's rules are data (:mod:`policies/default.yaml`, checked against :mod:`policies/schema.yaml`). Two things are
not up to a policy: what could not be looked at is blocked, and a column about people that no rule speaks of still
needs a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any, Protocol

import yaml

from .deadlines import TimeSettings
from .documents import parse_yaml
from .errors import InvalidPolicy
from .findings import (
    ColumnReport,
    Held,
    MetadataFinding,
    Outcome,
    PolicyFacts,
    RiskReport,
    Sensitivity,
    TableReport,
)
from .kinds import called
from .sentences import say, to_say
from .settings import RiskSettings
from .updates import AutomaticSettings, Evidence, differences, words_beyond

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

FOLDER = Path(__file__).with_name("policies")
#: The rules that speak of what nobody approved yet, whatever was found in it.
FIRST_RELEASE, CHANGED_WORDS = "first-release", "changed-words"
#: Places told apart at less than so many metres are homes.
ONE_HOME = 100
DEFAULT = FOLDER / "default.yaml"

Declarations = Mapping[str, Any]


class ReleaseOutcome(str, Enum):
    """What a release needs, from least to most."""

    AUTOMATIC = "automatic"
    ONE_STEWARD = "one_steward"
    TWO_STEWARDS = "two_stewards"
    BLOCKED = "blocked"

    @property
    def approvals(self) -> int | None:
        """How many stewards must approve; None when nobody can before the data is cleaned."""
        return {"automatic": 0, "one_steward": 1, "two_stewards": 2}.get(self.value)


@dataclass(frozen=True)
class Rule:
    """One rule: every fact of the kind `about` that passes `when` and not `unless` asks for `outcome`."""

    name: str
    about: str
    outcome: Outcome
    reason: str
    when: Mapping[str, Any] = field(default_factory=dict)
    unless: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Policy:
    """A policy as loaded: its name and version go into every report it judged."""

    name: str
    version: str
    rules: tuple[Rule, ...]
    risk: RiskSettings
    automatic: AutomaticSettings
    time: TimeSettings = field(default_factory=TimeSettings)

    @property
    def facts(self) -> PolicyFacts:
        """Name and version, as reports carry them."""
        return PolicyFacts(self.name, self.version)


@dataclass(frozen=True)
class Reason:
    """Why: the rule that spoke, what it asks for, and one sentence. Holds no cell.

    `fields` are the places of a description that the sentence quotes, as :func:`texts_of` calls them: whoever shows it
    to people puts the names in that they know.
    """

    rule: str
    outcome: Outcome
    sentence: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """The judgement on one file. `reasons` come gravest first; empty exactly when nothing was found."""

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class ReleaseVerdict:
    """The judgement on a release, with the reasons of all its files and of the update itself."""

    outcome: ReleaseOutcome
    reasons: tuple[Reason, ...] = ()


class Findings(Protocol):
    """What is judged: a :class:`FileReport`, or anything with its `held` and `tables`."""

    @property
    def held(self) -> tuple[Held, ...]: ...

    @property
    def tables(self) -> tuple[TableReport, ...]: ...


def load_policy(path: str | Path | None = None) -> Policy:
    """Read a policy; None gives the default. Raises `InvalidPolicy` with one sentence that names file and place."""
    path = Path(path) if path else DEFAULT
    try:
        data = parse_yaml(path.read_text("utf-8"))
    except OSError as error:
        raise InvalidPolicy(f"{path}: the policy cannot be opened ({error.strerror}).") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        place = getattr(error, "problem_mark", None)
        line = f", line {place.line + 1}" if place else ""
        raise InvalidPolicy(f"{path}{line}: the policy is not valid YAML in UTF-8.") from error
    if path != DEFAULT:
        _check(data, path)
    return _policy(data, str(path))


def judge(
    findings: Findings,
    policy: Policy,
    *,
    declarations: Declarations | None = None,
    quality_errors: int = 0,
) -> Verdict:
    """Judge one file. `quality_errors` is the count of :func:`check_quality`.

    `declarations` are what the officer declared about the dataset, by field name. Rules about declarations are
    silent when it is None, as on the command line.
    """
    facts = [*_file_facts(findings), _quality_facts(quality_errors)]
    reasons = [*_held_reasons(findings.held, policy.rules), *_apply(policy.rules, facts, declarations)]
    return Verdict(_gravest(reasons), gravest_first(reasons))


def judge_release(
    evidence: Evidence,
    policy: Policy,
    *,
    previous: Evidence | None = None,
    declarations: Declarations | None = None,
) -> ReleaseVerdict:
    """Judge a release from the evidence on all its files, and on its description.

    `previous` is the evidence that was approved for what is public now; None for a first release, which always needs
    a person. An update is automatic only when the policy allows it and nothing in it is new or riskier.
    """
    reasons = [reason for key in evidence.files for reason in _file_reasons(key, evidence, policy, declarations)]
    metadata = [_metadata_facts(finding) for finding in evidence.metadata]
    reasons += _apply(policy.rules, metadata, declarations)
    found = _gravest(reasons)
    changes = _changes(_with_errors_that_count(evidence, policy, declarations), previous, policy.automatic, found)
    needed = max(found, _gravest(changes), key=lambda outcome: outcome.rank)
    if not changes and found is not Outcome.BLOCKED:
        return ReleaseVerdict(ReleaseOutcome.AUTOMATIC, gravest_first(reasons))
    return ReleaseVerdict(ReleaseOutcome(needed.value), gravest_first([*reasons, *changes]))


def _file_reasons(
    key: str, evidence: Evidence, policy: Policy, declarations: Declarations | None
) -> tuple[Reason, ...]:
    report = evidence.files[key]
    errors = evidence.quality_errors.get(key, 0)
    reasons = judge(report, policy, declarations=declarations, quality_errors=errors).reasons
    name = report.file.name
    return tuple(Reason(each.rule, each.outcome, _told_of(name, each.sentence)) for each in reasons)


def _told_of(name: str, sentence: str) -> str:
    return sentence if sentence.startswith(name) else say("{name}: {sentence}", name=name, sentence=sentence)


def _changes(
    evidence: Evidence, previous: Evidence | None, settings: AutomaticSettings, found: Outcome
) -> list[Reason]:
    """Why a person must look although no rule may ask for one; empty when the update may go by itself."""
    if previous is None:
        return [Reason(FIRST_RELEASE, Outcome.ONE_STEWARD, say("A first release is always agreed to by a person."))]
    if not settings.allowed:
        return [Reason("no-automatic", Outcome.ONE_STEWARD, say("The policy lets no update go out by itself."))]
    if found.rank > Outcome(settings.up_to).rank:
        return [Reason("too-grave", found, say("What is in the data is too grave for an update to go out by itself."))]
    new = [("changed", difference) for difference in differences(evidence, previous, settings)]
    words = words_beyond(evidence, previous, settings)
    new += [(CHANGED_WORDS, words)] if words else []
    return [Reason(rule, Outcome.ONE_STEWARD, each.sentence, each.fields) for rule, each in new]


def _with_errors_that_count(evidence: Evidence, policy: Policy, declarations: Declarations | None) -> Evidence:
    """Leave out errors in the form of tables that no rule minds: where none asks for a person, more are no news."""
    minded = {
        key: errors
        for key, errors in evidence.quality_errors.items()
        if _gravest([*_apply(policy.rules, [_quality_facts(errors)], declarations)]) is not Outcome.CLEAR
    }
    return replace(evidence, quality_errors=minded)


# The facts that rules speak of ------------------------------------------------------------------------------------


#: A column, in a file with one table or several.
COLUMN = to_say('Column "{column}"')
COLUMN_OF_ONE = to_say('Column "{column}" of "{table}"')


def _file_facts(findings: Findings) -> Iterator[dict[str, Any]]:
    for table in findings.tables:
        place = say('Table "{table}"', table=table.name) if table.name else say("The table")
        yield {"about": "table", "place": place, "table": table.name, "hidden": table.hidden, "rows": table.rows}
        template = COLUMN_OF_ONE if len(findings.tables) > 1 else COLUMN
        for column in table.columns:
            yield from _column_facts(column, say(template, column=column.name, table=table.name), table.risk)
        yield from _risk_facts(table.risk, place)


def _quality_facts(errors: int) -> dict[str, Any]:
    return {"about": "quality", "place": say("The file"), "errors": errors}


def _column_facts(column: ColumnReport, place: str, risk: RiskReport) -> Iterator[dict[str, Any]]:
    grade = {"sensitive": column.sensitive, "sensitivity": column.sensitivity}
    crowd = {"k": risk.k, "crowd": _crowd(column.name, risk)}
    shared = {"about": "column", "place": place, "why": column.reason, **crowd, **grade}
    if not column.entities:
        yield {
            **shared,
            "entity": "",
            "what": to_say("data about people"),
            "rows": column.rows,
            "share": 1.0,
            "confidence": 1.0,
        }
    for found in column.entities:
        facts = {"entity": found.entity, "what": called(found.entity), "rows": found.rows}
        yield {**shared, **facts, "share": found.share, "confidence": found.confidence}


def _crowd(column: str, risk: RiskReport) -> int | None:
    """How many people at least look the same by all that they can be found by, this column among it.

    None where the column is nothing to find people by, where not all such columns were combined, and for places that
    are told so finely that one home has them to itself, however many people live there.
    """
    if column not in risk.quasi_identifiers or risk.other_quasi_identifiers or risk.counted == "counts":
        return None
    if any(column in points.columns and points.metres < ONE_HOME for points in risk.points):
        return None
    return risk.k


def _risk_facts(risk: RiskReport, place: str) -> Iterator[dict[str, Any]]:
    weakest = min(risk.l_diversity, key=lambda each: each.l, default=None)
    yield {
        "about": "risk",
        "place": place,
        "k": risk.k,
        "l": weakest.l if weakest else None,
        "secret": weakest.column if weakest else "",
        "uniques": risk.sample_uniques,
        "columns": ", ".join(risk.quasi_identifiers),
        "t": max((each.t for each in risk.l_diversity if each.t is not None), default=None),
        "special": risk.special_uniques,
        "undone": sum(each.cells for each in risk.undone),
        "dominated": sum(each.cells for each in risk.dominance),
        "metres": min((each.metres for each in risk.points), default=None),
        "counted": risk.counted or "rows",
        "groups": sum(cell.groups for cell in risk.small_cells),
        "smallest": min((cell.smallest for cell in risk.small_cells), default=None),
    }
    for each in risk.combinations:
        columns = ", ".join(each.columns)
        facts = {"combination": each.rule, "sensitivity": each.sensitivity, "columns": columns}
        yield {"about": "combination", "place": place, **facts, "why": each.reason}


def _metadata_facts(finding: MetadataFinding) -> dict[str, Any]:
    place, what = say('Field "{field}"', field=finding.field), called(finding.entity)
    facts = {"place": place, "field": finding.field, "entity": finding.entity, "what": what}
    return {"about": "metadata", **facts, "sensitivity": finding.sensitivity, "confidence": finding.confidence}


# Conditions -------------------------------------------------------------------------------------------------------


def _at_least(key: str) -> Callable[[dict[str, Any], Any], bool]:
    return lambda facts, limit: facts.get(key) is not None and facts[key] >= limit


def _below(key: str) -> Callable[[dict[str, Any], Any], bool]:
    return lambda facts, limit: facts.get(key) is not None and facts[key] < limit


def _named(key: str) -> Callable[[dict[str, Any], Any], bool]:
    return lambda facts, patterns: any(fnmatchcase(facts.get(key, ""), pattern) for pattern in patterns)


def _rank(facts: dict[str, Any]) -> int:
    return facts.get("sensitivity", Sensitivity.NONE).rank


def _is_declared(facts: dict[str, Any], wanted: Mapping[str, Sequence[str]]) -> bool:
    declared = facts["declarations"]
    if declared is None:
        return False
    return all(set(_as_list(declared.get(key))) & set(values) for key, values in wanted.items())


def _is_undeclared(facts: dict[str, Any], fields: Sequence[str]) -> bool:
    declared = facts["declarations"]
    return declared is not None and not any(_as_list(declared.get(key)) for key in fields)


def _as_list(value: Any) -> list[str]:
    if not value:
        return []
    return [value] if isinstance(value, str) else [str(each) for each in value]


#: What each key of `when` and `unless` tests; the schema lists the same keys.
TESTS: dict[str, Callable[[dict[str, Any], Any], bool]] = {
    "entities": _named("entity"),
    "combinations": _named("combination"),
    "sensitivity_at_least": lambda facts, level: _rank(facts) >= Sensitivity(level).rank,
    "sensitivity_at_most": lambda facts, level: _rank(facts) <= Sensitivity(level).rank,
    "sensitive": lambda facts, wanted: facts.get("sensitive") is wanted,
    "share_at_least": _at_least("share"),
    "rows_at_least": _at_least("rows"),
    "confidence_at_least": _at_least("confidence"),
    "k_below": _below("k"),
    "crowd_at_least": _at_least("crowd"),
    "l_below": _below("l"),
    "t_at_least": _at_least("t"),
    "sample_uniques_at_least": _at_least("uniques"),
    "special_uniques_at_least": _at_least("special"),
    "undone_counts_at_least": _at_least("undone"),
    "dominated_at_least": _at_least("dominated"),
    "metres_below": _below("metres"),
    "small_groups_at_least": _at_least("groups"),
    "tables": _named("table"),
    "hidden": lambda facts, wanted: facts.get("hidden") is wanted,
    "errors_at_least": _at_least("errors"),
    "declared": _is_declared,
    "undeclared": _is_undeclared,
}


def _passes(facts: dict[str, Any], tests: Mapping[str, Any]) -> bool:
    return all(TESTS[key](facts, value) for key, value in tests.items())


def _speaks(rule: Rule, facts: dict[str, Any]) -> bool:
    if rule.about != facts["about"] or not _passes(facts, rule.when):
        return False
    return not (rule.unless and _passes(facts, rule.unless))


def _apply(
    rules: Sequence[Rule], facts: Sequence[dict[str, Any]], declarations: Declarations | None
) -> Iterator[Reason]:
    """The gravest rule that speaks of each fact; of equally grave ones, the first in the file."""
    for fact in facts:
        known = {**fact, "declarations": declarations}
        speaking = [rule for rule in rules if _speaks(rule, known)]
        if speaking:
            rule = max(speaking, key=lambda each: each.outcome.rank)
            fields = (fact["field"],) if "field" in fact else ()
            yield Reason(rule.name, rule.outcome, _filled(rule.reason, fact), fields)
        elif fact.get("sensitive"):
            sentence = say("{place} is about people, and no rule speaks of it.", place=fact["place"])
            yield Reason("no-rule", Outcome.ONE_STEWARD, sentence)


def _held_reasons(held: Sequence[Held], rules: Sequence[Rule]) -> Iterator[Reason]:
    """What nobody could look at is blocked whatever a policy says; about what people can see, its rules may."""
    for each in held:
        facts = {"about": "picture", "place": each.where, "why": each.reason}
        decided = list(_apply(rules, [facts], None)) if each.by_eye else []
        yield from decided or [Reason("held", Outcome.BLOCKED, _told_of(each.where, each.reason))]


def _gravest(reasons: Sequence[Reason]) -> Outcome:
    return max((reason.outcome for reason in reasons), key=lambda outcome: outcome.rank, default=Outcome.CLEAR)


def gravest_first(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Return the reasons for which something is asked of a person, the gravest first, each once."""
    asked = [reason for reason in reasons if reason.outcome is not Outcome.CLEAR]
    return tuple(dict.fromkeys(sorted(asked, key=lambda reason: -reason.outcome.rank)))


# Reading ----------------------------------------------------------------------------------------------------------


def _filled(template: str, facts: Mapping[str, Any]) -> str:
    """A rule's sentence about some facts: what they do not have reads as a dash."""
    names = (name for _, name, _, _ in Formatter().parse(template) if name)
    return say(template, **{name: facts.get(name, "–") for name in names})


@lru_cache
def _schema() -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(parse_yaml((FOLDER / "schema.yaml").read_text("utf-8")))


def _check(data: Any, path: Path) -> None:
    # A scan by the policy that ships must not wait for this library.
    from jsonschema.exceptions import best_match

    error = best_match(_schema().iter_errors(data))
    if error:
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
        raise InvalidPolicy(f"{path}: at {place.lstrip('.') or 'the top'}: {error.message}.")


def _policy(data: Any, path: str) -> Policy:
    return Policy(
        name=data["name"],
        version=data["version"],
        rules=tuple(_rule(each, path) for each in data["rules"]),
        risk=RiskSettings(**data.get("risk", {})),
        automatic=AutomaticSettings(**data.get("automatic", {})),
        time=_time(data.get("time", {})),
    )


def _time(data: dict[str, Any]) -> TimeSettings:
    settings: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return TimeSettings(**settings)


def _rule(data: dict[str, Any], path: str) -> Rule:
    try:
        _filled(data["reason"], {})
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        raise InvalidPolicy(f'{path}: rule "{data["rule"]}": the reason has a broken {{word}} in it.') from error
    return Rule(
        name=data["rule"],
        about=data["about"],
        outcome=Outcome(data["outcome"]),
        reason=data["reason"].strip(),
        when=data.get("when", {}),
        unless=data.get("unless", {}),
    )
