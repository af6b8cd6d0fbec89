"""CKAN's validation of many dicts against one schema, with the schema's bookkeeping done once.

``ckan.lib.navl`` flattens the schema and sorts its keys several times for each dict, which takes longer than the
validators themselves. Here the same validators run in the same order on the same flattened data, and make the same of
it as ``ckan.lib.navl.dictization_functions.validate``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ckan.lib.navl import dictization_functions as df
from ckan.types import Context

Key = tuple[Any, ...]
Converter = Callable[..., Any]
Steps = list[tuple[Converter, int]]


def _steps(converters: list[Converter], instead: Mapping[Converter, Converter | None]) -> Steps:
    chosen = (instead.get(each, each) for each in converters)
    return [(each, each.__code__.co_argcount) for each in chosen if each is not None]


class Plan:
    """A schema, taken apart into levels: the outer dict, its resources, its tags and so on.

    :param instead: what to run in place of some validators; ``None`` leaves one out
    """

    def __init__(self, schema: dict[str, Any], instead: Mapping[Converter, Converter | None] | None = None) -> None:
        self._instead = instead or {}
        self._levels: dict[Key, dict[str, Steps]] = {}
        self._beginnings: set[Key] = set()
        self._take_apart((), schema)

    def _take_apart(self, prefix: Key, schema: dict[str, Any]) -> None:
        here = {name: _steps(each, self._instead) for name, each in sorted(schema.items()) if isinstance(each, list)}
        if here:
            self._levels[prefix] = here
        self._beginnings.update((*prefix, name)[:length] for name in here for length in range(len(prefix) + 2))
        for name, inner in schema.items():
            if isinstance(inner, dict):
                self._take_apart((*prefix, name), inner)

    def convert(self, data: dict[str, Any], schema: dict[str, Any], context: Context) -> tuple[dict[str, Any], bool]:
        """The first part of what CKAN's ``validate`` gives back, and whether there are errors.

        ``schema`` must be the plan's own, but for its ``__before`` and ``__after``.
        """
        empty = [key for key, value in data.items() if value == []]
        flattened = df.flatten_dict(data, schema=schema)
        members: Any = {**context, "schema_keys": list(schema), "extras": len(data.get("extras") or ())}
        run = _Run(members)
        places = self._places(flattened)
        run.data = self._augmented(flattened, places)
        run.errors = {(*place, name): [] for place in places for name in self._levels[place[::2]]}
        self._run_all(run, places, schema)
        converted = df.unflatten(run.data)
        converted.update((key, []) for key in empty if key not in converted)
        return converted, any(run.errors.values())

    def _places(self, data: Mapping[Key, Any]) -> list[Key]:
        """Where in the data a level of the schema applies, in CKAN's order: ``()``, ``("resources", 0)`` …"""
        found: dict[Key, None] = {(): None}
        for place in sorted({key[:-1] for key in data}, key=lambda each: (len(each), each)):
            if place[::2] in self._levels and place[:-2] in found:
                found[place] = None
        return list(found)

    def _augmented(self, data: dict[Key, Any], places: list[Key]) -> dict[Key, Any]:
        """The data with what the schema does not know set aside and what it knows but lacks marked as missing."""
        known, augmented, junk = set(places), dict(data), {}
        for key, value in data.items():
            place, name = key[:-1], key[-1]
            if place in known and name in self._levels[place[::2]]:
                continue
            if key[::2] in self._beginnings and value != []:
                raise df.DataError(f"Only lists of dicts can be placed against subschema {key}, not {type(value)}")
            if place in known:
                augmented.setdefault((*place, "__extras"), {})[name] = value
            else:
                junk[key] = value
            del augmented[key]
        if junk:
            augmented[("__junk",)] = junk
        for place in places:
            for name in self._levels[place[::2]]:
                if not name.startswith("__"):
                    augmented.setdefault((*place, name), df.missing)
        return augmented

    def _run_all(self, run: _Run, places: list[Key], schema: dict[str, Any]) -> None:
        outer = {name: _steps(schema[name], self._instead) for name in ("__before", "__after") if name in schema}
        self._run_named(run, places, "__before", outer)
        for place in places:
            for name, steps in self._levels[place[::2]].items():
                if not name.startswith("__"):
                    run.convert((*place, name), steps)
        self._run_named(run, places, "__extras", {})
        self._run_named(run, list(reversed(places)), "__after", outer)
        junk = self._levels[()].get("__junk")
        if junk is not None:
            run.errors.setdefault(("__junk",), [])
            run.convert(("__junk",), junk)

    def _run_named(self, run: _Run, places: list[Key], name: str, outer: Mapping[str, Steps]) -> None:
        for place in places:
            steps = outer.get(name) if not place and name in outer else self._levels[place[::2]].get(name)
            if steps is not None:
                run.errors.setdefault((*place, name), [])
                run.convert((*place, name), steps)


class _Run:
    """One dict on its way through its validators."""

    data: dict[Key, Any]
    errors: dict[Key, list[Any]]

    def __init__(self, context: Context) -> None:
        self.context = context

    def convert(self, key: Key, steps: Steps) -> None:
        """Run a key's validators until one says stop."""
        try:
            for converter, arguments in steps:
                self._call(converter, arguments, key)
        except df.StopOnError:
            return

    def _call(self, converter: Converter, arguments: int, key: Key) -> None:
        data = self.data
        try:
            if arguments == 1:
                data[key] = converter(data.get(key))
            elif arguments == 2:
                data[key] = converter(data.get(key), self.context)
            else:
                converter(key, data, self.errors, self.context)
        except df.Invalid as error:
            self.errors[key].append(error.error)


def convert_from_extras(key: Key, data: dict[Key, Any], errors: dict[Key, list[Any]], context: Context) -> None:
    """As CKAN's converter of this name, without looking through the whole dataset for each field."""
    place = 0
    for place in range(context["extras"]):  # type: ignore[typeddict-item]
        if data.get(("extras", place, "key")) == key[-1]:
            break
    else:
        return
    data[key] = data[("extras", place, "value")]
    for name in [each for each in data if each[:2] == ("extras", place)]:
        del data[name]
