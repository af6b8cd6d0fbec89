"""What readers see in their language: nothing left out where we promise all, no placeholder lost anywhere."""

from __future__ import annotations

import io
import os

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from docs import translations
from docs.translations import CORE, LANGUAGES, PACKAGES

#: English is in the code itself; Spanish is promised whole, every other language nearly so.
WHOLE = ("es",)
NEARLY = 0.95
FILES = [package.language(language) for package in PACKAGES for language in LANGUAGES]
WRITTEN = [*FILES, *sorted(CORE.glob("*/LC_MESSAGES/ckan.po"))]


def name(path):
    """A catalogue's name in a test's report."""
    return f"{path.stem}-{path.parts[-3]}"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.domain)
def test_every_text_in_the_code_is_offered_to_translators(package):
    """`make translations` has been run since a text was added or changed."""
    assert translations.ids(translations.extract(package)) == translations.ids(translations.load(package.template))


@pytest.mark.parametrize("language", WHOLE)
@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.domain)
def test_a_whole_language_lacks_nothing(package, language):
    """No reader of it meets an English sentence of ours."""
    catalog = translations.load(package.language(language), language)
    assert translations.ids(catalog) == translations.ids(translations.load(package.template))
    assert [message.id for message in translations.untranslated(catalog)] == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_language_that_is_offered_is_nearly_whole(path):
    """A reader meets English only where a text is days old."""
    assert path.exists()
    catalog = translations.load(path, path.parts[-3])
    assert len(list(translations.untranslated(catalog))) <= (1 - NEARLY) * len(translations.ids(catalog))


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_no_translation_loses_a_placeholder(path):
    """A page that fills in a number or a name finds the place for it in each language."""
    catalog = translations.load(path, path.parts[-3])
    assert [message.id for message in translations.broken(catalog)] == []
    assert [message.id for message in catalog if message.fuzzy] == []


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_all_catalogues_of_a_language_count_alike(path):
    """flask-babel reads them all by one rule: a catalogue with fewer forms than CKAN's would fall back to English."""
    rule = translations.plural_forms(path.parts[-3])
    if rule:
        assert dict(translations.load(path).mime_headers)["Plural-Forms"] == rule


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_what_is_compiled_is_what_is_written(path):
    """A .mo file that was forgotten would show yesterday's words."""
    fresh = io.BytesIO()
    write_mo(fresh, translations.load(path, path.parts[-3]))
    assert path.with_suffix(".mo").read_bytes() == fresh.getvalue()


@pytest.mark.parametrize(
    ("original", "given", "whole"),
    [
        ("Rows {first} of {rows}", "{rows} में से {first}", True),
        ("Rows {first} of {rows}", "{rows} में से {frist}", False),
        ("%(num)d record", "%(num)s record", False),
        (("{n} row", "{n} rows"), ("صف", "صفان", "{n} صفوف"), True),
        (("{n} row", "{n} rows"), ("{n} صف", "صفوف"), False),
    ],
)
def test_a_lost_placeholder_is_noticed(original, given, whole):
    """The check above can fail."""
    catalog = Catalog()
    catalog.add(original, given)
    assert (list(translations.broken(catalog)) == []) is whole


def test_ckan_offers_its_languages_and_ours(tmp_path):
    """The folder holds CKAN's own and what CKAN lacks; what is gone goes, and CKAN's translation wins."""
    locales = pytest.importorskip("ckanext.communitydata.locales")
    core, ours, joined = tmp_path / "core", tmp_path / "ours", tmp_path / "joined"
    for folder in (core / "fr", core / "__pycache__", ours / "hi", ours / "fr"):
        folder.mkdir(parents=True)
    (core / "ckan.pot").write_text("")
    locales.join(core, ours, joined)
    locales.join(core, ours, joined)
    assert {path.name: os.readlink(path) for path in joined.iterdir()} == {
        "fr": str(core / "fr"),
        "hi": str(ours / "hi"),
        "ckan.pot": str(core / "ckan.pot"),
    }
    (core / "fr").rmdir()
    (ours / "fr").rmdir()
    locales.join(core, ours, joined)
    assert not (joined / "fr").is_symlink()
