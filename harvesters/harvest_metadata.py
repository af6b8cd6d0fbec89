"""Where a dataset came from, as ckanext-harvest adds it to the search index."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class HarvestMetadata:
    """A dataset's current harvest object and its source."""

    object_id: str
    source_id: str
    source_title: str

    def add_to(self, document: dict[str, Any]) -> dict[str, Any]:
        """The document as ckanext-harvest's ``before_dataset_index`` returns it."""
        if isinstance(document.get("status"), dict):
            document["status"] = json.dumps(document["status"])
        members = {
            "harvest_object_id": self.object_id,
            "harvest_source_id": self.source_id,
            "harvest_source_title": self.source_title,
        }
        for form in ("data_dict", "validated_data_dict"):
            document[form] = json.dumps(_with(json.loads(document[form]), members))
        return {**members, **document}


def _with(dataset: dict[str, Any], members: dict[str, str]) -> dict[str, Any]:
    """Members the dataset has are set there, others among its extras."""
    for key, value in members.items():
        if key in dataset:
            dataset[key] = value
            continue
        dataset["extras"] = dataset.get("extras") or []
        known = next((each for each in dataset["extras"] if each.get("key") == key), None)
        if known:
            known["value"] = value
        else:
            dataset["extras"].append({"key": key, "value": value})
    return dataset
