"""Make a mapped record fit a catalogue: the last step for records of every kind of portal.

What would be refused or would break the search index is shortened, mended or left out with a sentence, so that no
record is lost to it. Plain Python: nothing here knows CKAN or a network.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ckanext.cityportals.mapping import Mapped, plain_line, without_empty
from ckanext.privacy.engine.sentences import say

TITLE_LENGTH, NAME_LENGTH, FORMAT_LENGTH = 500, 500, 60
#: texts in rows and lists, which can be searched for as a whole
WORDS_LENGTH = 1_000
_OF_WORDS = frozenset({"publisher", "contact", "theme", "spatial_coverage", "temporal_coverage", "city", "country"})
_SHAPES = frozenset({"geom", "bbox"})
#: longer addresses do not fit into the search index
ADDRESS_LENGTH = 8_000
#: where files can lie; anything else, such as a script or a drive, is no address of one
_FILE_ADDRESS = re.compile(r"(?:https?|ftps?|sftp|s3|gs)://[^\s/]", re.IGNORECASE)
_WHOLE_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_LARGEST_SIZE = 2**63 - 1


def fit(mapped: Mapped, identifier: str) -> Mapped:
    """The record as this catalogue can hold it.

    :param identifier: the portal's own, by which a record without a title is called
    """
    dataset, warnings = dict(mapped.dataset), list(mapped.warnings)
    dataset |= _titles(dataset, identifier, warnings)
    if len(str(dataset.get("url", ""))) > ADDRESS_LENGTH:
        warnings.append(say("The address of the page is too long for this catalogue and was left out."))
        del dataset["url"]
    dataset |= {name: _cut(value, warnings) for name, value in dataset.items() if name in _OF_WORDS}
    if "resources" in dataset:
        dataset["resources"] = [each for file in dataset["resources"] for each in _file(file, warnings)]
    return replace(mapped, dataset=without_empty(dataset), warnings=warnings)


def _cut(values: Any, warnings: list[str]) -> Any:
    """Texts and rows with no text longer than one can be searched for; shapes of places are none."""
    if isinstance(values, list):
        return [_cut(each, warnings) for each in values]
    if isinstance(values, dict):
        return {name: each if name in _SHAPES else _cut(each, warnings) for name, each in values.items()}
    if not isinstance(values, str) or len(values) <= WORDS_LENGTH:
        return values
    warnings.append(say("A text is too long for this catalogue and was cut: {text}", text=values[:60]))
    return values[:WORDS_LENGTH].strip()


def _titles(dataset: dict[str, Any], identifier: str, warnings: list[str]) -> dict[str, Any]:
    """The title in one line, in each of its languages; the identifier where there is none."""
    said = dataset.get("title_translated") or {}
    translated = without_empty({code: _short(text, warnings) for code, text in said.items()})
    title = _short(dataset.get("title", ""), warnings) or next(iter(translated.values()), "")
    if not title and identifier:
        warnings.append(say("The record has no title; it is called by its identifier."))
        title = identifier[:TITLE_LENGTH]
    return {"title": title, "title_translated": translated}


def _short(title: Any, warnings: list[str]) -> str:
    line = plain_line(str(title))
    if len(line) > TITLE_LENGTH:
        warnings.append(say("The title is too long for this catalogue and was cut."))
    return line[:TITLE_LENGTH].strip()


def _file(file: dict[str, Any], warnings: list[str]) -> list[dict[str, Any]]:
    """A file as CKAN takes it; none where its address leads nowhere."""
    url = str(file.get("url") or "").strip()
    url = f"http://{url}" if url.startswith("www.") else url
    if len(url) > ADDRESS_LENGTH:
        warnings.append(
            say("The address of a file is too long for this catalogue; the file was left out: {url}", url=url[:60])
        )
        return []
    if url and not _FILE_ADDRESS.match(url):
        warnings.append(say("The address of a file is not a web address; the file was left out: {url}", url=url[:60]))
        return []
    moment = str(file.get("last_modified") or "")
    fitted = {
        **file,
        "url": url,
        "name": plain_line(str(file.get("name") or ""))[:NAME_LENGTH],
        "format": str(file.get("format") or "")[:FORMAT_LENGTH],
        "size": _bytes(file.get("size")),
        "last_modified": moment if _WHOLE_DAY.match(moment) else "",
    }
    return [without_empty(fitted)]


def _bytes(size: Any) -> int | None:
    """A file's size where it is a number of bytes; words such as ``1.2 MB`` say too little."""
    try:
        number = int(float(size))
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 < number <= _LARGEST_SIZE else None
