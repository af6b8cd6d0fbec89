"""Lets CKAN offer languages that only this package translates: CKAN looks for languages in one folder, its own."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib import i18n

log = logging.getLogger(__name__)

OPTION = "ckan.i18n_directory"
#: CKAN's texts in languages that CKAN has no translation of.
OURS = Path(__file__).parent / "core_i18n"


def offer_more(config: Any) -> None:
    """Point CKAN at a folder that links to its languages and ours; where that fails, CKAN keeps its own."""
    joined = Path(i18n.get_js_translations_dir()).parent / "locales"
    found = Path(i18n.get_ckan_i18n_dir())
    if found == joined:
        return
    try:
        join(found, OURS, joined)
    except OSError as error:
        log.warning("Some languages are not offered: %s cannot be written (%s).", joined, error.strerror)
        return
    config[OPTION] = tk.config[OPTION] = str(joined)
    i18n.locales = i18n.locales_dict = i18n.available_locales = None


def join(core: Path, ours: Path, target: Path) -> None:
    """Fill a folder with links to every language of ``core`` and to those of ``ours`` that ``core`` lacks."""
    target.mkdir(parents=True, exist_ok=True)
    wanted = {path.name: path for folder in (ours, core) for path in folder.iterdir() if not path.name.startswith("__")}
    for path in target.iterdir():
        if path.is_symlink() and path.name not in wanted:
            path.unlink(missing_ok=True)
    for name, path in wanted.items():
        _link(target / name, path)


def _link(link: Path, path: Path) -> None:
    """Set a link at once, so that a process that starts beside this one never finds it missing."""
    if link.is_symlink() and os.readlink(link) == str(path):
        return
    fresh = link.with_name(f"{link.name}.{os.getpid()}~")
    fresh.symlink_to(path)
    fresh.replace(link)
