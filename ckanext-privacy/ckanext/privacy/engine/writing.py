"""How identifiers are written: whole values against the patterns and check digits of a country pack."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from typing import Any

import regex

from .checks import check_of
from .light import import_presidio
from .packs import Identifier, identifiers
from .store import code_digest, kept

FLAGS = regex.DOTALL | regex.MULTILINE | regex.IGNORECASE


@dataclass(frozen=True)
class Form:
    """How an identifier is written: compiled patterns, and its proof.

    ``proof`` says of a match that it is valid, that it is not, or None where nobody can tell.
    """

    identifier: Identifier
    patterns: tuple[regex.Pattern[str], ...]
    proof: Callable[[str], bool | None]

    def fits(self, text: str) -> bool:
        """Whether a whole value is written like the identifier, and its check digits do not disprove it."""
        return any(pattern.fullmatch(text) for pattern in self.patterns) and self.proof(text) is not False


@cache
def form_of(identifier: Identifier) -> Form:
    """Compile an identifier: its patterns in the pack, else those of the recognizer of Presidio that it names.

    Presidio takes long to import: its patterns are kept on disk, and only what fits one of them is shown to it.
    """
    if identifier.patterns:
        proof = check_of(identifier.check, identifier.options) or _unproven
        return Form(identifier, _compiled(identifier.patterns), proof)
    return Form(identifier, _compiled(patterns_of_presidio()[identifier.entity]), partial(_presidio_proof, identifier))


@cache
def patterns_of_presidio() -> dict[str, list[str]]:
    """Patterns of all recognizers of Presidio that packs name, by entity."""
    return kept(("patterns of Presidio", code_digest(), version("presidio-analyzer")), _read_presidio)


def _read_presidio() -> dict[str, list[str]]:
    named = (each for each in identifiers().values() if not each.patterns and each.presidio)
    return {each.entity: [one.regex for one in getattr(_recognizer(each), "patterns", ())] for each in named}


@cache
def _recognizer(identifier: Identifier) -> Any:
    presidio = import_presidio()
    presidio.stay_offline()
    return presidio.recognizer_of(identifier)


def _compiled(texts: Iterable[str]) -> tuple[regex.Pattern[str], ...]:
    return tuple(regex.compile(text, FLAGS) for text in texts)


def _unproven(_text: str) -> None:
    return None


def _presidio_proof(identifier: Identifier, text: str) -> bool | None:
    recognizer = _recognizer(identifier)
    return False if recognizer.invalidate_result(text) else recognizer.validate_result(text)
