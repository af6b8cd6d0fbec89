"""Which code page a text in Latin letters has: the one under which a language of its region can spell it."""

from __future__ import annotations

import re

#: Letters beyond ASCII of the languages of western Europe.
WESTERN = (
    "áéíóúüñºª", "àâçèéêëîïôùûüÿœæ", "áâãàçéêíóôõúüºª", "àèéìíòóùúîº", "äöüßé", "åäöæøéü", "àçèéíïòóúü",
    "ëïéèöüóê", "áæéíðóöúýþ",
)  # fmt: skip
#: Letters beyond ASCII of the languages written in each code page, the likeliest page first.
LETTERS = {
    "cp1252": WESTERN,
    "cp1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýžäľĺŕôö", "áéíóöőúüű", "čćđšž", "ăâîşţ"),
    "iso8859-2": ("ąćęłńóśźż", "áčďéěíňóřšťúůýžäľĺŕôö", "áéíóöőúüű", "čćđšž", "ăâîşţ"),
    "cp1254": ("çğıiöşüâîû",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž"),
    "mac-roman": WESTERN,
    "cp850": WESTERN,
}  # fmt: skip
#: The page of nearly all files of that kind: another one must spell this much more of the text.
USUAL, MARGIN = "cp1252", 0.1
#: Share of the letters beyond ASCII that a language must know, or the text is in another script.
SPELT = 0.7
#: Share of high bytes beside another one from which a text is in another script: Latin text has them one by one.
RUNS = 0.5

HIGH = re.compile(rb"[\x80-\xff]")
RUN = re.compile(rb"[\x80-\xff]{2,}")
#: A letter, or a sign that no text has within or before a word and that therefore stands for one; dashes, quotes and
#: combining marks do not.
LETTER = re.compile(
    r"(?![\u0300-\u036f\u2010-\u2044])"
    r"(?:[^\W\d_]|(?<=[^\W\d_])[^\w\s\x00-\x7f](?=[^\W\d_])|[^\w\s\x00-\x7f¿¡«»°§](?=[^\W\d_])|[\ufffd\x80-\x9f])"
)


def latin_page(sample: bytes) -> str | None:
    """Name the code page of a text in Latin letters; None for a text in another script, or none at all."""
    high = len(HIGH.findall(sample))
    if not high or sum(map(len, RUN.findall(sample))) > RUNS * high:
        return None
    spelt = {page: _spelt(sample, page) for page in LETTERS}
    best = max(spelt, key=lambda page: spelt[page])
    page = best if spelt[best] > spelt[USUAL] + MARGIN else USUAL
    return page if spelt[page] >= SPELT else None


def _spelt(sample: bytes, page: str) -> float:
    """Share of the letters beyond ASCII that one language of the page's region knows."""
    letters = [char for char in LETTER.findall(sample.decode(page, "replace").lower()) if not char.isascii()]
    if not letters:
        return 1.0 if page == USUAL else 0.0
    return max(sum(char in known for char in letters) for known in LETTERS[page]) / len(letters)
