"""Searching with the real Solr: every language by the stems of its words, and by area."""

from __future__ import annotations

import json

import pytest
from ckan.tests import factories, helpers
from support.releasing import release

from ckanext.communitydata import area_search, search_index
from ckanext.communitydata.fields import FieldError

#: A title in each language, and words in other forms than there, each of which must find it.
TITLES = {
    "en": ("Households without toilets", ["household", "toilet"]),
    "es": ("Hogares encuestados en las colonias", ["hogar", "encuestado", "colonia"]),
    "pt": ("Moradores das favelas e saneamento", ["morador", "favela"]),
    "fr": ("L'enquête sur les logements insalubres", ["enquêtes", "logement", "insalubre"]),
    "it": ("Censimento dell'acqua nelle abitazioni", ["acqua", "abitazione"]),
    "nl": ("Woningen zonder riolering", ["woning"]),
    "ca": ("Habitatges sense l'aigua corrent", ["habitatge", "aigua"]),
    "ar": ("مسح الأسر في الأحياء", ["أسر", "أحياء", "الاسر"]),
    "hi": ("बस्तियों में शौचालयों की गिनती", ["बस्ती", "शौचालय"]),
    "mr": ("घरांमध्ये पाण्याची सोय", ["घर", "घरात", "पाणी"]),
    "zh": ("贫民区供水调查报告", ["供水", "调查报告", "贫民区"]),
}
SQUARE = '{"type": "Polygon", "coordinates": [[[73.80,18.50],[73.90,18.50],[73.90,18.60],[73.80,18.60],[73.80,18.50]]]}'
#: A strip along the west and the south of a square: its frame is mostly empty.
CORNER = json.dumps(
    {
        "type": "Polygon",
        "coordinates": [
            [
                [-99.3, 19.2],
                [-99.0, 19.2],
                [-99.0, 19.23],
                [-99.27, 19.23],
                [-99.27, 19.5],
                [-99.3, 19.5],
                [-99.3, 19.2],
            ]
        ],
    }
)


def found(**query: object) -> list[str]:
    """Names of the records that a search finds, drafts of the organisation among them."""
    return sorted(
        each["name"] for each in helpers.call_action("package_search", include_private=True, **query)["results"]
    )


@pytest.fixture
def described(community):
    """Two records: one with its title in every language, in Pune; one in English alone, in Mexico City."""
    shared = {"owner_org": community["organization"]["id"], "user": community["officer"], "data_about": ["facilities"]}
    titles = {code: title for code, (title, _words) in TITLES.items()}
    area = {"text": "Parvati Paytha, Pune", "geom": SQUARE}
    everywhere = factories.Dataset(name="everywhere", title_translated=titles, spatial_coverage=[area], **shared)
    area = {"text": "Ribera", "uri": "https://www.wikidata.org/entity/Q1", "geom": CORNER}
    factories.Dataset(name="elsewhere", title_translated={"en": "Trees"}, spatial_coverage=[area], **shared)
    return everywhere


def test_a_record_is_found_in_each_of_its_languages_by_other_forms_of_its_words(described):
    """A plural finds the singular, with or without an article, an accent or a case ending; a name beside them too."""
    queries = [(code, word) for code, (_title, words) in TITLES.items() for word in words]
    missed = [query for query in queries if found(q=query[1]) != ["everywhere"]]
    assert missed == []
    assert set(TITLES) == set(search_index.STEMMED)
    assert found(q="hogar Paytha") == ["everywhere"]
    assert found(q="供水 Pune") == ["everywhere"]
    assert found(q="水供") == []
    assert found(q="tree") == ["elsewhere"]
    assert found(q="hogar trees") == []
    assert found(q='"sin agua"') == []


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"ext_bbox": "73,18,74,19"}, ["everywhere"]),
        ({"ext_west": "-100", "ext_south": "19", "ext_east": "-98", "ext_north": "20"}, ["elsewhere"]),
        ({"ext_bbox": "-99.1,19.4,-99.05,19.45"}, []),
        ({"ext_bbox": "-180,-90,180,90"}, ["elsewhere", "everywhere"]),
        ({"ext_bbox": "170,-10,-170,10"}, []),
        ({"ext_bbox": "1,2,3"}, None),
        ({"ext_bbox": "1,50,3,40"}, None),
        ({"ext_near": "Atlantis"}, []),
    ],
)
def test_records_are_found_by_the_area_they_touch(described, asked, names):
    """The outline counts, not the frame around it; what is no frame is refused in words."""
    if names is None:
        with pytest.raises(Exception, match=r"degrees|globe"):
            found(extras=asked)
        return
    assert found(extras=asked) == names


def test_near_a_place_is_what_lies_within_the_kilometres_given(described, app):
    """The place is one that a public record says where it is; without a script, on the search page."""
    assert found(extras={"ext_near": "Paytha"}) == []  # nothing is public yet
    release(described["id"])
    assert found(extras={"ext_near": "parvati paytha pune"}) == ["everywhere"]
    assert found(extras={"ext_near": "Paytha", "ext_km": "20"}) == ["everywhere"]
    body = app.get("/dataset/?ext_near=Atlantis").body
    assert "No public record says where “Atlantis” is." in body
    assert "Households without toilets" in app.get("/dataset/?ext_near=Paytha&ext_km=3").body


def test_the_exact_area_is_not_kept_where_nobody_said_how_exact_it_may_be(community):
    """A home that was drawn before that question was answered is a block from the first draft on."""
    home = '{"type": "Point", "coordinates": [73.851234, 18.496543]}'
    user = {"user": community["officer"]["name"]}
    shared = {"owner_org": community["organization"]["id"], "state": "draft"}
    for name, said in (("nothing-said", {}), ("people", {"data_about": ["households"]})):
        made = helpers.call_action(
            "package_create",
            user,
            name=name,
            title=name,
            spatial_coverage=[{"text": "P", "geom": home}],
            **said,
            **shared,
        )
        assert "851234" not in json.dumps(made)
    activities = helpers.call_action("package_activity_list", id="people", include_hidden_activity=True)
    assert "851234" not in json.dumps(activities)


def test_what_is_asked_is_read_in_every_spelling():
    """A comma for the decimals, too many kilometres, edges one by one; and what cannot be read is said."""
    assert area_search.read({"ext_near": " Pune ", "ext_km": "2,5"}) == area_search.Asked(None, "Pune", 2.5)
    assert area_search.read({"ext_near": "Pune", "ext_km": "99999"}).kilometres == area_search.MOST_KILOMETRES
    assert area_search.widened((73.0, 18.0, 73.0, 18.0), 111.32) == pytest.approx((71.949, 17, 74.051, 19), abs=0.02)
    for wrong in (
        {"ext_bbox": "a,b,c,d"},
        {"ext_west": "1"},
        {"ext_bbox": "0,0,nan,1"},
        {"ext_near": "x", "ext_km": "far"},
    ):
        with pytest.raises(FieldError):
            area_search.read(wrong)
