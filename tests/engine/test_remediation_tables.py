"""What a plan does to whole tables and other formats: crowds, groups, counts, records, and what it says of them."""

from __future__ import annotations

import csv
import io
import itertools
import json
import zipfile
from collections import Counter, defaultdict
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openlocationcode import openlocationcode
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from ckanext.privacy.engine.errors import InvalidPlan, UnreadableFile
from ckanext.privacy.engine.remediation import Plan, apply_plan, cleaned_name, load_plan, parse_plan, plan_data
from ckanext.privacy.engine.remediation.anonymity import least_suppression
from ckanext.privacy.engine.remediation.merging import merge
from ckanext.privacy.engine.remediation.places import grid_cells
from ckanext.privacy.engine.remediation.schema import MEASURES, VOCABULARY
from ckanext.privacy.engine.remediation.transforms import random_round, round_number

KEY = b"a key only for these tests"
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def plan(*steps: dict[str, object], **more: object) -> Plan:
    return parse_plan({"version": 1, "tables": [{"columns": list(steps), **more}]})


def write(folder: Path, text: str, name: str = "in.csv") -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder / name


def table(rows: list[dict[str, object]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))


# Crowds --------------------------------------------------------------------------------------------------------------

branches = st.lists(
    st.tuples(st.text("xyz", min_size=1, max_size=4), st.integers(1, 6)),
    min_size=1,
    max_size=15,
    unique_by=lambda b: b[0],
)


@QUICK
@given(branches, st.integers(1, 12))
def test_every_label_has_its_crowd_and_no_branch_is_told_in_part(values: list[tuple[str, int]], at_least: int) -> None:
    paths = {value: tuple(value[:length] for length in range(1, len(value) + 1)) for value, _ in values}
    found = merge(paths, dict(values), at_least)
    crowd: dict[str, int] = defaultdict(int)
    for value, size in values:
        if found[value] is not None:
            crowd[found[value] or ""] += size
            assert value.startswith(found[value] or "")
    assert all(size >= at_least for size in crowd.values())
    labels = set(crowd)
    assert not any(one != other and other.startswith(one) for one in labels for other in labels)


@QUICK
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 5)), min_size=1, max_size=60))
def test_a_grid_cell_holds_as_many_homes_as_asked(tmp_path: Path, homes: list[tuple[int, int, int]]) -> None:
    rows = [{"lat": 19 + a / 5000, "lon": 72 + b / 5000, "hh": f"h{a}-{b}", "n": n} for a, b, n in homes]
    step = {"column": "lat", "longitude": "lon", "action": "generalise_place", "metres": 100, "at_least": 4,
            "households": "hh"}  # fmt: skip
    apply_plan(write(tmp_path, table(rows)), plan(step), tmp_path / "out.csv")
    cells: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows_of(tmp_path / "out.csv"):
        cells[row["lat"], row["lon"]].add(row["hh"])
    assert all(len(each) >= 4 for (lat, _), each in cells.items() if lat)


def test_cells_of_a_grid_lie_within_each_other() -> None:
    finest = defaultdict(set)
    for step in range(400):
        cells = grid_cells(50, 19 + step / 90_000, 72 + step / 70_000)
        for coarse, fine in itertools.pairwise(cells):
            finest[fine].add(coarse)
    assert all(len(above) == 1 for above in finest.values())


def test_plus_codes_and_areas_give_way_to_those_around_them(tmp_path: Path) -> None:
    rows = [{"lat": 19.01, "lon": 72.01}] * 6 + [{"lat": 19.01, "lon": 72.21}] * 2
    step = {"column": "lat", "longitude": "lon", "action": "generalise_place", "plus_code": 8, "at_least": 5}
    apply_plan(write(tmp_path, table(rows)), plan(step), tmp_path / "out.csv")
    codes = [row["lat"] for row in rows_of(tmp_path / "out.csv")]
    assert set(codes) == {"7JFJ0000+"}
    assert all(openlocationcode.isFull(code) for code in codes)

    def square(west: float, ward: str) -> dict[str, object]:
        ring = [[west, 19], [west + 0.1, 19], [west + 0.1, 19.1], [west, 19.1], [west, 19]]
        return {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [ring]},
            "properties": {"ward": ward, "town": "T"},
        }

    areas = {"type": "FeatureCollection", "features": [square(72, "W1"), square(72.2, "W2")]}
    (tmp_path / "areas.geojson").write_text(json.dumps(areas))
    for at_least, told in ((2, {"W1", "W2"}), (5, {"T"}), (20, {""})):
        step = {"column": "lat", "longitude": "lon", "action": "generalise_place", "areas": "areas.geojson",
                "levels": ["town", "ward"], "at_least": at_least}  # fmt: skip
        written = write(tmp_path, yaml.safe_dump({"version": 1, "tables": [{"columns": [step]}]}), "plan.yaml")
        rows = [{"n": n, **row} for n, row in enumerate(rows)]
        apply_plan(write(tmp_path, table(rows)), load_plan(written), tmp_path / "out.csv")
        found = rows_of(tmp_path / "out.csv")
        assert {row["lat"] for row in found} == told
        assert "lon" not in found[0]


