"""The cities whose portals are known: one YAML file each in ``cities/``, no code."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Any

import yaml

City = Mapping[str, Any]


@functools.cache
def cities() -> dict[str, City]:
    """Every city by its name in commands, such as ``mexico-city``."""
    folder = resources.files("ckanext.cityportals").joinpath("cities")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    return {file.name.removesuffix(".yaml"): yaml.safe_load(file.read_text("utf-8")) for file in files}
