"""How identifiers are written: whole values against the patterns and check digits of a country pack."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import regex

from .checks import check_of
from .light import import_presidio
from .packs import Identifier

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

    Presidio takes long to import; packs have patterns for what every column is asked about.
    """
    if identifier.patterns:
        proof = check_of(identifier.check, identifier.options) or _unproven
        return Form(identifier, _compiled(identifier.patterns), proof)
    presidio = import_presidio()
    presidio.stay_offline()
    recognizer = presidio.recognizer_of(identifier)
    texts = [pattern.regex for pattern in recognizer.patterns]
    return Form(identifier, _compiled(texts), lambda text: _presidio_proof(recognizer, text))


def _compiled(texts: Iterable[str]) -> tuple[regex.Pattern[str], ...]:
    return tuple(regex.compile(text, FLAGS) for text in texts)


def _unproven(_text: str) -> None:
    return None


def _presidio_proof(recognizer: Any, text: str) -> bool | None:
    return False if recognizer.invalidate_result(text) else recognizer.validate_result(text)
