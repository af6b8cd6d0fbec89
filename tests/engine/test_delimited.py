"""Delimited text in a bad state: each file is read as a person would read it, at least as well as frictionless does."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from frictionless import FrictionlessException
from frictionless.resources import TableResource

from ckanext.privacy.engine import Limits, open_tables

Rows = list[list[str | None]]

BODY = [["1", "Ana", "x"], ["2", "Luis", "y"], ["3", "Eva", "z"], ["4", "Juan", "w"]]
HEADER = ["id", "name", "note"]


def joined(delimiter: str = ",", newline: str = "\n", header: list[str] | None = None) -> str:
    return newline.join(delimiter.join(row) for row in [header or HEADER, *BODY]) + newline


#: Name, bytes, heading, rows. What a person would see in the file.
NASTY: tuple[tuple[str, bytes, list[str], Rows], ...] = (
    ("plain", joined().encode(), HEADER, BODY),
    ("semicolon", joined(";").encode(), HEADER, BODY),
    ("tab", joined("\t").encode(), HEADER, BODY),
    ("pipe", joined("|").encode(), HEADER, BODY),
    ("colon", joined(":").encode(), HEADER, BODY),
    ("carriage-return", joined(newline="\r").encode(), HEADER, BODY),
    ("mixed-newlines", b"id,name,note\r\n1,Ana,x\n2,Luis,y\r\n3,Eva,z\r4,Juan,w\n", HEADER, BODY),
    ("no-newline-at-end", joined().rstrip().encode(), HEADER, BODY),
    ("utf-8-mark", b"\xef\xbb\xbf" + joined().encode(), HEADER, BODY),
    ("utf-16", joined().encode("utf-16"), HEADER, BODY),
    ("utf-16-be-no-mark", joined().encode("utf-16-be"), HEADER, BODY),
    ("utf-32", joined().encode("utf-32"), HEADER, BODY),
    ("utf-32-no-mark", joined().encode("utf-32-le"), HEADER, BODY),
    ("null-bytes", joined().replace("Ana", "A\0na").encode(), HEADER, BODY),
    ("sep-line", b"sep=;\r\n" + joined(";", "\r\n").encode(), HEADER, BODY),
    (
        "newline-in-quotes",
        b'id,name,note\n1,Ana,"two\nlines, one cell"\n2,Luis,"a ""b"" c"\n3,Eva,z\n',
        HEADER,
        [["1", "Ana", "two\nlines, one cell"], ["2", "Luis", 'a "b" c'], ["3", "Eva", "z"]],
    ),
    ("title-above", b"Register of 2024,,\n,,\n" + joined().encode(), HEADER, BODY),
    ("title-above-unpadded", b"Register of 2024\n\n" + joined().encode(), HEADER, BODY),
    ("notes-below", joined().encode() + b"Source: the town hall\n", HEADER,
     [*BODY, ["Source: the town hall", None, None]]),
    ("short-row", b"id,name,note\n1,Ana,x\n2,Luis\n3,Eva,z\n", HEADER, [BODY[0], ["2", "Luis", None], BODY[2]]),
    ("long-row", b"id,name\n1,Ana\n2,Luis,secret\n3,Eva\n", ["id", "name", "#3"],
     [["1", "Ana", None], ["2", "Luis", "secret"], ["3", "Eva", None]]),
    ("empty-column", b"id,,name\n1,,Ana\n2,,Luis\n3,,Eva\n", ["id", "#2", "name"],
     [["1", None, "Ana"], ["2", None, "Luis"], ["3", None, "Eva"]]),
    ("repeated-heading", b"id,name,name\n1,Ana,x\n2,Luis,y\n3,Eva,z\n", ["id", "name", "#3"], BODY[:3]),
    ("blank-lines", joined().replace("\n", "\n\n").encode(), HEADER, BODY),
    ("trailing-delimiters", joined(",", ",\n").encode(), [*HEADER, "#4"], [[*row, None] for row in BODY]),
    ("stray-quote", b'id,name,note\n1,Ana,5" pipe\n2,Luis,y\n3,Eva,z\n', HEADER,
     [["1", "Ana", '5" pipe'], BODY[1], BODY[2]]),
    ("unclosed-quote", b'id,name,note\n1,Ana,"x\n2,Luis,y\n', HEADER, [["1", "Ana", "x\n2,Luis,y\n"]]),
    ("no-heading", b"2024-01-01,12\n2024-01-02,13\n2024-01-03,15\n", ["#1", "#2"],
     [["2024-01-01", "12"], ["2024-01-02", "13"], ["2024-01-03", "15"]]),
    ("decimal-comma", b"id;share\n1;0,5\n2;0,25\n3;1,75\n", ["id", "share"],
     [["1", "0,5"], ["2", "0,25"], ["3", "1,75"]]),
    (
        "two-row-heading",
        b"person,person,place\nname,age,town\nAna,34,Lugo\nLuis,41,Vigo\nEva,29,Lugo\nJuan,50,Vigo\n",
        ["person name", "person age", "place town"],
        [["Ana", "34", "Lugo"], ["Luis", "41", "Vigo"], ["Eva", "29", "Lugo"], ["Juan", "50", "Vigo"]],
    ),
    (
        "merged-heading",
        b",Women,,Men,\ndistrict,2019,2020,2019,2020\nNorth,4,5,6,7\nSouth,8,9,1,2\nEast,3,4,5,6\n",
        ["district", "Women 2019", "Women 2020", "Men 2019", "Men 2020"],
        [["North", "4", "5", "6", "7"], ["South", "8", "9", "1", "2"], ["East", "3", "4", "5", "6"]],
    ),
)  # fmt: skip
SCRIPTS = (
    ("gb18030", "姓名,城市\n" + "王小明,北京市\n李娜,上海市\n张伟,广州市\n" * 20),
    ("big5", "姓名,城市\n" + "王小明,臺北市\n李娜,高雄市\n張偉,臺中市\n" * 20),
    ("shift_jis", "氏名,住所\n" + "山田太郎,東京都新宿区\n佐藤花子,大阪府大阪市\nすずき,なごや\n" * 20),
    ("euc-jp", "氏名,住所\n" + "山田太郎,東京都新宿区\n佐藤花子,大阪府大阪市\nすずき,なごや\n" * 20),
    ("euc-kr", "이름,도시\n" + "김철수,서울특별시\n이영희,부산광역시\n박민수,대구\n" * 20),
    ("koi8-r", "имя,город\n" + "Иван Петров,Москва\nОльга Смирнова,Казань\nСергей,Тула\n" * 20),
    ("cp1251", "имя,город\n" + "Иван Петров,Москва\nОльга Смирнова,Казань\nСергей,Тула\n" * 20),
    ("cp1253", "όνομα,πόλη\n" + "Γιώργος,Αθήνα\nΜαρία,Θεσσαλονίκη\nΝίκος,Πάτρα\n" * 20),
    ("cp1255", "שם,עיר\n" + "דוד כהן,ירושלים\nשרה לוי,חיפה\nמשה,אילת\n" * 20),
    ("cp1256", "الاسم,المدينة\n" + "محمد أحمد,القاهرة\nفاطمة علي,الإسكندرية\nحسن,طنطا\n" * 20),
    ("mac-roman", "nombre,ciudad\n" + "José Núñez,Málaga\nMaría Peña,Cádiz\nÍñigo,León\n" * 20),
    ("cp850", "nombre,ciudad\n" + "José Núñez,Málaga\nMaría Peña,Cádiz\nÍñigo,León\n" * 20),
)


def ours(path: Path) -> tuple[list[str], Rows]:
    table = open_tables(path).tables[0]
    batches = list(table.batches())
    data = pl.concat(batches, how="diagonal")
    return data.columns, [list(row) for row in data.rows()]


def theirs(path: Path) -> tuple[list[str], Rows] | None:
    resource = TableResource(path=path.name, basepath=str(path.parent))
    try:
        with resource:
            rows = [[None if cell in {None, ""} else str(cell) for cell in row.cells] for row in resource.row_stream]
            return list(resource.labels), rows
    except FrictionlessException:
        return None


@pytest.mark.parametrize(("name", "content", "heading", "rows"), NASTY, ids=[each[0] for each in NASTY])
def test_a_table_in_a_bad_state_is_read_as_a_person_would(
    tmp_path: Path, name: str, content: bytes, heading: list[str], rows: Rows
) -> None:
    path = tmp_path / f"{name}.csv"
    path.write_bytes(content)
    assert ours(path) == (heading, rows)


def test_frictionless_reads_no_table_that_we_do_not(tmp_path: Path) -> None:
    right: dict[str, set[str]] = {"ours": set(), "theirs": set()}
    for name, content, heading, rows in NASTY:
        path = tmp_path / f"{name}.csv"
        path.write_bytes(content)
        for who, found in (("ours", ours(path)), ("theirs", theirs(path))):
            if found and found[1] == rows and (found[0] == heading or who == "theirs"):
                right[who].add(name)
    assert right["theirs"] < right["ours"] == {each[0] for each in NASTY}
    assert len(right["theirs"]) >= 10  # it was asked properly


@pytest.mark.parametrize(("encoding", "text"), SCRIPTS, ids=[each[0] for each in SCRIPTS])
def test_old_encodings_of_many_scripts_are_told(tmp_path: Path, encoding: str, text: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding))
    heading, rows = ours(path)
    lines = [line.split(",") for line in text.splitlines()]
    assert [heading, *rows[:3]] == lines[:4]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_blank_lines_between_blocks_are_no_rows(tmp_path: Path, newline: str) -> None:
    """Whatever byte a block starts at, and although a row without a filled cell is one."""
    lines = ["id,note,x", *(f"{n},{'word ' * 20},y" + newline * (n % 3) for n in range(9_000)), ",,", "9,,"]
    path = tmp_path / "blank.csv"
    path.write_bytes((newline.join(lines) + newline).encode())
    data = pl.concat(open_tables(path, limits=Limits(batch=64 << 10)).tables[0].batches())
    assert data["id"].to_list() == [*map(str, range(9_000)), None, "9"]


def test_a_lone_carriage_return_ends_a_line_in_any_block(tmp_path: Path) -> None:
    lines = ["id,note", *(f"{n},word" for n in range(60_000))]
    text = "\n".join(lines[:50_000]) + "\r" + "\r\n".join(lines[50_000:])
    path = tmp_path / "mixed.csv"
    path.write_bytes(text.encode())
    data = pl.concat(open_tables(path, limits=Limits(batch=256 << 10)).tables[0].batches())
    assert data["id"].to_list() == [*map(str, range(60_000))]


def test_two_readings_of_a_table_do_not_move_each_other(tmp_path):
    """A table is read anew while an earlier reading of it goes on: each gets every row."""
    rows = 60_000
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "".join(f"{n},2\n" for n in range(rows)), "utf-8")
    table = open_tables(path).tables[0]

    first = table.batches()
    read = next(first).height + sum(batch.height for batch in table.batches()) + sum(batch.height for batch in first)

    assert read == 2 * rows
