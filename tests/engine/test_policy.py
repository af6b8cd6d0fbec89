"""A policy's rules are data; that held is blocked and a first release is agreed to by a person is not up to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ckanext.privacy.engine.errors import InvalidPolicy
from ckanext.privacy.engine.findings import (
    ColumnReport,
    Combination,
    EngineFacts,
    EntityFinding,
    FileFacts,
    FileReport,
    Held,
    MetadataFinding,
    Outcome,
    Points,
    RiskReport,
    Sensitivity,
    SmallCell,
    TableReport,
    Undone,
)
from ckanext.privacy.engine.policy import DEFAULT, TESTS, Policy, ReleaseOutcome, judge, judge_release, load_policy
from ckanext.privacy.engine.scan import ScanSettings, scan_file
from ckanext.privacy.engine.updates import Evidence

POLICY = load_policy()


def column(name: str, entity: str | None = None, grade: str = "none", share: float = 1.0) -> ColumnReport:
    found = (EntityFinding(entity, 0.9, 10, share),) if entity else ()
    return ColumnReport(name, 10, bool(entity), Sensitivity(grade), "", found)


def report(*columns: ColumnReport, held: tuple[Held, ...] = (), risk: RiskReport | None = None) -> FileReport:
    table = TableReport("t", False, 10, columns, risk or RiskReport())
    return FileReport(FileFacts("f.csv", "0", 1, "csv"), EngineFacts("1"), POLICY.facts, Outcome.CLEAR, held, (table,))


def policy_file(folder: Path, **changes: object) -> Path:
    data = yaml.safe_load(DEFAULT.read_text("utf-8")) | changes
    path = folder / "policy.yaml"
    path.write_text(yaml.safe_dump(data), "utf-8")
    return path


PLAIN = report(column("trees"))
NAMES = report(column("name", "PERSON", "moderate"))
STANDING_OUT = RiskReport(("age",), 1, 3, (SmallCell(("age",), 3, 1),))


@pytest.mark.parametrize(
    ("file", "outcome", "rule"),
    [
        (PLAIN, Outcome.CLEAR, None),
        (NAMES, Outcome.BLOCKED, "direct-identifiers"),
        (report(column("curp", "MX_CURP", "high")), Outcome.BLOCKED, "direct-identifiers"),
        (report(column("councillor", "PERSON", "low")), Outcome.ONE_STEWARD, "mild-personal-data"),
        (report(column("notes", "PHONE_NUMBER", "moderate", 0.001)), Outcome.ONE_STEWARD, "moderate-personal-data"),
        (report(column("born", "DATE_OF_BIRTH", "high")), Outcome.TWO_STEWARDS, "high-personal-data"),
        (report(column("illness", "HEALTH", "severe")), Outcome.TWO_STEWARDS, "grave-personal-data"),
        (
            report(column("illness", "HEALTH", "severe"), risk=STANDING_OUT),
            Outcome.BLOCKED,
            "grave-facts-of-people-who-stand-out",
        ),
        (report(risk=STANDING_OUT), Outcome.TWO_STEWARDS, "people-stand-out"),
        (report(risk=RiskReport(("age",), 3, 0)), Outcome.ONE_STEWARD, "small-groups"),
        (
            report(risk=RiskReport(combinations=(Combination("c", ("a", "b"), Sensitivity.HIGH, "why"),))),
            Outcome.TWO_STEWARDS,
            "grave-combination",
        ),
        (replace(PLAIN, tables=(replace(PLAIN.tables[0], hidden=True),)), Outcome.ONE_STEWARD, "hidden-table"),
        (report(held=(Held("It is encrypted.", "f.csv"),)), Outcome.BLOCKED, "held"),
    ],
)
def test_the_default_policy_judges_a_file(file: FileReport, outcome: Outcome, rule: str | None) -> None:
    verdict = judge(file, POLICY)
    assert verdict.outcome is outcome
    assert (verdict.reasons[0].rule if verdict.reasons else None) == rule


def test_document_properties_do_not_make_a_workbook_hide_something() -> None:
    properties = TableReport("document properties", True, 2, (column("text"),))
    assert judge(replace(PLAIN, tables=(*PLAIN.tables, properties)), POLICY).outcome is Outcome.CLEAR


def test_what_is_held_is_blocked_whatever_the_policy_says(tmp_path: Path) -> None:
    rule = {"rule": "all-fine", "about": "table", "outcome": "clear", "reason": "Fine."}
    lax = load_policy(policy_file(tmp_path, rules=[rule]))
    held = report(held=(Held("It is encrypted.", "f.csv"),))
    assert judge(held, lax).outcome is Outcome.BLOCKED
    assert judge_release(Evidence({"1": held}), lax, previous=Evidence({"1": held})).outcome is ReleaseOutcome.BLOCKED


def a_picture(sha256: str, *held: Held) -> FileReport:
    seen = held or (Held("A picture.", "hill.png", by_eye=True),)
    return replace(report(held=seen), file=FileFacts("hill.png", sha256, 1, "picture"), tables=())


def test_what_people_can_see_themselves_two_look_at(tmp_path: Path) -> None:
    verdict = judge(a_picture("a"), POLICY)
    assert verdict.outcome is Outcome.TWO_STEWARDS
    assert "look at it themselves" in verdict.reasons[0].sentence
    assert judge(a_picture("a", Held("Encrypted.", "hill.zip")), POLICY).outcome is Outcome.BLOCKED
    silent = load_policy(
        policy_file(tmp_path, rules=[{"rule": "x", "about": "risk", "outcome": "clear", "reason": "x"}])
    )
    assert judge(a_picture("a"), silent).outcome is Outcome.BLOCKED


@pytest.mark.parametrize(
    ("sha256", "outcome"),
    [("a", ReleaseOutcome.AUTOMATIC), ("b", ReleaseOutcome.TWO_STEWARDS), ("", ReleaseOutcome.TWO_STEWARDS)],
)
def test_a_picture_goes_out_again_by_itself_only_as_it_was_seen(sha256: str, outcome: ReleaseOutcome) -> None:
    seen = Evidence({"1": a_picture("a" if sha256 else "")})
    assert judge_release(Evidence({"1": a_picture(sha256)}), POLICY, previous=seen).outcome is outcome


def test_a_column_about_people_that_no_rule_speaks_of_needs_a_person(tmp_path: Path) -> None:
    rule = {"rule": "quality", "about": "quality", "outcome": "clear", "reason": "Fine."}
    silent = load_policy(policy_file(tmp_path, rules=[rule]))
    assert judge(NAMES, silent).outcome is Outcome.ONE_STEWARD


def test_a_rule_falls_silent_where_its_exception_holds(tmp_path: Path) -> None:
    rule = {
        "rule": "people",
        "about": "column",
        "when": {"sensitive": True},
        "unless": {"entities": ["PERS*"]},
        "outcome": "two_stewards",
        "reason": "{place}",
    }
    policy = load_policy(policy_file(tmp_path, rules=[rule]))
    assert judge(report(column("phone", "PHONE_NUMBER", "moderate")), policy).outcome is Outcome.TWO_STEWARDS
    assert judge(NAMES, policy).outcome is Outcome.ONE_STEWARD


@pytest.mark.parametrize(
    ("declared", "outcome"),
    [
        (None, Outcome.ONE_STEWARD),
        ({"legal_basis": "dpv:PublicInterest"}, Outcome.ONE_STEWARD),
        ({}, Outcome.TWO_STEWARDS),
        ({"legal_basis": "x", "personal_data": ["dpv:NonPersonalData"]}, Outcome.TWO_STEWARDS),
    ],
)
def test_what_the_officer_declared_counts(declared: dict[str, object] | None, outcome: Outcome) -> None:
    ages = report(column("age", "AGE", "moderate"))
    assert judge(ages, POLICY, declarations=declared).outcome is outcome


def test_faults_in_the_tables_form_need_a_person() -> None:
    assert judge(PLAIN, POLICY, quality_errors=3).reasons[0].rule == "malformed-table"


def test_a_first_release_is_agreed_to_by_a_person_even_where_nothing_was_found() -> None:
    verdict = judge_release(Evidence({"1": PLAIN}), POLICY)
    assert verdict.outcome is ReleaseOutcome.ONE_STEWARD
    assert verdict.outcome.approvals == 1


AGES = report(column("age", "AGE", "moderate"), risk=RiskReport(("age",), 6, 0))


@pytest.mark.parametrize("file", [PLAIN, AGES, report(column("born", "DATE_OF_BIRTH", "high"))])
def test_an_update_that_brings_nothing_new_goes_by_itself(file: FileReport) -> None:
    verdict = judge_release(Evidence({"1": file}), POLICY, previous=Evidence({"1": file}))
    assert verdict.outcome is ReleaseOutcome.AUTOMATIC
    assert verdict.outcome.approvals == 0


def places_apart(metres: float) -> RiskReport:
    return RiskReport(("age",), 5, 0, points=(Points(("age",), 9, 4, metres, 3),))


@pytest.mark.parametrize(
    ("entity", "risk", "outcome"),
    [
        ("AGE", RiskReport(("age",), 5, 0), Outcome.CLEAR),
        ("AGE", RiskReport(("age",), 4, 0), Outcome.ONE_STEWARD),
        # Another column to find people by was not combined, so that nobody knows how large the crowd is.
        ("AGE", RiskReport(("age",), 5, 0, other_quasi_identifiers=("ward",)), Outcome.ONE_STEWARD),
        ("AGE", RiskReport(("ward",), 5, 0), Outcome.ONE_STEWARD),
        # Five people in one home are no crowd.
        (
            "HOUSEHOLD_COORDINATES",
            RiskReport(("age",), 5, 0, points=(Points(("age",), 9, 6, 12.0, 3),)),
            Outcome.BLOCKED,
        ),
        (
            "HOUSEHOLD_COORDINATES",
            RiskReport(("age",), 5, 0, points=(Points(("age",), 9, 2, 1000.0, 0),)),
            Outcome.CLEAR,
        ),
        # Names and numbers point at people however often they are repeated.
        ("PERSON", RiskReport(("age",), 50, 0), Outcome.BLOCKED),
        ("HEALTH", RiskReport(("age",), 50, 0), Outcome.TWO_STEWARDS),
    ],
)
def test_who_is_hidden_in_a_crowd_needs_no_decision(entity: str, risk: RiskReport, outcome: Outcome) -> None:
    grade = {"HEALTH": "severe", "HOUSEHOLD_COORDINATES": "high"}.get(entity, "moderate")
    assert judge(report(column("age", entity, grade), risk=risk), POLICY).outcome is outcome


def test_counts_that_totals_give_away_need_two() -> None:
    risk = RiskReport(("ward",), 12, 0, counted="counts", undone=(Undone("men", 2, (1, 4)),))
    verdict = judge(report(column("ward"), risk=risk), POLICY)
    assert (verdict.outcome, verdict.reasons[0].rule) == (Outcome.TWO_STEWARDS, "counts-come-out-again")
    assert "2 small counts" in verdict.reasons[0].sentence


def with_table(**changes: object) -> FileReport:
    return replace(AGES, tables=(replace(AGES.tables[0], **changes),))


@pytest.mark.parametrize(
    ("update", "sentence"),
    [
        (with_table(columns=(*AGES.tables[0].columns, column("ward"))), "other columns"),
        (with_table(columns=(column("age", "PHONE_NUMBER", "moderate", 0.001),)), "did not hold before"),
        (with_table(columns=(column("age", "AGE", "high"),)), "graver"),
        (with_table(rows=20), "20 rows"),
        (with_table(hidden=True), "hidden"),
        (with_table(risk=RiskReport(("age",), 5, 0)), "smallest group"),
        (with_table(risk=RiskReport(("age",), 6, 2)), "only ones"),
        (with_table(risk=RiskReport(("age",), 6, 0, (SmallCell(("age",), 1, 2),))), "small groups"),
        (replace(AGES, tables=(*AGES.tables, *AGES.tables)), "2 tables"),
    ],
)
def test_an_update_that_goes_beyond_what_was_approved_waits(update: FileReport, sentence: str) -> None:
    verdict = judge_release(Evidence({"1": update}), POLICY, previous=Evidence({"1": AGES}))
    assert verdict.outcome in {ReleaseOutcome.ONE_STEWARD, ReleaseOutcome.TWO_STEWARDS}
    assert any(reason.rule == "changed" and sentence in reason.sentence for reason in verdict.reasons)


def test_a_finding_that_spreads_waits() -> None:
    before, after = (report(column("notes", "PHONE_NUMBER", "moderate", share)) for share in (0.001, 0.009))
    strict = replace(POLICY, automatic=replace(POLICY.automatic, share_growth=0.001))
    assert judge_release(Evidence({"1": after}), POLICY, previous=Evidence({"1": before})).outcome.approvals == 0
    assert judge_release(Evidence({"1": after}), strict, previous=Evidence({"1": before})).outcome.approvals == 1


def test_a_new_file_new_faults_and_a_new_phone_number_in_the_description_wait() -> None:
    approved = Evidence({"1": PLAIN})
    phone = MetadataFinding("notes", "PHONE_NUMBER", 0.9, Sensitivity.MODERATE, 0, 9, "***", "why")
    for update in (
        Evidence({"1": PLAIN, "2": PLAIN}),
        Evidence({"1": PLAIN}, quality_errors={"1": 1}),
        Evidence({"1": PLAIN}, metadata=(phone,)),
    ):
        assert judge_release(update, POLICY, previous=approved).outcome is ReleaseOutcome.ONE_STEWARD
    known = Evidence({"1": PLAIN}, metadata=(phone,))
    assert judge_release(known, POLICY, previous=known).outcome is ReleaseOutcome.AUTOMATIC


def test_another_number_in_the_same_field_is_not_known_and_changed_words_wait(tmp_path: Path) -> None:
    phone = MetadataFinding("notes", "PHONE_NUMBER", 0.9, Sensitivity.MODERATE, 0, 9, "***", "why")
    approved = Evidence({"1": PLAIN}, metadata=(phone,), texts={"notes": "+91 98765 43210"})
    assert judge_release(approved, POLICY, previous=approved).outcome is ReleaseOutcome.AUTOMATIC
    update = replace(approved, texts={"notes": "+91 98765 43211"})
    lax = load_policy(policy_file(tmp_path, automatic={"changed_words": True}))
    for policy, rules in ((POLICY, {"changed", "changed-words"}), (lax, {"changed"})):
        verdict = judge_release(update, policy, previous=approved)
        assert verdict.outcome is ReleaseOutcome.ONE_STEWARD
        assert {"changed", "changed-words"} & {reason.rule for reason in verdict.reasons} == rules
    worded = replace(approved, texts={**approved.texts, "title": "New"})
    assert judge_release(worded, lax, previous=approved).outcome is ReleaseOutcome.AUTOMATIC
    quoting = [reason for reason in judge_release(worded, POLICY, previous=approved).reasons if reason.fields]
    assert [(reason.rule, reason.fields) for reason in quoting] == [
        ("metadata", ("notes",)),
        ("changed-words", ("title",)),
    ]
    assert all(f'"{reason.fields[0]}"' in reason.sentence for reason in quoting)


FORM = {"rule": "form", "about": "quality", "outcome": "clear", "reason": "Fine."}


@pytest.mark.parametrize(
    "rules",
    [
        (),
        (FORM,),
        (
            {
                "rule": "form",
                "about": "quality",
                "when": {"errors_at_least": 9},
                "outcome": "one_steward",
                "reason": "-",
            },
        ),
    ],
)
def test_faults_that_no_rule_minds_are_no_reason_to_wait(tmp_path: Path, rules: tuple[dict[str, object], ...]) -> None:
    """A policy that says nothing about the form of tables lets an update with more errors go by itself."""
    people = {"rule": "people", "about": "column", "outcome": "one_steward", "reason": "{place}"}
    policy = load_policy(policy_file(tmp_path, rules=[people, *rules]))
    approved, update = (Evidence({"1": PLAIN}, quality_errors={"1": errors}) for errors in (0, 5))
    assert judge_release(update, policy, previous=approved).outcome is ReleaseOutcome.AUTOMATIC
    assert judge_release(update, POLICY, previous=approved).outcome is ReleaseOutcome.ONE_STEWARD


@pytest.mark.parametrize("automatic", [{"allowed": False}, {"up_to": "clear"}])
def test_a_policy_can_keep_updates_from_going_by_themselves(tmp_path: Path, automatic: dict[str, object]) -> None:
    policy = load_policy(policy_file(tmp_path, automatic=automatic))
    evidence = Evidence({"1": report(column("age", "AGE", "moderate"))})
    assert judge_release(evidence, policy, previous=evidence).outcome is ReleaseOutcome.ONE_STEWARD


grades = st.sampled_from(list(Sensitivity)[1:])
entities = st.sampled_from(["PERSON", "AGE", "HEALTH", "PHONE_NUMBER", "FREE_TEXT"])


@given(entities, grades, grades, st.floats(0, 1), st.floats(0, 1))
def test_graver_or_more_is_never_judged_milder(
    entity: str, one: Sensitivity, other: Sensitivity, share: float, more: float
) -> None:
    mild, grave = sorted((one, other), key=lambda grade: grade.rank)
    few, many = sorted((share, more))
    less = judge(report(column("c", entity, mild.value, few)), POLICY).outcome
    assert judge(report(column("c", entity, grave.value, many)), POLICY).outcome.rank >= less.rank


@given(st.lists(st.sampled_from([PLAIN, NAMES, AGES]), min_size=1, max_size=4))
def test_a_release_is_never_milder_than_its_gravest_file(files: list[FileReport]) -> None:
    verdict = judge_release(Evidence({str(n): file for n, file in enumerate(files)}), POLICY)
    gravest = max(judge(file, POLICY).outcome.rank for file in files)
    assert Outcome(verdict.outcome.value).rank >= max(gravest, Outcome.ONE_STEWARD.rank)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: [", "line 1: the policy is not valid YAML"),
        ("name: p", "at the top"),
        ("{name: p, version: '1', rules: [], colour: red}", "colour"),
        ("{name: p, version: '1', rules: [{rule: r, about: column, outcome: maybe, reason: x}]}", "rules[0].outcome"),
        (
            "{name: p, version: '1', rules: [{rule: r, about: column, outcome: clear, reason: x, when: {shade: 1}}]}",
            "shade",
        ),
        ("{name: p, version: '1', rules: [{rule: r, about: column, outcome: clear, reason: '{place'}]}", 'rule "r"'),
    ],
)
def test_a_faulty_policy_gets_one_sentence_that_names_the_place(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(InvalidPolicy) as error:
        load_policy(path)
    assert told in str(error.value)
    assert "p.yaml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_policy_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidPolicy, match=r"none\.yaml: the policy cannot be opened"):
        load_policy(tmp_path / "none.yaml")


def test_the_policy_that_ships_is_valid(tmp_path: Path) -> None:
    """It is believed unchecked when it is loaded from its own place."""
    copy = tmp_path / "copy.yaml"
    copy.write_text(DEFAULT.read_text("utf-8"), "utf-8")
    assert load_policy(copy) == load_policy()


def test_the_schema_knows_every_condition_that_the_code_tests() -> None:
    schema = yaml.safe_load(DEFAULT.with_name("schema.yaml").read_text("utf-8"))
    assert set(schema["$defs"]["when"]["properties"]) == set(TESTS)


def test_a_policy_names_itself_and_its_version() -> None:
    assert isinstance(POLICY, Policy)
    assert (POLICY.facts.name, POLICY.facts.version) == ("default", POLICY.version)


PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text("utf-8")


def test_the_page_explains_every_key_and_its_example_judges_as_it_says(tmp_path: Path) -> None:
    schema = yaml.safe_load(DEFAULT.with_name("schema.yaml").read_text("utf-8"))
    keys = [*schema["$defs"]["when"]["properties"], *schema["$defs"]["rule"]["properties"]["about"]["enum"]]
    keys += [f"{part}.{key}" for part in ("risk", "automatic") for key in schema["properties"][part]["properties"]]
    assert not [key for key in keys if f"`{key}`" not in PAGE]

    path = tmp_path / "city.yaml"
    path.write_text(PAGE.split("```yaml\n")[1].split("```")[0], "utf-8")
    city = load_policy(path)
    caste, name = column("caste", "CASTE_OR_ETHNICITY", "severe"), column("name", "PERSON", "moderate")
    consent = {"legal_basis": "dpv:ExplicitlyExpressedConsent"}
    assert judge(report(caste, name), city, declarations={}).outcome is Outcome.BLOCKED
    assert judge(report(caste), city, declarations={}).outcome is Outcome.BLOCKED
    assert judge(report(caste), city, declarations=consent).outcome is Outcome.ONE_STEWARD
    pair = report(caste, risk=RiskReport(("age",), 2, 0))
    assert judge(pair, city, declarations=consent).outcome is Outcome.TWO_STEWARDS


def test_the_policys_limits_of_risk_reach_the_scan(tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text("sex,age\n" + "f,30\n" * 7 + "m,40\n" * 9, "utf-8")
    strict = policy_file(tmp_path, risk={"k_limit": 8})
    small = [
        cell.groups
        for settings in (ScanSettings(), ScanSettings(policy=strict))
        for cell in scan_file(table, settings=settings).tables[0].risk.small_cells
    ]
    assert small == [1]
