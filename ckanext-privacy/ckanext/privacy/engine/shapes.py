"""Do the cells bear out what the heading says? One small test for each kind of value, 0 (no) to 1 (yes)."""

from __future__ import annotations

import re
from collections.abc import Callable

from .country_forms import is_plate, is_postcode
from .headings import UNSPACED
from .values import CODE, DATE, DECIMAL, EMAIL, HANDLE, IMAGE, PHONE, POINT, SEXES, URL, Values

#: Days and months as digits alone: 31121980, 19801231, 311280, 1980.12.
DAYS = re.compile(
    r"(0?[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])((19|20)\d\d|\d\d)|(19|20)\d\d[.]?(0?[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])?"
)
#: Numbers of files and cases: "24/01234".
FILE_NUMBER = re.compile(r"\d{1,6}/\d{2,6}")
#: Times of day: "04:18", "23:33:00".
TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2})?( ?[ap]m)?", re.IGNORECASE)
#: A measure, and no code of a category, which a program may have written as "2.0".
FRACTION = re.compile(r"-?\d+[.,]\d*[1-9]\d*")
#: Days that people of ten to a hundred years have lived.
GROWN = (3_650, 36_600)
#: Characters from which a value is text in a script that writes as much in fewer.
DENSE = 12
#: Codes, and codes a row, up to which they are said to come again and again.
FEW, SELDOM = 5, 0.1
SCORE = 20
#: A name of an account, and nothing after it.
ACCOUNT = re.compile(HANDLE.pattern + r"\Z")
#: Levels of a chart of accounts: "5.1.02.01".
LEVELS = re.compile(r"(\d{1,3}\.){2,}\d{1,4}")


def _email(values: Values) -> float:
    if values.distinct > 0.5 and values.share(HANDLE) > 0.8:
        # What stands before the @ of one organisation's addresses.
        return 0.7
    return values.share(lambda value: "@" in value and EMAIL.search(value))


def _phone(values: Values) -> float:
    return values.share(lambda value: PHONE.search(value) and not URL.search(value))


def _birth(values: Values) -> float:
    if values.date > 0.5 or values.year > 0.5:
        return 1.0
    if values.within(1, 31):
        return 0.9
    if values.number > 0.8:
        # Other numbers are how many were born, unless they are days written without signs.
        return values.share(DAYS)
    return values.share(lambda value: any(char.isdigit() for char in value) and len(value) < 30)


def _age(values: Values) -> float:
    numbers = values.numbers()
    if numbers and values.number > 0.8:
        return 1.0 if values.within(0, 120) or _counts_days(values) else 0.0
    # Ages in words and bands: "25-34", "65 +", "43 years".
    return values.share(lambda value: len(value) < 25 and any(char.isdigit() for char in value))


def _counts_days(values: Values) -> bool:
    """Ages of grown people in whole days."""
    return values.within(*GROWN) and values.distinct > 0.3 and not values.share(FRACTION)


def _sex(values: Values) -> float:
    if values.is_sex():
        return 1.0
    if len(values.real) <= 6 and (values.within(0, 9) or _is_of_letters(values)):
        return 0.8
    # "Trans woman", "male (self-described)".
    spoken = values.share(lambda value: not SEXES.isdisjoint(re.findall(r"\w{3,}", value.lower())))
    return 0.7 if len(values.real) <= 12 and spoken > 0.5 else 0.0


def _is_of_letters(values: Values) -> bool:
    """Letters, among them two for sexes; the others say that it is unknown, or neither."""
    known = sum(1 for value in values.real if value.lower() in SEXES)
    return known >= 2 and all(len(value) == 1 for value in values.real)


def _address(values: Values) -> float:
    if values.share(lambda value: "@" in value or URL.search(value)) > 0.3 or values.date > 0.3:
        return 0.0
    return 1.0 if values.words > 1.2 or values.distinct > 0.3 else 0.5


def _coordinate(values: Values) -> float:
    if values.share(POINT) > 0.5:
        return 1.0
    return 1.0 if values.share(DECIMAL) > 0.7 and values.within(-180, 180) else 0.0


