"""The roads by which a visitor reads what the community fields add: places, areas, words of a language, exports, looks.

Plain CKAN has none of them, so each is proven the other way round: after the release the word must be seen there.
"""

from __future__ import annotations

from typing import Any

#: What the unreleased dataset says: in its title in two languages, as the name of its place, in its file.
WORD, PALABRA, PLACE = "canaryheld", "canarypalabra", "canary-basti"
BOX = "10.0,10.0,10.4,10.4"
OUTLINE = '{"type": "Polygon", "coordinates": [[[10.1,10.1],[10.2,10.1],[10.2,10.2],[10.1,10.2],[10.1,10.1]]]}'
SEARCH = "/api/3/action/package_search"

#: name -> address; ``{name}`` is the dataset, ``{id}`` its id, ``{rid}`` its file.
READERS: dict[str, str] = {
    "place_directory": "/place/",
    "place_page": f"/place/{PLACE}",
    "place_map": f"/place/{PLACE}/map",
    "place_json": f"/place/{PLACE}.json",
    "place_geojson": f"/place/{PLACE}.geojson",
    "search_by_area": f"{SEARCH}?ext_bbox={BOX}",
    "search_page_by_area": f"/dataset/?ext_bbox={BOX}",
    "search_near_a_place": f"{SEARCH}?ext_near=Canary+Basti",
    "search_in_another_language": f"{SEARCH}?q={PALABRA}",
    "words_of_a_language": f"{SEARCH}?q=words_es:{PALABRA}",
    "fields_of_the_index": f"{SEARCH}?rows=100&fl=vocab_place,vocab_place_key,words_en,words_es,area_frames",
    "facets_of_places": f'{SEARCH}?rows=0&facet.field=["vocab_place","vocab_place_key"]',
    "page_in_spanish": "/es/dataset/{name}",
    "map_of_a_dataset": "/dataset/{name}/map",
    "look_at_a_table": "/dataset/{name}/look/{rid}",
    "map_of_rows": "/dataset/{name}/look/{rid}/map",
    "look_as_csv": "/dataset/{name}/look/{rid}.csv",
    "croissant": "/dataset/{id}/croissant.json",
    "datapackage": "/dataset/{id}/datapackage.json",
    "copy_to_take_along": "/dataset/{name}/offline",
    "first_page": "/",
}


def read(app: Any, dataset: dict[str, Any]) -> dict[str, str]:
    """Return by road everything that a visitor is answered."""
    facts = {"name": dataset["name"], "id": dataset["id"], "rid": dataset["resources"][0]["id"]}
    found = {}
    for road, address in READERS.items():
        for key, value in facts.items():
            address = address.replace(f"{{{key}}}", value)  # noqa: PLW2901 - the address as it is asked for
        found[road] = app.get(address, expect_errors=True).get_data(as_text=True)
    return found
