"""The engine's sentences, made so that a page can say them again in its reader's language.

A sentence is a template, filled in. Reports hold it in English, filled in, as one string; whoever shows it finds its
template among the texts for translators (:mod:`ckanext.privacy.translation`), and with it the words of another
language. So reports stay plain, and one of last year is read in a language of next year.
"""

from __future__ import annotations

from collections.abc import Sequence

#: The values that are words of the engine, and are translated as well. All others are names and figures of the data.
WORDS = frozenset({"expected", "first", "kind", "last", "place", "reason", "remedy", "seen", "sentence", "what", "why"})


def say(template: str, /, **values: object) -> str:
    """Return the template with its values filled in. `make translations` finds the template by this function's name.

    A value that is itself a sentence or phrase of the engine has one of the names in ``WORDS``.

    >>> say("Row {row} is empty.", row=3)
    'Row 3 is empty.'
    """
    return template.format_map(values)


def to_say(template: str) -> str:
    """Return the template as it is, found for translators like those of :func:`say`: for tables of sentences."""
    return template


def listed(words: Sequence[str]) -> str:
    """Join phrases of the engine, so that each is translated and joined as another language does it.

    >>> listed(["health data", "religion", "nationality"])
    'health data, religion and nationality'
    """
    if len(words) == 1:
        return words[0]
    *before, last = words
    first = before[0]
    for word in before[1:]:
        first = say("{first}, {last}", first=first, last=word)
    return say("{first} and {last}", first=first, last=last)
