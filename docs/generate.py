"""Writes the reference pages from the code: configuration, API, leak table, fields, detectors. Run by `make docs`.

A test compares the pages with what this module would write, so no option, action or attack can go undocumented.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PACKAGES = {
    "Privacy gate and scanner": ROOT / "ckanext-privacy/ckanext/privacy",
    "Community data": ROOT / "ckanext-communitydata/ckanext/communitydata",
    "City portals": ROOT / "harvesters",
}
ACTION_PREFIXES = ("privacy_", "communitydata_", "cityportals_")
GENERATED = "<!-- Written by `make docs` from the code; edit the code instead. -->"

CONFIGURATION_INTRO = f"""{GENERATED}
# Configuration

All options go into CKAN's ini file, below `[app:main]`. Each has a declared type and default; CKAN's own
`ckan config describe privacy` shows the same text. [Installing](install.md#released-files-on-s3) tells how to keep
released files on an object store.
"""

API_INTRO = f"""{GENERATED}
# API

Every action is called by `POST /api/3/action/NAME` with a JSON body, and an `Authorization` header that holds an API
token where a log-in is needed. Core's own actions keep working: what they may show or change is decided by the gate.
"""

FIELDS_INTRO = f"""{GENERATED}
# Fields

What can be said about a dataset, a file and a city practice, in the order of the forms.
[schema.md](schema.md) says how values are kept and what the columns mean. A field without an entry under RDF is written
by ckanext-dcat under DCAT's own name, or has none.
"""

ENGINE = PACKAGES["Privacy gate and scanner"] / "engine"
DETECTORS_INTRO = f"""{GENERATED}
# What the scanner looks for

A column is judged by its heading, by its cells, and by the columns beside it. An identifier with check digits counts
where more of a column's values pass than chance explains: **chance** below is the share of random codes of the same
shape, letters for letters and digits for digits, that pass (measured by `tests/support/identifiers.py`; a test
compares). One without check digits, or that companies share, is looked for only under a heading that names it
(**heading**); **alone** means that a column of them is found without one, **written so** that its way of writing tells.
How the chance is weighed stands in [decisions.md](decisions.md). No scan proves that data is safe: what is listed here
is what was looked for.
"""

ATTACK = ROOT / "tests/support/leaks"
LEAKS_INTRO = f"""{GENERATED}
# The leak table

`tests/integration/test_leaks.py` writes a word into a catalogue by each road below, and then reads everything that a
visitor, a user of no organisation and a member who may not edit can read. Each road is tried twice: on plain CKAN the
word **must** be seen, which proves that the attack is real; behind the gate nobody may see it, while what was released
stays readable.
"""
LEAKS_OF_PLACES = """`tests/integration/test_leaks_of_places.py` reads by each of these roads before a release, while
it is in force, and after it has ended: only in between may anything be seen, and then on every road.
"""


def configuration_page() -> str:
    """Every option of every `config_declaration.yaml`, grouped as there."""
    parts = [CONFIGURATION_INTRO]
    for title, folder in PACKAGES.items():
        declaration = yaml.safe_load((folder / "config_declaration.yaml").read_text(encoding="utf-8"))
        parts.append(f"## {title}\n")
        parts += [_option(option) for group in declaration["groups"] for option in group.get("options", [])]
    return "\n".join(parts)


def declared_options() -> list[str]:
    """Keys of all options."""
    pages = [yaml.safe_load((folder / "config_declaration.yaml").read_text("utf-8")) for folder in PACKAGES.values()]
    return [option["key"] for page in pages for group in page["groups"] for option in group.get("options", [])]


def _option(option: dict[str, Any]) -> str:
    default = option.get("default")
    facts = [f"type: {option.get('type', 'base')}"]
    facts.append("no default" if default in (None, "") else f"default: `{default}`")
    if "example" in option:
        facts.append(f"example: `{option['example']}`")
    text = " ".join(str(option.get("description", "")).split())
    return f"### `{option['key']}`\n\n{text}\n\n*{'; '.join(facts)}*\n"


def api_page() -> str:
    """Every action with its docstring."""
    parts = [API_INTRO]
    for title, folder in PACKAGES.items():
        actions = sorted(actions_in(folder), key=lambda action: action.name)
        if actions:
            parts.append(f"## {title}\n")
            parts += [_action(action) for action in actions]
    return "\n".join(parts)


def actions_in(folder: Path) -> Iterator[ast.FunctionDef]:
    """The public functions of `logic/action.py`, or of the modules in `logic/action/`."""
    for path in sorted((folder / "logic").glob("action*/**/*.py")) + sorted((folder / "logic").glob("action*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith(ACTION_PREFIXES):
                yield node


def _action(action: ast.FunctionDef) -> str:
    lines = inspect.cleandoc(ast.get_docstring(action) or "").splitlines()
    return f"### `{action.name}`\n\n" + "\n".join(_markdown(line) for line in lines) + "\n"


def _markdown(line: str) -> str:
    """A line of a docstring; the fields of Sphinx become a list."""
    line = re.sub(r"^:param (\w+): ", r"- **`\1`**: ", line)
    return re.sub(r"^:returns?: ", "- **result**: ", line)


def leaks_page() -> str:
    """Every road of writing with its test, and every road of reading."""
    writing = ast.parse((ATTACK / "writing.py").read_text(encoding="utf-8"))
    said = {node.name: ast.get_docstring(node) or "" for node in writing.body if isinstance(node, ast.FunctionDef)}
    tests = ("test_what_is_written_leaks_without_the_gate", "test_what_is_written_stays_behind_the_gate")
    rows = [f"| `{road}` | {said[road]} | `{tests[0]}[{road}]`, `{tests[1]}[{road}-…]` |" for road in _roads(writing)]
    table = ["| road | what is tried | tests |", "|---|---|---|", *rows]
    readers = ", ".join(f"`{name}`" for name in _readers())
    reading = (
        "Each has `test_what_is_read_shows_only_releases[…]`, and `test_what_is_read_leaks_without_the_gate[…]` unless "
        "plain CKAN has no such place (`OF_THE_GATE`)."
    )
    community = ", ".join(f"`{name}`" for name in _readers("places.py"))
    return "\n".join([
        LEAKS_INTRO, "## Writing\n", *table, "\n## Reading\n", reading, "", readers, "",
        "## Reading what the community fields add\n", LEAKS_OF_PLACES, community, "",
    ])  # fmt: skip


def _roads(module: ast.Module) -> list[str]:
    """Names in the tuple ``ROADS``, in their order."""
    return [element.id for element in _assigned(module, "ROADS").elts]


def _readers(name: str = "reading.py") -> list[str]:
    """Keys of the dict ``READERS`` of a module, in their order."""
    module = ast.parse((ATTACK / name).read_text(encoding="utf-8"))
    return [key.value for key in _assigned(module, "READERS").keys]


def _assigned(module: ast.Module, name: str) -> Any:
    for node in module.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return getattr(node, "value", None)
    raise LookupError(f"{name} is not assigned in {ATTACK}.")


def fields_page() -> str:
    """Every field of both types, and of a file."""
    parts = [FIELDS_INTRO]
    for title, schema, key in (
        ("Fields of `dataset`", "dataset", "dataset_fields"),
        ("Fields of a file", "dataset", "resource_fields"),
        ("Fields of `city-practice`", "city_practice", "dataset_fields"),
    ):
        declared = yaml.safe_load((PACKAGES["Community data"] / f"schemas/{schema}.yaml").read_text(encoding="utf-8"))
        head = ["| field | question | preset or list | needed for release | RDF |", "|---|---|---|---|---|"]
        rows = [row for field in declared[key] for row in _field_rows(field)]
        parts += [f"## {title}\n", *head, *rows, ""]
    return "\n".join(parts)


def _field_rows(field: dict[str, Any], inside: str = "") -> Iterator[str]:
    rule = field.get("required_for_release", "")
    needed = "always" if rule is True else str(rule).replace("_", " ")
    kind = field.get("vocabulary") or str(field.get("preset", "text")).removeprefix("community_")
    rdf = f"`{field['rdf']}`" if "rdf" in field else ""
    yield f"| `{inside}{field['field_name']}` | {field['label']} | {kind} | {needed} | {rdf} |"
    for part in field.get("repeating_subfields", []):
        yield from _field_rows(part, f"{field['field_name']}[].")


def detectors_page() -> str:
    """Every kind of thing about people, the languages of headings, and every identifier by country."""
    kinds = _yaml(ENGINE / "lexicon/entities.yaml")
    lexicon = _yaml(ENGINE / "lexicon/headings.yaml")
    parts = [DETECTORS_INTRO, "## Kinds\n", "| kind | what | how grave | heading understood in |", "|---|---|---|---|"]
    for entity, facts in kinds.items():
        spoken = lexicon.get("COORDINATES" if entity == "HOUSEHOLD_COORDINATES" else entity, {}).get("words", {})
        only = "; where a row stands for a person" if facts.get("people") else ""
        parts.append(f"| `{entity}` | {facts['label']}{only} | {facts['sensitivity']} | {' '.join(sorted(spoken))} |")
    parts.append("\n## Identifiers by country\n")
    for path in sorted((ENGINE / "countries").glob("*.yaml"), key=lambda path: _yaml(path)["name"]):
        parts += _country_rows(_yaml(path))
    return "\n".join(parts)


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _country_rows(pack: dict[str, Any]) -> Iterator[str]:
    yield f"### {pack['name']}\n"
    yield "| identifier | what | found | chance | proof | source |"
    yield "|---|---|---|---|---|---|"
    for each in pack["identifiers"]:
        found = "alone" if each.get("alone") else "written so" if each.get("written") else "heading"
        proof = each.get("presidio") or each.get("check") or "form"
        label = each.get("label") or each["entity"].replace("_", " ").lower()
        source = each.get("source", "")
        yield f"| `{each['entity']}` | {label} | {found} | {each.get('chance', 1):.2%} | `{proof}` | {source} |"
    yield ""


def pages() -> dict[Path, str]:
    """Each page's path and the text it should have."""
    written = {
        "configuration.md": configuration_page,
        "api.md": api_page,
        "leaks.md": leaks_page,
        "fields.md": fields_page,
        "detectors.md": detectors_page,
    }
    return {DOCS / name: page() for name, page in written.items()}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
