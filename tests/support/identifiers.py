"""Made-up identifiers: values that a country pack takes for valid, and codes of the same shape that are not."""

from __future__ import annotations

import random
import re
import re._constants as ops
import re._parser as parser
import string
from collections.abc import Iterator
from functools import cache
from itertools import islice

from faker import Faker

from ckanext.privacy.engine.packs import Identifier
from ckanext.privacy.engine.writing import Form, form_of

LETTERS, DIGITS = string.ascii_uppercase, string.digits
#: Values drawn before an identifier counts as impossible to make up.
PATIENCE = 20_000
#: Identifiers that are made of names, or of networks, which a pattern does not know: Faker's locale and method.
BY_FAKER = {"IT_FISCAL_CODE": ("it_IT", "ssn"), "CREDIT_CARD": ("en_US", "credit_card_number")}


@cache
def valid(identifier: Identifier, count: int, seed: int = 1) -> tuple[str, ...]:
    """Values that fit the identifier's patterns and pass its check digits."""
    rng, form = random.Random(seed), form_of(identifier)
    if identifier.entity in BY_FAKER:
        return _by_faker(identifier.entity, count, seed)
    made = (drawn(rng.choice(form.patterns).pattern, rng) for _ in range(PATIENCE))
    return tuple(islice(_fitting(made, form), count))


def _by_faker(entity: str, count: int, seed: int) -> tuple[str, ...]:
    locale, method = BY_FAKER[entity]
    fake = Faker(locale)
    fake.seed_instance(seed)
    return tuple(str(getattr(fake, method)()) for _ in range(count))


def _fitting(values: Iterator[str], form: Form) -> Iterator[str]:
    for value in values:
        if form.fits(value):
            yield value
            continue
        # Check digits at the end are found sooner by turning them than by drawing anew.
        yield from (turned for turned in _turned(value) if form.fits(turned))


def _turned(value: str) -> Iterator[str]:
    last = value[-1]
    for char in DIGITS if last.isdigit() else LETTERS:
        yield value[:-1] + char


def same_shape(value: str, rng: random.Random) -> str:
    """A random code with letters for letters and digits for digits."""
    return "".join(_other(char, rng) for char in value)


def _other(char: str, rng: random.Random) -> str:
    if char.isdigit():
        return rng.choice(DIGITS)
    return rng.choice(LETTERS) if char.isalpha() and char.isascii() else char


def chance(identifier: Identifier, trials: int = 4_000, seed: int = 2) -> float:
    """The share of random codes of an identifier's shape that pass for it."""
    rng, form = random.Random(seed), form_of(identifier)
    shapes = valid(identifier, 8, seed)
    passed = sum(form.fits(same_shape(rng.choice(shapes), rng)) for _ in range(trials))
    return passed / trials


def drawn(pattern: str, rng: random.Random) -> str:
    """A random text that a simple regular expression matches."""
    return _draw(_parsed(pattern), rng)


@cache
def _parsed(pattern: str) -> parser.SubPattern:
    return parser.parse(pattern.replace("(?i)", ""))


def _draw(tree: parser.SubPattern, rng: random.Random) -> str:
    return "".join(_piece(operation, argument, rng) for operation, argument in tree)


def _piece(operation: object, argument: object, rng: random.Random) -> str:
    if operation is ops.LITERAL:
        return chr(argument)
    if operation is ops.ANY:
        return rng.choice(LETTERS + DIGITS)
    if operation is ops.IN:
        return rng.choice(_members(tuple(argument)))
    if operation in (ops.MAX_REPEAT, ops.MIN_REPEAT):
        low, high, inner = argument
        # What may be there is there every other time; a number's separators all or none would be rarer still.
        times = rng.randint(low, min(high, low + 4)) if high > 1 else rng.choice((low, high))
        return "".join(_draw(inner, rng) for _ in range(times))
    if operation is ops.BRANCH:
        return _draw(rng.choice(argument[1]), rng)
    if operation is ops.SUBPATTERN:
        return _draw(argument[-1], rng)
    return ""


@cache
def _members(parts: tuple[tuple[object, object], ...]) -> list[str]:
    if parts[0][0] is ops.NEGATE:
        unwanted = set(_members(parts[1:]))
        return [char for char in LETTERS + DIGITS if char not in unwanted]
    found: list[str] = []
    for operation, argument in parts:
        if operation is ops.LITERAL:
            found.append(chr(argument))
        elif operation is ops.RANGE:
            found += [chr(code) for code in range(argument[0], argument[1] + 1)]
        elif operation is ops.CATEGORY:
            found += {ops.CATEGORY_DIGIT: DIGITS, ops.CATEGORY_SPACE: " "}.get(argument, LETTERS + DIGITS)
    return [char for char in found if re.match(r"[^a-z]", char)] or found