def test_only_a_plan_in_a_file_may_name_a_file(tmp_path: Path) -> None:
    step = {"column": "job", "action": "generalise_text", "hierarchy": "jobs.csv", "level": 2}
    with pytest.raises(InvalidPlan, match="hierarchy"):
        plan(step)
    written = write(tmp_path, yaml.safe_dump({"version": 1, "tables": [{"columns": [step]}]}), "plan.yaml")
    with pytest.raises(InvalidPlan, match=r"jobs\.csv.*cannot be opened"):
        load_plan(written)
    write(tmp_path, "nurse,care,services\nmidwife,care,services\nsmith,metal,industry\n", "jobs.csv")
    apply_plan(write(tmp_path, "job,n\nNurse,1\nsmith,2\nking,3\n"), load_plan(written), tmp_path / "out.csv")
    assert [row["job"] for row in rows_of(tmp_path / "out.csv")] == ["services", "industry", ""]


# Groups --------------------------------------------------------------------------------------------------------------


@QUICK
@given(
    st.lists(st.tuples(*[st.sampled_from(["a", "b", "c", "d", ""])] * 3), min_size=1, max_size=60),
    st.integers(2, 6),
)
def test_k_is_reached_by_blanking_and_only_small_groups_change(
    tmp_path: Path, rows: list[tuple[str, ...]], k: int
) -> None:
    text = "x,y,z,n\n" + "".join(f"{','.join(row)},{n}\n" for n, row in enumerate(rows))
    groups = {"columns": ["x", "y", "z"], "fewer_than": k, "then": "blank_least"}
    apply_plan(write(tmp_path, text), plan(small_groups=groups), tmp_path / "out.csv")
    after = [(row["x"], row["y"], row["z"]) for row in rows_of(tmp_path / "out.csv")]
    sizes = Counter(row for row in after if any(row))
    assert all(size >= k for size in sizes.values())
    before = Counter(rows)
    for old, new in zip(rows, after, strict=True):
        assert all(one == other or other == "" for one, other in zip(old, new, strict=True))
        if before[old] >= k:
            assert new == old


def test_the_fewest_cells_go_where_one_column_is_to_blame() -> None:
    groups = pl.DataFrame({"a": [1, 1, 1], "b": [1, 2, 3], "#size": [3, 3, 4]},
                          schema={"a": pl.UInt64, "b": pl.UInt64, "#size": pl.UInt32})  # fmt: skip
    found = least_suppression(groups, ["a", "b"], 5)
    assert (found["a"].sum(), found["b"].sum()) == (0, 3)


def test_people_are_counted_where_rows_repeat_them(tmp_path: Path) -> None:
    rows = [{"who": who, "ward": ward} for who, ward in [("p", "1")] * 5 + [("q", "2"), ("r", "2"), ("s", "2")]]
    for then in ("blank", "blank_least", "drop_rows"):
        groups = {"columns": ["ward"], "fewer_than": 3, "then": then, "people": "who"}
        apply_plan(write(tmp_path, table(rows)), plan(small_groups=groups), tmp_path / "out.csv")
        assert Counter(row["ward"] for row in rows_of(tmp_path / "out.csv") if row["ward"]) == {"2": 3}


def test_rows_are_dropped_and_sampled_before_groups_are_counted(tmp_path: Path) -> None:
    rows = [{"age": age, "ward": ward} for age in range(10, 30) for ward in "ab"]
    conditions = [{"column": "age", "below": 18}, {"column": "ward", "is": [" B "]}]
    report = apply_plan(write(tmp_path, table(rows)), plan(drop_rows=conditions), tmp_path / "out.csv")
    assert [row["age"] for row in rows_of(tmp_path / "out.csv")] == [str(age) for age in range(18, 30)]
    assert report.tables[0].rows_dropped == 28
    sampled = []
    for key in (KEY, KEY, b"another key for these tests"):
        apply_plan(write(tmp_path, table(rows)), plan(sample=0.5), tmp_path / "out.csv", key)
        sampled.append((tmp_path / "out.csv").read_text("utf-8"))
    assert sampled[0] == sampled[1] != sampled[2]
    assert 5 < sampled[0].count("\n") < 36


