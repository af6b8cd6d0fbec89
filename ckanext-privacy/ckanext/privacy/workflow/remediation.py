"""De-identifying a file of a dataset: suggest a plan, look at what it would do, replace it by the cleaned one."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context
from werkzeug.datastructures import FileStorage

from ckanext.privacy import config
from ckanext.privacy.engine import scratch
from ckanext.privacy.engine.errors import InvalidPlan, UnreadableFile
from ckanext.privacy.engine.findings import FileReport, from_dict
from ckanext.privacy.engine.remediation import (
    Plan,
    cleaned_name,
    load_key,
    parse_plan,
    plan_data,
    search_plan,
    suggest_plan,
)
from ckanext.privacy.engine.remediation.isolated import apply_isolated, preview_isolated
from ckanext.privacy.gate import freeze, store, uploads
from ckanext.privacy.model import Cleaning, Scan
from ckanext.privacy.model.scan import DONE
from ckanext.privacy.workflow import audit, people, requesting, scans

#: Bytes of a file in which a search for a suggestion looks; larger ones get the usual steps.
SEARCHED = 20 << 20
#: Rows of each table that a preview shows.
PREVIEW_ROWS = 20


@dataclasses.dataclass(frozen=True)
class Source:
    """The working file of a resource, lent as a path for a while."""

    resource: dict[str, Any]
    name: str
    sha256: str
    path: Path


def suggest(package_id: str, resource_id: str) -> dict[str, Any]:
    """Return ``{plan, scan_id}``: what should be done, going by the newest scan of the file as it is now."""
    with _source(package_id, resource_id) as source:
        scan = _newest_scan(resource_id, source.sha256)
        if scan is None or scan.report is None:
            raise _invalid("resource_id", tk._("Scan the file first: the suggestion goes by what was found in it."))
        return {"plan": plan_data(_suggested(source, from_dict(scan.report))), "scan_id": scan.id}


def _suggested(source: Source, report: FileReport) -> Plan:
    """How coarse it must be is searched where that is quick; what is too coarse then is for a person to say."""
    if source.path.stat().st_size > SEARCHED:
        return suggest_plan(report)
    try:
        return search_plan(source.path, report, config.policy().risk.k_limit, name=source.name)
    except (InvalidPlan, UnreadableFile):
        return suggest_plan(report)


def _newest_scan(resource_id: str, sha256: str) -> Scan | None:
    """The newest finished scan of a file as it is now."""
    query = (
        sa.select(Scan)
        .where(Scan.resource_id == resource_id, Scan.sha256 == sha256, Scan.status == DONE)
        .order_by(Scan.created.desc())
        .limit(1)
    )
    return model.Session.scalars(query).one_or_none()


def _report_before(resource_id: str, sha256: str) -> FileReport | None:
    scan = _newest_scan(resource_id, sha256)
    return from_dict(scan.report) if scan and scan.report else None


def preview(package_id: str, resource_id: str, plan: dict[str, Any]) -> dict[str, Any]:
    """Return ``{tables: [{name, columns_before, columns_after, before, after}], plan}`` for the first rows.

    ``before`` is the data itself: only for those who may edit the file, and never stored.
    """
    with _source(package_id, resource_id) as source, _plainly():
        parsed = parse_plan(plan)
        tables = preview_isolated(source.path, parsed, PREVIEW_ROWS, source.name)
        return {"tables": tables, "plan": plan_data(parsed)}


def apply(context: Context, package_id: str, resource_id: str, plan: dict[str, Any]) -> dict[str, Any]:
    """Make the cleaned file the resource's working file and queue its scan.

    Returns ``{resource, result, scans, message}``; on any failure the file stays as it was.
    """
    user = people.current_user(context)
    with _source(package_id, resource_id) as source, scratch.folder() as folder:
        out = folder / cleaned_name(source.name)
        with _plainly():
            parsed = parse_plan(plan)
            before = _report_before(resource_id, source.sha256)
            result = apply_isolated(source.path, parsed, out, _key(package_id), source.name, before)
        schemas = {name: json.loads((out.parent / name).read_text("utf-8")) for name in result["schemas"]}
        resource = _upload(context, resource_id, out)
        cleaning = Cleaning(
            package_id=package_id,
            resource_id=resource_id,
            sha256_before=source.sha256,
            sha256_after=hashlib.sha256(out.read_bytes()).hexdigest(),
            plan=plan_data(parsed),
            result=result,
            table_schemas=schemas,
            cleaned_by=user.id,
        )
        _remember(cleaning)
    created = requesting.scan(package_id, user, resource_id)
    _, message = scans.pick_up(package_id)
    return {
        "resource": resource,
        "result": result,
        "scans": [scans.dictize(scan, report=False) for scan in created],
        "message": message,
    }


def _upload(context: Context, resource_id: str, file: Path) -> dict[str, Any]:
    """Replace the working file, with the caller's own rights; every other field of the resource stays."""
    with file.open("rb") as stream:
        upload = FileStorage(stream, filename=file.name)
        # The size of the cleaned file is not what the old one's was.
        data = {"id": resource_id, "upload": upload, "url": file.name, "hash": "", "size": file.stat().st_size}
        return tk.get_action("resource_patch")(tk.fresh_context(context), data)


def _remember(cleaning: Cleaning) -> None:
    model.Session.add(cleaning)
    facts = {name: getattr(cleaning, name) for name in ("resource_id", "sha256_before", "sha256_after")}
    audit.record("resource.cleaned", "dataset", cleaning.package_id, facts, cleaning.cleaned_by)
    model.Session.commit()


@contextmanager
def _source(package_id: str, resource_id: str) -> Iterator[Source]:
    package = freeze.working_package(package_id)
    resource = next((each for each in package["resources"] if each["id"] == resource_id), None)
    if resource is None:
        raise tk.ObjectNotFound(tk._("There is no such file."))
    if resource.get("url_type") != "upload":
        raise _invalid("resource_id", tk._("Only uploaded files can be cleaned here; upload a copy of the linked one."))
    with uploads.working_file(resource) as stream:
        stored = store.put(stream)
    name = str(resource["url"]).rpartition("/")[2]
    with store.local_path(stored.sha256) as path:
        yield Source(resource, name, stored.sha256, path)


@contextmanager
def _plainly() -> Iterator[None]:
    """Turn what the engine says about a plan or a file into a validation error."""
    try:
        yield
    except InvalidPlan as error:
        raise _invalid("plan", str(error)) from error
    except UnreadableFile as error:
        raise _invalid("resource_id", str(error)) from error


def _key(package_id: str) -> bytes:
    """The secret behind a dataset's pseudonyms: the operator's own key if there is one, else from the site's secret.

    Of one dataset the same person has the same pseudonym in every file; between datasets they cannot be joined.
    """
    secret = load_key() or str(tk.config["SECRET_KEY"]).encode()
    return hmac.new(secret, f"pseudonyms of {package_id}".encode(), hashlib.sha256).digest()


def _invalid(field: str, sentence: str) -> tk.ValidationError:
    return tk.ValidationError({field: [sentence]})
