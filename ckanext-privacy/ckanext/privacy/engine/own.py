"""Recognizers of the user's own: Presidio's registry files (YAML), and classes named as ``module:Class``.

Their patterns go through the same prefilter as all others. A recognizer without patterns sees every distinct cell,
unless it says in an attribute ``prefilter`` which regular expressions a cell must match for it to be looked at.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from .documents import parse_yaml
from .errors import InvalidPolicy
from .packs import Identifier

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

#: Recognizers are asked whatever language they are for: tables hold many.
LANGUAGE = "en"
#: Presidio's own: case does not count, a point is any character, lines have ends.
FLAGS = 26


def fingerprint(sources: Sequence[str]) -> str:
    """Tells apart what sources hold, as long as no class changes behind its name. Raises ``InvalidPolicy``."""
    return hashlib.sha256(b"\0".join(_content(source) for source in sources)).hexdigest()


def _content(source: str) -> bytes:
    if _is_class(source):
        return source.encode()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise InvalidPolicy(f"{source}: the recognizers cannot be opened ({error.strerror}).") from error


def _is_class(source: str) -> bool:
    module, colon, name = source.partition(":")
    return bool(colon) and name.isidentifier() and all(part.isidentifier() for part in module.split("."))


def load_recognizers(sources: Sequence[str]) -> tuple[EntityRecognizer, ...]:
    """Load recognizers from files and classes. Raises ``InvalidPolicy`` with one sentence."""
    found = {}
    for source in sources:
        for each in _of_class(source) if _is_class(source) else _of_file(source):
            each.supported_language = LANGUAGE
            found[each.name, tuple(each.supported_entities)] = each
    return tuple(found.values())


def _of_class(source: str) -> Iterator[EntityRecognizer]:
    from presidio_analyzer import EntityRecognizer  # takes a second, which naming a file must not wait for

    module, _, name = source.partition(":")
    try:
        made = getattr(importlib.import_module(module), name)()
    except Exception as error:
        raise InvalidPolicy(f"{source}: the recognizer cannot be made ({error}).") from error
    if not isinstance(made, EntityRecognizer):
        raise InvalidPolicy(f"{source}: this is no class of Presidio's EntityRecognizer.")
    yield made


def _of_file(source: str) -> Iterator[EntityRecognizer]:
    from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider

    try:
        data = parse_yaml(_content(source).decode())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidPolicy(f"{source}: this is no YAML ({str(error).splitlines()[0]}).") from error
    if not isinstance(data, dict) or not isinstance(data.get("recognizers"), list):
        raise InvalidPolicy(f"{source}: a file of recognizers needs a list named recognizers.")
    try:
        recognizers = [_in_one_language(each) for each in data["recognizers"]]
        whole = {"global_regex_flags": FLAGS, **data, "supported_languages": [LANGUAGE], "recognizers": recognizers}
        provider = RecognizerRegistryProvider(registry_configuration=whole)
        yield from provider.create_recognizer_registry().recognizers
    except Exception as error:
        raise InvalidPolicy(f"{source}: Presidio does not take these recognizers ({error}).") from error


def _in_one_language(recognizer: Any) -> Any:
    """Gather the words of context of all its languages."""
    if not isinstance(recognizer, dict):
        return recognizer
    kept = {key: value for key, value in recognizer.items() if not key.startswith("supported_language")}
    languages = [each for each in recognizer.get("supported_languages") or () if isinstance(each, dict)]
    words = [*(kept.get("context") or ()), *(word for each in languages for word in each.get("context") or ())]
    return {**kept, "supported_language": LANGUAGE, **({"context": words} if words else {})}


def identifier_of(entity: str, recognizer: Any) -> Identifier:
    """What the engine assumes of an entity of the user's own: every flagged value tells, whatever the heading."""
    context = tuple(str(word) for word in getattr(recognizer, "context", None) or ())
    return Identifier(entity, "own", kind=entity, chance=0.0, alone=True, context=context)
