"""The roads by which a visitor reads a catalogue. Each returns all the text it gives away."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Iterable
from unittest import mock

import requests
import sqlalchemy as sa
from ckan import model
from ckan.lib import api_token

from support.leaks.writing import World

Reader = Callable[[World, "str | None"], str]


def api(path: str) -> Reader:
    """Read one API address, as it is."""
    return lambda world, user: world.site.text(user, f"/api/3/action/{path}")


def page(path: str) -> Reader:
    """Read one page or feed."""
    return lambda world, user: world.site.text(user, path)


def for_each(kind: str, *paths: str) -> Reader:
    """Read an address once for every dataset, name, resource ... of the world."""

    def read(world: World, user: str | None) -> str:
        return "\n".join(world.site.text(user, path.format(id=id_)) for id_ in _ids(world, kind) for path in paths)

    return read


def _ids(world: World, kind: str) -> Iterable[str]:
    own = {"file": "files", "consent": "consents", "concern": "concerns", "receipt": "receipts"}
    if kind in own:
        return world.site.people.get(own[kind], [])
    return {"dataset": world.datasets, "resource": world.resources}[kind]


def of_resources(path: str) -> Reader:
    """Read an address that needs dataset and resource ids, for every pair that exists."""

    def read(world: World, user: str | None) -> str:
        owners = {r: _owner(world, r) for r in world.resources}
        return "\n".join(world.site.text(user, path.format(id=owner, rid=r)) for r, owner in owners.items() if owner)

    return read


def _owner(world: World, resource_id: str) -> str | None:
    resource = model.Session.get(model.Resource, resource_id)
    return resource.package_id if resource else None


def activity_pages(path: str) -> Reader:
    """Read pages about every stored activity of a dataset, whoever may list it: their ids can be guessed or known."""

    def read(world: World, user: str | None) -> str:
        from ckanext.activity.model import Activity

        stored = model.Session.query(Activity.id, Activity.object_id).filter(Activity.object_id.in_(world.datasets))
        found = [(activity, dataset) for activity, dataset in stored]
        model.Session.remove()
        file = world.released["file"]
        return "\n".join(world.site.text(user, path.format(aid=a, id=d, rid=file)) for a, d in found)

    return read


def changes_from_each_to_the_next(world: World, user: str | None) -> str:
    """Read the pages that compare each activity of a dataset with the one after it."""
    from ckanext.activity.model import Activity

    stored = model.Session.query(Activity.object_id, Activity.id).filter(Activity.object_id.in_(world.datasets))
    found: dict[str, list[str]] = {}
    for dataset, activity in stored.order_by(Activity.timestamp):
        found.setdefault(dataset, []).append(activity)
    model.Session.remove()
    pairs = [pair for activities in found.values() for pair in itertools.pairwise(activities)]
    path = "/dataset/changes_multiple?old_id={}&new_id={}"
    return "\n".join(world.site.text(user, path.format(*pair)) for pair in pairs)


def views(*paths: str) -> Reader:
    """Read addresses of every stored view: ``{vid}`` is the view, ``{rid}`` its resource, ``{id}`` the dataset."""

    def read(world: World, user: str | None) -> str:
        stored = model.Session.query(model.ResourceView.id, model.ResourceView.resource_id).all()
        found = [(view, file, _owner(world, file)) for view, file in stored]
        model.Session.remove()
        asked = [path.format(vid=v, rid=r, id=d) for v, r, d in found for path in paths]
        return "\n".join(world.site.text(user, path) for path in asked)

    return read


def table_views(world: World, user: str | None) -> str:
    """Ask every stored view for its rows, as the table on the page does, and for a copy of them."""
    stored = model.Session.query(model.ResourceView.id).filter_by(view_type="datatables_view").all()
    model.Session.remove()
    form = {"draw": "1", "search[value]": "", "start": "0", "length": "100"}
    wanted = {"params": json.dumps({"visibleColumns": ["point"]}), "format": "csv", **form}
    told = [
        world.site.app.post(f"/datatables/{road}/{view}", data=data, headers=world.site.headers(user))
        for (view,) in stored
        for road, data in (("ajax", form), ("filtered-download", wanted))
    ]
    return "\n".join(f"{answer.headers.get('Location', '')}\n{answer.get_data(as_text=True)}" for answer in told)


def proxied(world: World, user: str | None) -> str:
    """Have the proxy fetch what every resource leads to. What lies there is in this test its address."""
    with mock.patch.multiple(requests, head=_fetched, get=_fetched):
        return of_resources("/dataset/{id}/resource/{rid}/proxy")(world, user)


def _fetched(url: str, **_: object) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer.headers["content-type"], answer.raw = 200, "text/csv", io.BytesIO(url.encode())
    return answer


def trusted(world: World, user: str | None) -> str:
    """Open every file with a token that the site itself made for it, as it does for what loads files."""
    claims = ({"aud": "trusted_download", "sub": file} for file in world.site.people.get("files", []))
    tokens = [api_token.encode_token(each) for each in claims]
    return "\n".join(world.site.text(user, f"/file/trusted-download/{token}") for token in tokens)


def rare_words(world: World, user: str | None) -> str:
    """Ask the index for how many datasets hold a word, whoever may see them; a word that is in some counts as told."""
    told = []
    for word in world.words:
        asked = f"n:docfreq(text,'{word}')"
        answer = world.site.app.get(
            "/api/3/action/package_search",
            query_string={"rows": 1, "fl": asked},
            headers=world.site.headers(user),
        )
        found = (answer.get_json() or {}).get("result") or {"results": []}
        told += [word for each in found["results"] if each.get("n")]
    return "\n".join(told)


def mails(world: World, user: str | None) -> str:
    """Send everybody who wants it a digest of what happened, by a template that writes all of it, and read the mails.

    CKAN's own template says how many activities there are; a site's may say more.
    """
    from ckanext.activity import email_notifications

    sent: list[str] = []
    with (
        mock.patch.object(email_notifications, "render_activity_email", lambda told: json.dumps(told, default=str)),
        mock.patch("ckan.lib.mailer.mail_recipient", lambda name, to, subject, body: sent.append(body)),
        world.site.app.flask_app.test_request_context(),
    ):
        model.Session.execute(sa.text("UPDATE dashboard SET email_last_sent = '2000-01-01'"))
        email_notifications.get_and_send_notifications_for_all_users()
    return "\n".join(sent)


def sql(world: World, user: str | None) -> str:
    """Ask every table by SQL, and the list of tables."""
    tables = [*world.resources, "_table_metadata"]
    asked = [f'SELECT * FROM "{table}"' for table in tables]
    answers = (world.site.app.get("/api/3/action/datastore_search_sql", query_string={"sql": q}) for q in asked)
    return "\n".join(answer.get_data(as_text=True) for answer in answers)


def named_twice(world: World, user: str | None) -> str:
    """Ask for every table, and name another one beside it that the reader may know."""
    pairs = [(asked, beside) for asked in world.resources for beside in world.resources if asked != beside]
    paths = [f"/api/3/action/datastore_search?resource_id={beside}&id={asked}" for asked, beside in pairs]
    return "\n".join(world.site.text(user, path) for path in paths)


def tables(world: World, user: str | None) -> str:
    """Ask the datastore for its list of tables, and every table in it."""
    listed = world.site.post(user, "datastore_search", resource_id="_table_metadata", limit=1000)
    if listed.status_code != 200:
        return ""
    names = [record["name"] for record in listed.get_json()["result"]["records"]]
    found = [world.site.post(user, "datastore_search", resource_id=name).get_data(as_text=True) for name in names]
    return "\n".join([*names, *found])


READERS: dict[str, Reader] = {
    "package_show": for_each("dataset", "/api/3/action/package_show?id={id}"),
    "package_show_default_schema": for_each("dataset", "/api/3/action/package_show?id={id}&use_default_schema=true"),
    "package_list": api("package_list"),
    "current_package_list_with_resources": api("current_package_list_with_resources?limit=100"),
    "package_search": api("package_search?rows=100"),
    "package_search_private": api(
        "package_search?rows=100&include_private=true&include_drafts=true&include_deleted=true"
    ),
    "package_search_fields": api("package_search?rows=100&fl=id,name,title,notes,data_dict,validated_data_dict,text"),
    "package_search_facets": api('package_search?rows=0&facet.field=["tags","res_format","name","title_string"]'),
    "package_search_all_values": api(
        'package_search?rows=0&facet.mincount=0&facet.limit=-1&facet.field=["name","tags","title_string","text"]'
    ),
    "package_search_functions": rare_words,
    "package_autocomplete": api("package_autocomplete?q=canary&limit=50"),
    "resource_show": for_each("resource", "/api/3/action/resource_show?id={id}"),
    "resource_search": api("resource_search?query=name:canary"),
    "resource_search_format": api("resource_search?query=format:canary"),
    "resource_view_list": for_each("resource", "/api/3/action/resource_view_list?id={id}"),
    "resource_view_show": views("/api/3/action/resource_view_show?id={vid}"),
    "resource_view_page": views("/dataset/{id}/resource/{rid}/view/{vid}"),
    "rows_of_a_table_view": table_views,
    "package_relationships_list": for_each("dataset", "/api/3/action/package_relationships_list?id={id}"),
    "task_status_show": for_each(
        "resource", "/api/3/action/task_status_show?entity_id={id}&task_type=canary&key=canary"
    ),
    "tag_list": api("tag_list"),
    "tag_search": api("tag_search?query=canary"),
    "tag_autocomplete": api("tag_autocomplete?query=canary"),
    "tag_show": api("tag_show?id=canarynewtag&include_datasets=true"),
    "format_autocomplete": api("format_autocomplete?q=canary"),
    "organization_show": api("organization_show?id=city-lab&include_datasets=true"),
    "group_show": api("group_show?id=canary-theme&include_datasets=true"),
    "group_page": page("/group/canary-theme"),
    "group_feed": page("/feeds/group/canary-theme.atom"),
    "group_activity_list": api("group_activity_list?id=canary-theme&limit=100"),
    "package_groups_page": for_each("dataset", "/dataset/groups/{id}"),
    "member_list": lambda world, user: _with_names(world, user, "member_list?id=city-lab&object_type=package"),
    "user_show": api("user_show?id=officer&include_datasets=true&include_num_followers=true"),
    "datastore_search": for_each("resource", "/api/3/action/datastore_search?resource_id={id}"),
    "datastore_search_named_twice": named_twice,
    "datastore_info": for_each("resource", "/api/3/action/datastore_info?id={id}"),
    "datastore_search_sql": sql,
    "datastore_tables": tables,
    "datastore_dump": for_each("resource", "/datastore/dump/{id}", "/datastore/dump/{id}?format=json"),
    "package_activity_list": for_each("dataset", "/api/3/action/package_activity_list?id={id}&limit=100"),
    "organization_activity_list": api("organization_activity_list?id=city-lab&limit=100"),
    "user_activity_list": api("user_activity_list?id=officer&limit=100"),
    "recently_changed": api("recently_changed_packages_activity_list?limit=100"),
    "package_activity_list_whole": for_each(
        "dataset", "/api/3/action/package_activity_list?id={id}&include_data=true&include_hidden_activity=true"
    ),
    "activity_show": activity_pages("/api/3/action/activity_show?id={aid}&include_data=true"),
    "activity_show_without_data": activity_pages("/api/3/action/activity_show?id={aid}&include_data="),
    "activity_data_show": activity_pages("/api/3/action/activity_data_show?id={aid}"),
    "activity_diff": activity_pages("/api/3/action/activity_diff?id={aid}&object_type=package&diff_type=unified"),
    "package_history_page": activity_pages("/dataset/{id}/history/{aid}"),
    "resource_history_page": activity_pages("/dataset/{id}/resources/{rid}/history/{aid}"),
    "dataset_changes_page": activity_pages("/dataset/changes/{aid}"),
    "dataset_changes_of_several": changes_from_each_to_the_next,
    "dataset_activity_page": for_each("dataset", "/dataset/activity/{id}"),
    "organization_activity_page": page("/organization/activity/city-lab"),
    "user_activity_page": page("/user/activity/officer"),
    "digests_by_mail": mails,
    "front_page": page("/"),
    "search_page": page("/dataset/"),
    "dataset_page": for_each("dataset", "/dataset/{id}"),
    "resource_page": of_resources("/dataset/{id}/resource/{rid}"),
    "resource_download": of_resources("/dataset/{id}/resource/{rid}/download/points.csv"),
    "organization_page": page("/organization/city-lab"),
    "user_page": page("/user/officer"),
    "resource_proxy": proxied,
    "datasets_feed": page("/feeds/dataset.atom"),
    "organization_feed": page("/feeds/organization/city-lab.atom"),
    "tag_feed": lambda world, user: _entries(world.site.text(user, "/feeds/tag/canarynewtag.atom")),
    "custom_feed": page("/feeds/custom.atom?q=*:*"),
    "dcat_catalog": page("/catalog.ttl"),
    "dcat_dataset": for_each("dataset", "/dataset/{id}.ttl", "/dataset/{id}.jsonld"),
    "file_download": for_each("file", "/file/download/{id}"),
    "file_trusted_download": trusted,
    "file_show": for_each("file", "/api/3/action/file_show?id={id}"),
    "agreement_pages": for_each("consent", "/privacy/consent/{id}", "/privacy/consent/{id}/record"),
    "agreement_show": for_each("consent", "/api/3/action/privacy_consent_show?id={id}"),
    "agreement_list": for_each(
        "dataset", "/api/3/action/privacy_consent_list?dataset_id={id}", "/dataset/{id}/agreements"
    ),
    "evidence": lambda world, user: "\n".join(
        world.site.text(user, f"/privacy/consent/{id_}/evidence/{name}")
        for id_, name in world.site.people.get("evidence", [])
    ),
    "concern_pages": for_each("concern", "/privacy/concern/{id}", "/api/3/action/privacy_concern_show?id={id}"),
    "concern_receipt": for_each(
        "receipt", "/privacy/concern/receipt/{id}", "/api/3/action/privacy_concern_show?token={id}"
    ),
    "concern_list": api("privacy_concern_list"),
    "tombstones": for_each("dataset", "/api/3/action/privacy_status_show?id={id}"),
}

#: Roads on which the released content must stay readable: closing everything is not a gate.
STAYS_OPEN = (
    "package_show",
    "package_search",
    "package_list",
    "resource_show",
    "resource_view_list",
    "dataset_page",
    "resource_download",
    "search_page",
    "datasets_feed",
    "dcat_catalog",
    "dcat_dataset",
    "datastore_search",
    "datastore_dump",
)


def _with_names(world: World, user: str | None, path: str) -> str:
    """Read ids, and count an id as the name behind it: the list gives away that the dataset exists."""
    text = world.site.text(user, f"/api/3/action/{path}")
    return text + "\n".join(name for id_, name in zip(world.datasets, world.names, strict=True) if id_ in text)


def _entries(feed: str) -> str:
    """A feed repeats the tag it was asked for; it gives something away only if it has entries."""
    return feed if "<entry>" in feed else ""


def sweep(world: World, user: str | None, roads: Iterable[str] = READERS) -> dict[str, str]:
    """Read by each of ``roads`` as ``user`` (None: a visitor) and return all of it by road."""
    return {name: READERS[name](world, user) for name in roads}
