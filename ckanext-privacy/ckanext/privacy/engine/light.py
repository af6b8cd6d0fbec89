"""Import Presidio without spaCy's weight.

Presidio imports spaCy and thinc for language models that the engine does not use, and that takes most of a scan's
start: 3.5 of 4.5 seconds where it was measured. Its e-mail recognizer imports an HTTP client for a list that is
installed. What of these is not loaded already is stood in for, during the import alone.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable, Iterator, MutableSequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.machinery import ModuleSpec
from typing import Any

import regex

from . import sandbox

HEAVY = frozenset({"spacy", "thinc", "requests", "requests_file"})
#: What models from elsewhere, and recognizers in files of settings, need besides: half of the import without the above.
SETTINGS = frozenset({"pydantic", "transformers", "stanza", "torch"})

_state = {"bare": False}


class _Anything:
    """Stands for any class, function or decorator of a module that is never used."""

    def __init__(self, *_args: Any, **_options: Any) -> None: ...

    def __call__(self, *args: Any, **_options: Any) -> Any:
        return args[0] if len(args) == 1 and callable(args[0]) else self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Anything()


class _StandIn(types.ModuleType):
    __path__: MutableSequence[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        # A class, because annotations and base classes are made of them; its attributes are anything at all.
        return _AnythingType(name, (_Anything,), {})


class _AnythingType(type):
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Anything()


@dataclass(frozen=True)
class _Finder:
    """Finds stand-ins for some packages and all their modules."""

    packages: frozenset[str]

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if self.stands_for(name) else None  # type: ignore[arg-type]

    def stands_for(self, name: str) -> bool:
        return name.partition(".")[0] in self.packages

    @staticmethod
    def create_module(spec: ModuleSpec) -> types.ModuleType:
        return _StandIn(spec.name)

    @staticmethod
    def exec_module(_module: types.ModuleType) -> None: ...


class _CompiledWhenUsed:
    """A regular expression that is compiled when it is first used.

    Presidio compiles every pattern of every country at import, only to see whether it can, and once more to use it.
    """

    def __init__(self, make: Callable[..., Any], *args: Any, **options: Any) -> None:
        self._make = partial(make, *args, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._make(), name)


@contextmanager
def compiling_later() -> Iterator[None]:
    """Let whoever compiles patterns only to see whether he can go on without."""
    compile_now = regex.compile
    regex.compile = partial(_CompiledWhenUsed, compile_now)
    try:
        yield
    finally:
        regex.compile = compile_now


@contextmanager
def _stand_ins(finder: _Finder) -> Iterator[None]:
    sys.meta_path.insert(0, finder)  # type: ignore[arg-type]
    try:
        yield
    finally:
        sys.meta_path.remove(finder)  # type: ignore[arg-type]
        for name in [name for name in sys.modules if finder.stands_for(name)]:
            del sys.modules[name]


def import_presidio(own: bool = False) -> types.ModuleType:
    """Import the engine's recognizers, and Presidio with them; afterwards spaCy can be imported as ever.

    In a child process, whose Presidio is nobody else's, it comes without what only recognizers in files of settings
    need, until ``own`` says that such ones follow.
    """
    loaded = "presidio_analyzer" in sys.modules
    if loaded and own and _state["bare"]:
        _forget_presidio()
        loaded = False
    if loaded:
        return importlib.import_module(".recognizers", __package__)
    _state["bare"] = sandbox.inside and not own
    spared = HEAVY | SETTINGS if _state["bare"] else HEAVY
    with _stand_ins(_Finder(spared - sys.modules.keys())), compiling_later():
        return importlib.import_module(".recognizers", __package__)


def _forget_presidio() -> None:
    """Have the next import start anew; what was made before goes on working."""
    ours = f"{__package__}.recognizers"
    for name in [name for name in sys.modules if name.partition(".")[0] == "presidio_analyzer" or name == ours]:
        del sys.modules[name]
