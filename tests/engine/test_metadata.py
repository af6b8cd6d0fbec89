"""What a dataset says of itself is looked through, too; an office's contact is no finding, a person's is."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from ckanext.privacy.engine.findings import Sensitivity, to_dict
from ckanext.privacy.engine.metadata import scan_metadata
from ckanext.privacy.engine.remediation.redact import redactor
from ckanext.privacy.engine.spans import find_spans


def found(field: str, text: str) -> list[tuple[str, str]]:
    return [(each.entity, each.sensitivity.value) for each in scan_metadata({field: text})]


@pytest.mark.parametrize(
    ("field", "text", "entity", "grade"),
    [
        ("notes", "Questions? Call Ravi on +91 98200 12345 after six.", "PHONE_NUMBER", "moderate"),
        ("title", "Survey by asha.devi@example.org", "EMAIL_ADDRESS", "moderate"),
        ("maintainer_email", "asha.devi@example.org", "EMAIL_ADDRESS", "low"),
        ("contact_email", "openworld.ward5@gmail.com", "EMAIL_ADDRESS", "moderate"),
        ("contact_phone", "+91 98200 12345", "PHONE_NUMBER", "moderate"),
        ("resource_name", "Ration list, Aadhaar 2341 2341 2346.csv", "IN_AADHAAR", "high"),
        ("notes", "El responsable tiene DNI 12345678Z.", "ES_NIF", "high"),
    ],
)
def test_what_points_at_a_person_is_found(field: str, text: str, entity: str, grade: str) -> None:
    assert (entity, grade) in found(field, text)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("maintainer_email", "info@example.org"),
        ("contact_email", "open-data@city.example.org"),
        ("author_email", "datos.abiertos@ayuntamiento.example.es"),
        ("contact_phone", "+34 91 529 82 10"),
        (
            "notes",
            "Trees planted 2019-2020 by ISO 19115; budget 1,234,567; see https://example.org/9820012345/987654321",
        ),
        ("title", "Población por barrio 2020"),
        ("url", "https://example.org/users/@asha.devi/example.org"),
        ("notes", ""),
    ],
)
def test_offices_and_ordinary_numbers_are_no_finding(field: str, text: str) -> None:
    assert found(field, text) == []


def test_a_mail_address_is_found_within_a_web_address() -> None:
    (finding,) = scan_metadata({"url": "https://example.org/list?who=asha.devi%40gmail.com&page=2"})
    assert (finding.entity, finding.sensitivity.value) == ("EMAIL_ADDRESS", "moderate")
    assert "asha" not in finding.example


@pytest.mark.parametrize(
    "text",
    [
        "Calls 2013-2017",
        "Payments of 02-22-2019",
        "At [-76.7121992833495, 39.197116615047]",
        "Ask FireOpenData@city.example.gov",
    ],
)
def test_years_dates_degrees_and_offices_reach_nobody(text: str) -> None:
    assert scan_metadata({"notes": text}) == ()


def test_a_persons_name_in_a_contact_field_is_a_mild_finding_and_an_office_is_none() -> None:
    assert found("maintainer", "Juan Carlos Pérez Gómez") == [("PERSON", "low")]
    assert found("author", "Department of Public Works") == []
    assert found("title", "Juan Carlos Pérez Gómez") == []


def test_a_finding_says_where_and_holds_no_more_than_a_mask() -> None:
    text = "Call +91 98200 12345 or write to asha.devi@example.org."
    findings = scan_metadata({"notes": text})
    assert [text[each.start : each.end] for each in findings] == ["+91 98200 12345", "asha.devi@example.org"]
    told = str([to_dict(each) for each in findings])
    assert "98200" not in told
    assert "asha" not in told
    assert all(each.reason and each.sensitivity is Sensitivity.MODERATE for each in findings)


def test_a_long_description_takes_milliseconds_once_warm() -> None:
    fields = {"title": "Household survey", "notes": "The survey counted 1203 homes in ward 17. " * 200}
    scan_metadata(fields)
    started = time.process_time()
    scan_metadata(fields)
    assert time.process_time() - started < 0.1


def test_finds_do_not_overlap_and_come_in_order() -> None:
    spans = find_spans("a@example.org, +91 98200 12345, b@example.org; 4111 1111 1111 1111")
    assert [span.entity for span in spans] == ["EMAIL_ADDRESS", "PHONE_NUMBER", "EMAIL_ADDRESS", "CREDIT_CARD"]
    assert all(one.end <= other.start for one, other in pairwise(spans))


def test_redaction_takes_out_what_is_found_and_leaves_the_rest() -> None:
    text = "Her neighbour Rebecca Thornton (rebecca@example.org, +91 98200 12345) has 3 children."
    assert redactor()(text) == "Her neighbour [PERSON] ([EMAIL_ADDRESS], [PHONE_NUMBER]) has 3 children."
    left = "Her neighbour Rebecca Thornton (rebecca@example.org, [PHONE_NUMBER]) has 3 children."
    assert redactor(["PHONE_NUMBER"])(text) == left
    assert redactor()("nothing here") == "nothing here"