# Counts --------------------------------------------------------------------------------------------------------------


def test_a_small_count_is_not_given_away_by_its_total(tmp_path: Path) -> None:
    source = write(tmp_path, "ward,men,women,total\nnorth,40,3,43\nsouth,50,21,71\ntotal,90,24,114\n")
    counts = {"columns": ["men", "women", "total"], "fewer_than": 5}
    apply_plan(source, plan(small_counts=counts), tmp_path / "out.csv")
    text = (tmp_path / "out.csv").read_text("utf-8")
    assert text.count("<5") == 1
    assert text.count("*") >= 3
    apply_plan(source, plan(small_counts={**counts, "protect_totals": False}), tmp_path / "out.csv")
    assert "*" not in (tmp_path / "out.csv").read_text("utf-8")


def test_people_become_counts_and_dominated_sums_are_left_out(tmp_path: Path) -> None:
    rows = [{"ward": "a", "income": 100}] * 6 + [{"ward": "b", "income": 100}] * 5 + [{"ward": "b", "income": 9000}]
    rows += [{"ward": "c", "income": 1}] * 2
    rule = {"by": ["ward"], "sums": ["income"], "fewer_than": 5}
    report = apply_plan(write(tmp_path, table(rows)), plan(aggregate=rule), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text("utf-8") == "ward,count,income\na,6,600\nb,6,\nc,<5,\n"
    assert report.tables[0].rows == 14


@QUICK
@given(st.integers(0, 500), st.integers(2, 10))
def test_random_rounding_is_stable_and_near(number: int, to: int) -> None:
    rounded = int(random_round(KEY, "n", to)(str(number)) or -1)
    assert rounded % to == 0
    assert abs(rounded - number) < to
    assert random_round(KEY, "n", to)(str(number)) == str(rounded)


def test_random_rounding_keeps_the_mean() -> None:
    numbers = range(20_000)
    make = random_round(KEY, "n", 5)
    assert abs(sum(int(make(str(n)) or 0) - n for n in numbers)) / len(numbers) < 0.05


def test_numbers_are_rounded_within_their_ends() -> None:
    make = round_number(1000, bottom=0, top=50_000)
    assert [make(text) for text in ("12,345", "-7", "90000", "x")] == ["12000", "0", "50000", None]


# Other formats -------------------------------------------------------------------------------------------------------

PEOPLE = [
    {"id": n, "person": {"name": f"Zqxasha {n}", "phones": ["98200 12345", "98200 54321"]}, "age": 20 + n, "ok": True}
    for n in range(8)
]
STEPS = (
    {"column": "person.name", "action": "drop"},
    {"column": "person.phones[]", "action": "blank"},
    {"column": "age", "action": "round_number", "to": 10},
)


def test_json_keeps_its_nesting_types_and_order(tmp_path: Path) -> None:
    source = write(tmp_path, json.dumps(PEOPLE), "in.json")
    apply_plan(source, plan(*STEPS), tmp_path / "out.json")
    text = (tmp_path / "out.json").read_text("utf-8")
    found = json.loads(text)
    assert found[2] == {"id": 2, "person": {"phones": [None, None]}, "age": 20, "ok": True}
    assert [each["id"] for each in found] == list(range(8))
    assert "Zqx" not in text + (tmp_path / "out.json.schema.json").read_text("utf-8")
    assert "98200" not in text


def test_ndjson_streams_and_drops_rows(tmp_path: Path) -> None:
    source = write(tmp_path, "".join(json.dumps(each) + "\n" for each in PEOPLE), "in.ndjson")
    apply_plan(source, plan(*STEPS, drop_rows=[{"column": "id", "below": 3}]), tmp_path / "out.ndjson")
    found = [json.loads(line) for line in (tmp_path / "out.ndjson").read_text("utf-8").splitlines()]
    assert [each["id"] for each in found] == [3, 4, 5, 6, 7]
    assert "name" not in found[0]["person"]


def test_a_list_in_a_document_is_cleaned_and_another_dropped(tmp_path: Path) -> None:
    source = write(
        tmp_path, json.dumps({"title": "t", "people": PEOPLE, "staff": [{"name": "Zqxravi"}] * 2}), "in.json"
    )
    tables = [
        {"table": "people", "columns": [{"column": "person.name", "action": "drop"}]},
        {"table": "staff", "drop": True},
    ]
    apply_plan(source, parse_plan({"version": 1, "tables": tables}), tmp_path / "out.json")
    found = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert (found["title"], found["staff"], len(found["people"])) == ("t", [], 8)
    assert "Zqx" not in json.dumps(found)


def test_a_geojson_point_is_moved_and_stays_a_point(tmp_path: Path) -> None:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [72.88261 + n / 1e4, 19.07283]},
            "properties": {"n": n},
        }
        for n in range(6)
    ]
    source = write(tmp_path, json.dumps({"type": "FeatureCollection", "features": features}), "in.geojson")
    step = {"column": "geometry.coordinates", "action": "generalise_place", "metres": 1000, "longitude_first": True}
    tables = [{"table": "features", "columns": [step]}]
    apply_plan(source, parse_plan({"version": 1, "tables": tables}), tmp_path / "out.geojson")
    found = json.loads((tmp_path / "out.geojson").read_text("utf-8"))
    assert found["features"][0]["geometry"] == {"type": "Point", "coordinates": [72.88, 19.076]}
    assert [each["properties"]["n"] for each in found["features"]] == list(range(6))