def _category(values: Values) -> float:
    measured = values.share(FRACTION) > 0.3
    return 0.0 if values.words > 12 or values.date > 0.5 or measured else 1.0


def _attribute(values: Values) -> float:
    return 1.0 if values.real else 0.0


def _amount(values: Values) -> float:
    return values.share(
        lambda value: any(char.isdigit() for char in value) and not DATE.fullmatch(value) and not TIME.fullmatch(value)
    )


def _size(values: Values) -> float:
    """How many belong to a home: small numbers, or words with a number in them."""
    if values.number > 0.8:
        return 1.0 if values.within(0, 40) else 0.0
    return values.share(lambda value: len(value) < 25 and any(char.isdigit() for char in value))


def _tenure(values: Values) -> float:
    """How a home is held, or what is paid for it; small numbers are years with a bank or a firm."""
    return 0.0 if values.within(0, 80) and len(values.real) > 2 else _category(values)


def _account(values: Values) -> float:
    return values.share(
        lambda value: sum(char.isdigit() for char in value) >= 6 and not URL.search(value) and not LEVELS.match(value)
    )


def _plate(values: Values) -> float:
    return values.share(lambda value: (CODE.fullmatch(value) and 4 <= len(value) <= 12) or is_plate(value))


def _postcode(values: Values) -> float:
    return values.share(is_postcode)


def _handle(values: Values) -> float:
    if values.category:
        return values.share(lambda value: value.startswith("@"))
    return values.share(lambda value: any(form.match(value) for form in (ACCOUNT, URL, EMAIL)) or value.startswith("@"))


def _url(values: Values) -> float:
    return values.share(URL.match)


def _image(values: Values) -> float:
    return values.share(lambda value: IMAGE.match(value) or URL.match(value))


def _identifier(values: Values) -> float:
    if len(values.real) <= FEW and values.distinct < SELDOM:
        # A few codes that come again and again are nobody's.
        return 0.0
    return values.share(
        lambda value: (
            len(value) <= 40
            and sum(char.isdigit() or char == "*" for char in value) >= 6
            and not FILE_NUMBER.fullmatch(value)
        )
    )


def _device(values: Values) -> float:
    return values.share(lambda value: len(value) >= 8 and " " not in value and any(map(str.isdigit, value)))


def _code(values: Values) -> float:
    if values.within(0, 1.5 * values.filled):
        # A number that counts the rows of this table is known nowhere else.
        return 0.0
    # A patient comes again with each diagnosis, and there are a score of patients.
    many = values.distinct > 0.2 or (values.distinct > 0.05 and len(values.real) >= SCORE)
    return values.share(lambda value: 1 < len(value) <= 64 and " " not in value) if many else 0.0


def _ip(values: Values) -> float:
    return values.share(lambda value: value.count(".") == 3 or value.count(":") >= 3)


def _text(values: Values) -> float:
    if values.category and values.distinct < 0.2:
        # What was chosen from a list was not told by anybody.
        return 0.0
    dense = values.length > DENSE and values.share(UNSPACED.search) > 0.5
    return 1.0 if dense or values.length > 25 or values.words > 3.5 else 0.0


def _names(values: Values) -> float:
    """How far the cells look like names at all; whose names they are is the classifier's to say."""
    if values.share(lambda value: "@" in value or URL.match(value)) > 0.5:
        return 0.0
    return values.letters


#: The tests by the name that entities.yaml uses.
TESTS: dict[str, Callable[[Values], float]] = {
    "names": _names,
    "email": _email,
    "phone": _phone,
    "birth": _birth,
    "age": _age,
    "sex": _sex,
    "address": _address,
    "coordinate": _coordinate,
    "category": _category,
    "attribute": _attribute,
    "amount": _amount,
    "size": _size,
    "tenure": _tenure,
    "account": _account,
    "plate": _plate,
    "postcode": _postcode,
    "handle": _handle,
    "url": _url,
    "image": _image,
    "identifier": _identifier,
    "device": _device,
    "code": _code,
    "ip": _ip,
    "text": _text,
}
