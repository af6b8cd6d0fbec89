"""Finds the texts for translators in our YAML files. Babel calls it: see babel.cfg."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import yaml

#: The keys whose values people read, where babel.cfg names no others.
TRANSLATED = "label help_text definition release_message repeating_label"

Message = tuple[int, str, str, list[str]]


def extract(fileobj: IO[bytes], keywords: Any, comment_tags: Any, options: dict[str, Any]) -> Iterator[Message]:
    """Yield ``(line, function, text, comments)`` for each text, as Babel's extraction methods do.

    Options of babel.cfg: ``keys``, whose values are texts; ``function``, which the texts count as an argument of.
    """
    keys, function = options.get("keys", TRANSLATED).split(), options.get("function", "_")
    if function not in keywords:
        return
    for value in _texts(yaml.compose(fileobj.read().decode("utf-8"), Loader=yaml.SafeLoader), keys):
        yield value.start_mark.line + 1, function, value.value, []


def _texts(node: yaml.Node | None, keys: list[str]) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.SequenceNode):
        for part in node.value:
            yield from _texts(part, keys)
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        if key.value in keys and isinstance(value, yaml.ScalarNode):
            yield value
        else:
            yield from _texts(value, keys)
