"""Projects of survey tools: KoboToolbox and ODK Central, metadata and submissions.

APIs: https://kobotoolbox.org/ (``/api/v2/assets``) and https://docs.getodk.org/central-api/. Both want a token, which
the site's configuration holds for the host. Nothing of it was public at its source: no policy releases it by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ckanext.cityportals import identity, mapping
from ckanext.cityportals.client import Client, PortalError, Validators
from ckanext.cityportals.languages import tags_of
from ckanext.cityportals.mapping import Mapped, Taker
from ckanext.cityportals.portals.base import PORTAL_URL, Page, Portal, Record, at_portal, records_in, site_of
from ckanext.privacy.engine.sentences import say, to_say

_PAGE = 100
_KOBO_HOUSEKEEPING = (
    *("url", "kind", "asset_type", "uid", "owner", "parent", "version_id", "version_count", "has_deployment", "status"),
    *(
        "deployed_version_id",
        "deployment__identifier",
        "deployment__active",
        "deployment_status",
        "permissions",
        "tag_string",
    ),
    *("deployment__submission_count", "date_deployed", "downloads", "data", "children", "subscribers_count", "files"),
    *(
        "access_types",
        "data_sharing",
        "created_by",
        "last_modified_by",
        "owner_label",
        "effective_permissions",
        "summary",
    ),
    *(
        "exports",
        "export_settings",
        "assignable_permissions",
        "settings",
        "project_ownership",
        "deployment__submissions",
    ),
)
_ODK_HOUSEKEEPING = (
    *("projectId", "xmlFormId", "version", "enketoId", "enketoOnceId", "hash", "keyId", "state", "draftToken", "draft"),
    *("createdBy", "submissions", "lastSubmission", "excelContentType", "entityRelated", "publicLinks", "reviewStates"),
    *("enketoOnceId", "webformsEnabled", "schemaVersion"),
)


class KoboPortal(Portal):
    """A KoboToolbox or ODK Central server; each deployed form is a dataset that is held."""

    source_type = "kobo"
    title = to_say("Kobo or ODK projects")
    description = to_say(
        "Surveys on a KoboToolbox or ODK Central server; this catalogue needs a token for it in its configuration"
    )
    noise = frozenset(
        {"deployment__submission_count", "version_count", "submissions", "lastSubmission", "date_modified", "updatedAt"}
    )
    settings: Mapping[str, type] = {"q": str}
    public_at_source = False

    def pages(
        self, client: Client, url: str, config: Mapping[str, Any], unless: Mapping[str, Validators]
    ) -> Iterator[Page]:
        site = site_of(url, "/api/", "/#", "/v1/")
        pages = _kobo_pages(client, site, config)
        try:
            first = next(pages)
        except PortalError as error:
            if error.busy:
                raise
            yield from _odk_or(error, client, site)
            return
        yield first
        yield from pages

    def remote_id(self, record: Record) -> str:
        if record.get("xmlFormId"):
            return f"{record.get('projectId')}/{record['xmlFormId']}"
        return str(record.get("uid") or "").strip()

    def aliases(self, record: Record) -> tuple[str, ...]:
        issued = record.get("date_created") or record.get("createdAt")
        return identity.aliases([self.remote_id(record)], identity.Words(record.get("name"), issued))

    def to_dataset(self, record: Record) -> Mapped:
        taker = Taker(record)
        site, form = taker.text(PORTAL_URL), self.remote_id(record)
        settings = record.get("settings") or {}
        if settings.get("collects_pii"):
            taker.warn(say("The project's own settings say that it collects data about identifiable people."))
        dataset = {
            "title": taker.text("name"),
            "notes": mapping.plain_text(str(settings.get("description") or "") or taker.text("description")),
            "tags": mapping.tags(_words(settings.get("sector")), taker),
            "publisher": mapping.rows(name=str(settings.get("organization") or "") or taker.text("publisher")),
            "issued": mapping.date(taker.text("date_created", "createdAt", "publishedAt"), taker),
            "modified": mapping.date(taker.text("date_modified", "updatedAt"), taker),
            "spatial_coverage": mapping.rows(text=", ".join(_words(settings.get("country")))),
            "language": _languages(record),
            "resources": _files(record, site, form),
        }
        for member in ("owner__username", "publishedAt", *_KOBO_HOUSEKEEPING, *_ODK_HOUSEKEEPING):
            taker.take(member)
        return Mapped(mapping.without_empty(dataset), taker.leftovers(), taker.warnings)


def _headers(client: Client, site: str, scheme: str) -> dict[str, str]:
    token = client.credential(site)
    return {"Authorization": f"{scheme} {token}"} if token else {}


def _kobo_pages(client: Client, site: str, config: Mapping[str, Any]) -> Iterator[Page]:
    """Deployed surveys; templates, blocks and drafts hold no data. Their number is not announced."""
    address, headers, offset = f"{site}/api/v2/assets.json", _headers(client, site, "Token"), 0
    query = {"limit": _PAGE, **({"q": config["q"]} if config.get("q") else {})}
    while True:
        document = client.get_json(address, {**query, "offset": offset}, headers=headers)
        assets = records_in(document, "results", address)
        yield Page([at_portal(each, site) for each in assets if _is_survey(each)])
        offset += len(assets)
        if not assets or offset >= (document.get("count") or 0):
            return


def _is_survey(asset: Record) -> bool:
    return asset.get("asset_type", "survey") == "survey" and asset.get("has_deployment") is not False


def _odk_or(kobo_said: PortalError, client: Client, site: str) -> Iterator[Page]:
    """Every published form of every project of an ODK server; the first server's complaint where it is none."""
    headers = {**_headers(client, site, "Bearer"), "X-Extended-Metadata": "true"}
    try:
        projects = client.get_json(f"{site}/v1/projects", headers=headers)
    except PortalError as error:
        raise kobo_said from error
    if not isinstance(projects, list):
        raise kobo_said
    for project in projects:
        forms = client.get_json(f"{site}/v1/projects/{project['id']}/forms", headers=headers)
        published = [each for each in forms if isinstance(each, dict) and each.get("publishedAt")]
        yield Page([at_portal({**each, "publisher": project.get("name")}, site) for each in published])


def _words(value: Any) -> list[str]:
    """Labels of choices, which the server gives as objects with a value and a label."""
    members = value if isinstance(value, list) else [value]
    return [str(each.get("label") if isinstance(each, dict) else each) for each in members if each]


def _languages(record: Record) -> list[str]:
    """Languages of the form, written as "English (en)" or as a word that says too little."""
    named = [str(each) for each in (record.get("summary") or {}).get("languages") or [] if each]
    codes = [each.rpartition("(")[2].rstrip(") ") for each in named if "(" in each]
    return tags_of(codes)


def _files(record: Record, site: str, form: str) -> list[dict[str, Any]]:
    """The submissions. They want the server's token, which is added when they are fetched."""
    if not site or not form:
        return []
    if record.get("xmlFormId"):
        address = f"{site}/v1/projects/{record.get('projectId')}/forms/{record['xmlFormId']}/submissions.csv"
        return [{"url": address, "name": "Submissions", "format": "CSV", "remote_id": form}]
    address = f"{site}/api/v2/assets/{form}/data.json"
    return [{"url": address, "name": "Submissions", "format": "JSON", "remote_id": form}]