def test_records_can_become_a_table(tmp_path: Path) -> None:
    source = write(tmp_path, json.dumps(PEOPLE), "in.json")
    apply_plan(source, plan(*STEPS), tmp_path / "out.csv")
    assert rows_of(tmp_path / "out.csv")[3]["age"] == "20"
    apply_plan(source, plan(*STEPS), tmp_path / "out.xlsx")
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").active["A1"].value == "id"


def test_a_cleaned_copy_has_a_name_that_can_be_written() -> None:
    assert [cleaned_name(name) for name in ("a.csv", "b.XLSX", "c.ods", "d.zip", "e")] == [
        "a.csv", "b.XLSX", "c.xlsx", "d.xlsx", "e.xlsx",
    ]  # fmt: skip


def test_number_formats_stay_where_nothing_was_changed(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["share", "age"])
    for n in range(3):
        book.active.append([n / 10, 30 + n])
        book.active.cell(n + 2, 1).number_format = "0.0%"
    book.save(tmp_path / "in.xlsx")
    apply_plan(tmp_path / "in.xlsx", plan({"column": "age", "action": "round_number", "to": 10}), tmp_path / "out.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert (sheet["A3"].number_format, sheet["A3"].value, sheet["B3"].value) == ("0.0%", 0.1, 30)


def test_a_stored_file_without_an_ending_is_cleaned_by_its_name(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["name", "n"], ["Asha", 1], ["Ravi", 2]):
        book.active.append(row)
    book.save(tmp_path / "in.xlsx")
    write(tmp_path, "name,n\nAsha,1\nRavi,2\n")
    for name in ("in.csv", "in.xlsx"):
        stored = (tmp_path / name).rename(tmp_path / f"0123{name[-3:]}".replace(".", ""))
        out = tmp_path / f"out{Path(name).suffix}"
        apply_plan(stored, plan({"column": "name", "action": "drop"}), out, name=name)
        assert b"Asha" not in out.read_bytes()


SECRET = "Zqxmeena Secret"


def full_of_hiding_places(path: Path) -> Path:
    """A workbook with one name in every place where workbooks keep more than is seen."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "People"
    for row in (["ward", "name", "n", "note"], ["a", SECRET, 1, "x"], ["b", SECRET, 2, SECRET], ["c", SECRET, 3, "y"]):
        sheet.append(row)
    sheet["A2"].comment = Comment(SECRET, SECRET)
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["D"].hidden = True
    sheet.oddHeader.center.text = SECRET
    sheet["C2"].hyperlink = f"https://example.org/{SECRET.replace(' ', '-')}"
    book.create_sheet("Old").append([SECRET])
    book["Old"].sheet_state = "veryHidden"
    book.defined_names["who"] = DefinedName("who", attr_text=f'"{SECRET}"')
    book.properties.creator = book.properties.title = book.properties.lastModifiedBy = SECRET
    book.save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("docProps/thumbnail.jpeg", SECRET)
        archive.writestr("xl/media/image1.png", SECRET)
        archive.writestr("customXml/item1.xml", f"<a>{SECRET}</a>")
        archive.writestr("xl/pivotCache/pivotCacheRecords1.xml", f'<r><x v="{SECRET}"/></r>')
    return path


def everything_in(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return b"".join(name.encode() + archive.read(name) for name in archive.namelist())


def test_nothing_of_a_dropped_column_is_left_anywhere_in_a_workbook(tmp_path: Path) -> None:
    source = full_of_hiding_places(tmp_path / "in.xlsx")
    assert everything_in(source).count(b"Zqxmeena") > 8
    tables = [{"table": "People", "columns": [{"column": "name", "action": "drop"}]}]
    cleaned = parse_plan({"version": 1, "hidden_sheets": "drop", "tables": tables})
    report = apply_plan(source, cleaned, tmp_path / "out.xlsx")
    assert b"Zqx" not in everything_in(tmp_path / "out.xlsx")
    assert "Zqx" not in (tmp_path / report.statement_file).read_text("utf-8")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["People"]
    assert [[cell.value for cell in row] for row in sheet] == [["ward", "n"], ["a", 1], ["c", 3]]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "in.xlsx", "out.xlsx", "out.xlsx.cleaning.md", "out.xlsx.schema.json",
    ]  # fmt: skip


def test_a_file_that_could_not_be_read_is_not_cleaned(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"")
    with pytest.raises(UnreadableFile):
        apply_plan(tmp_path / "in.csv", plan(), tmp_path / "out.csv")


# What is said --------------------------------------------------------------------------------------------------------


def test_the_statement_says_what_was_done_why_and_what_is_lost(tmp_path: Path) -> None:
    rows = [{"name": f"Asha Devi {n}", "age": 20 + n % 20, "note": "=1+1" if n else "=cmd()"} for n in range(40)]
    steps = (
        {"column": "name", "action": "drop", "why": "Names reach people directly."},
        {"column": "age", "action": "generalise_number", "width": 10},
    )
    report = apply_plan(write(tmp_path, table(rows)), plan(*steps), tmp_path / "out.csv")
    told = (tmp_path / report.statement_file).read_text("utf-8")
    assert "**name** was removed. Names reach people directly." in told
    assert "2 different values are left of 20" in told
    assert "begin with a sign that spreadsheets take for a formula" in told
    assert "Asha" not in told
    age = report.tables[0].changes[0]
    # Each band stands for 10 of 20 ages: 9 of 19 is lost.
    assert age.lost == pytest.approx(9 / 19, abs=1e-3)
    assert report.tables[0].lost == pytest.approx((1 + 9 / 19) / 3, abs=1e-3)
    assert rows_of(tmp_path / "out.csv")[0]["note"] == "=cmd()"


def test_the_schema_names_the_personal_data_of_each_column(tmp_path: Path) -> None:
    rows = [{"household id": f"HH-{n:04}", "phone": f"98200 {n:05}", "age": 20 + n % 50} for n in range(60)]
    steps = ({"column": "household id", "action": "pseudonymise"}, {"column": "phone", "action": "drop"})
    apply_plan(write(tmp_path, table(rows)), plan(*steps), tmp_path / "out.csv", KEY)
    schema = json.loads((tmp_path / "out.csv.schema.json").read_text("utf-8"))
    fields = {field["name"]: field for field in schema["fields"]}
    assert "dpv:PseudonymisedData" in fields["household id"]["dpv:hasPersonalData"]
    assert fields["household id"]["dpv:hasTechnicalMeasure"] == ["dpv:DeterministicPseudonymisation"]
    assert schema["@context"]["dpv"] == "https://w3id.org/dpv#"


#: Terms of DPV 2.3 and its extension PD that are used here.
DPV_2_3 = {
    "dpv": {"PersonalData", "PseudonymisedData", "DataRedaction", "Deidentification", "DeterministicPseudonymisation"},
    "pd": {
        "Name", "EmailAddress", "Contact", "HomeLocation", "OfficialID", "Household", "Age", "Gender", "Income",
        "Picture", "MedicalHealth", "Ethnicity", "Religion", "PoliticalOpinion", "Sexual",
    },
}  # fmt: skip


def test_every_term_is_one_of_the_vocabulary() -> None:
    words = yaml.safe_load(VOCABULARY.read_text("utf-8"))
    used = {*words["personal_data"].values(), words["otherwise"], words["pseudonyms"]}
    used |= {f"dpv:{term}" for term, _ in MEASURES.values()}
    assert used
    assert all(term.partition(":")[2] in DPV_2_3[term.partition(":")[0]] for term in used)


def test_a_plan_with_everything_survives_being_written_and_read() -> None:
    data = {
        "version": 1,
        "hidden_sheets": "keep",
        "tables": [
            {
                "drop_rows": [{"column": "a", "is": ["x"]}, {"column": "b", "below": 3.0}],
                "sample": 0.5,
                "columns": [{"column": "a", "action": "keep", "why": "The council decided so."}],
                "small_groups": {"columns": ["a"], "fewer_than": 5, "then": "blank_least", "people": "p"},
                "small_counts": {"columns": ["b"], "fewer_than": 10, "protect_totals": False},
                "aggregate": {"by": ["a"], "fewer_than": 10, "sums": ["b"]},
            }
        ],
    }
    assert plan_data(parse_plan(data)) == data
