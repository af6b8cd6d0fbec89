"""The roads by which content gets into a catalogue. Each leaves a word of its own that must not reach the public."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.lib.search import rebuild
from ckan.logic.schema import default_create_package_schema
from ckan.tests import helpers

from support import people
from support.agreeing import RECORD
from support.leaks.site import Site

#: The smallest picture: signature and header are its first 33 bytes.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c63600000000200015d0f2f6b0000000049454e44ae426082"
)
#: What was released, and must stay readable.
OPEN_WORD = "openword"


@dataclass
class World:
    """A catalogue under attack: what was released, what was written since, and where to look for it."""

    site: Site
    released: dict[str, Any] = field(default_factory=dict)
    #: ids of all datasets and resources ever made
    datasets: list[str] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        """The words of all roads."""
        return [word(road) for road in ROADS]

    def note(self, dataset: dict[str, Any]) -> dict[str, Any]:
        """Remember a dataset and its resources, so that the readers know their ids."""
        self.datasets.append(dataset["id"])
        self.names.append(dataset["name"])
        self.resources += [r["id"] for r in dataset.get("resources", []) if r["id"] not in self.resources]
        return dataset

    def create(self, word: str, **fields: Any) -> dict[str, Any]:
        """The officer makes a dataset of the organisation that says ``word``."""
        fields = {"private": False, "notes": f"about {word}", **fields}
        data = {"name": f"held-{word}", "title": f"Title {word}", "owner_org": self.site.organization, **fields}
        return self.note(self.site.api("officer", "package_create", **data))


def word(road: Callable[..., Any]) -> str:
    """The word that a road leaves behind: one token, found nowhere else."""
    return f"canary{road.__name__.replace('_', '')}"


def make_released(world: World) -> None:
    """A dataset with a file, a view and a table of rows, released (without the gate: simply public)."""
    site = world.site
    dataset = world.create(OPEN_WORD, name="water-points", title=f"Water points {OPEN_WORD}", private=True)
    body = f"point,litres\n{OPEN_WORD},12\n".encode()
    file = site.api(
        "officer",
        "resource_create",
        package_id=dataset["id"],
        name=f"Points {OPEN_WORD}",
        format="CSV",
        upload=(body, "points.csv"),
    )
    rows = site.api(
        "officer",
        "datastore_create",
        resource={"package_id": dataset["id"], "name": "Rows", "format": "CSV"},
        fields=[{"id": "point", "type": "text"}],
        records=[{"point": OPEN_WORD}],
        primary_key="point",
    )
    site.api(
        "officer", "resource_view_create", resource_id=file["id"], title=f"View {OPEN_WORD}", view_type="text_view"
    )
    site.api("officer", "resource_view_create", resource_id=rows["resource_id"], title="T", view_type="datatables_view")
    world.resources += [file["id"], rows["resource_id"]]
    world.released = {"id": dataset["id"], "file": file["id"], "rows": rows["resource_id"]}
    if not site.gated:
        site.api("officer", "package_patch", id=dataset["id"], private=False)
    site.release(dataset["id"])


# -- edits of what was released -----------------------------------------------------------------------------------


def package_update(world: World, word: str) -> None:
    """A whole dataset is written anew."""
    dataset = world.site.api("officer", "package_show", id=world.released["id"])
    world.site.api("officer", "package_update", **{**dataset, "notes": word})


def package_patch(world: World, word: str) -> None:
    """One field is changed."""
    world.site.api("officer", "package_patch", id=world.released["id"], author=word)


def package_revise(world: World, word: str) -> None:
    """A revise replaces the released file's bytes."""
    file = world.released["file"]
    world.site.api(
        "officer",
        "package_revise",
        match={"id": world.released["id"]},
        **{f"update__resources__{file}__upload": (f"point,litres\n{word},1\n".encode(), "points.csv")},
    )


def resource_create(world: World, word: str) -> None:
    """A file is added."""
    upload = (f"point\n{word}\n".encode(), "new.csv")
    new = world.site.api(
        "officer", "resource_create", package_id=world.released["id"], name=word, format=word, upload=upload
    )
    world.resources.append(new["id"])


def linked_file(world: World, word: str) -> None:
    """A file is added that lies elsewhere: its address says it, and the resource proxy would fetch it."""
    url = f"https://files.example/{word}.csv"
    new = world.site.api("officer", "resource_create", package_id=world.released["id"], name="Elsewhere", url=url)
    world.resources.append(new["id"])


def resource_patch(world: World, word: str) -> None:
    """A file's description is changed."""
    world.site.api("officer", "resource_patch", id=world.released["file"], description=word)


def new_tag(world: World, word: str) -> None:
    """A tag is added."""
    world.site.api("officer", "package_patch", id=world.released["id"], tags=[{"name": word}])


def resource_view(world: World, word: str) -> None:
    """A view is added to a released file."""
    world.site.api(
        "officer",
        "resource_view_create",
        resource_id=world.released["file"],
        title=word,
        description=word,
        view_type="text_view",
    )


def rename(world: World, word: str) -> None:
    """The dataset gets another address."""
    world.site.api("officer", "package_patch", id=world.released["id"], name=word)


def datastore_upsert(world: World, word: str) -> None:
    """A row is added to a released table."""
    rows = world.released["rows"]
    world.site.api("officer", "datastore_upsert", resource_id=rows, records=[{"point": word}], force=True)


def datastore_create(world: World, word: str) -> None:
    """A new table appears in a released dataset."""
    answer = world.site.api(
        "officer",
        "datastore_create",
        resource={"package_id": world.released["id"], "name": "More"},
        fields=[{"id": word, "type": "text"}],
        records=[{word: word}],
    )
    world.resources.append(answer["resource_id"])


def datastore_records_delete(world: World, word: str) -> None:
    """A row is added to a released table, and the one that was released is deleted."""
    rows = world.released["rows"]
    world.site.api("officer", "datastore_upsert", resource_id=rows, records=[{"point": word}], force=True)
    gone = {"point": OPEN_WORD} if world.site.gated else {"point": "nothing"}
    world.site.api("officer", "datastore_records_delete", resource_id=rows, filters=gone, force=True)


def other_formats(world: World, word: str) -> None:
    """A picture, a drawing, a map and an archive are added, which say it inside."""
    for name, body in _formats(word).items():
        new = world.site.api(
            "officer", "resource_create", package_id=world.released["id"], name=name, upload=(body, name)
        )
        world.resources.append(new["id"])


def _formats(word: str) -> dict[str, bytes]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{word}.txt", word)
    text = f"tEXtComment\0{word}".encode()
    chunk = (len(text) - 4).to_bytes(4, "big") + text + zlib.crc32(text).to_bytes(4, "big")
    return {
        "picture.png": PIXEL[:33] + chunk + PIXEL[33:],
        "drawing.svg": f'<svg xmlns="http://www.w3.org/2000/svg"><text>{word}</text></svg>'.encode(),
        "map.geojson": f'{{"type": "Point", "coordinates": [1, 2], "name": "{word}"}}'.encode(),
        "archive.zip": packed.getvalue(),
    }


def removed_table(world: World, word: str) -> None:
    """A table is filled in a public dataset, then its resource is taken out: CKAN keeps the table."""
    datastore_create(world, word)
    dataset = world.site.api("officer", "package_show", id=world.released["id"])
    gone = world.resources[-1]
    kept = [r for r in dataset["resources"] if r["id"] != gone]
    world.site.api("officer", "package_update", **{**dataset, "resources": kept})


def harvest_batch(world: World, word: str) -> None:
    """A harvester of the suite changes a released dataset in a batch, past CKAN's own actions."""
    from ckanext.cityportals import batch, showing
    from ckanext.cityportals.validation import Validator

    context = {"user": "sysadmin", "ignore_auth": True, "session": model.Session}
    with world.site.app.flask_app.test_request_context():
        package, validator = model.Package.get(world.released["id"]), Validator("dataset")
        (stands,) = showing.read([package], validator, context.copy())
        change = batch.Change(package, stands, {**stands, "url": f"https://{word}.example"})
        dataset, errors = batch.check(change, validator, {**context, "package": package})
        assert not errors
        batch.change_all([(change, dataset)], context.copy())
        shown = showing.show([package], validator, context.copy())
        batch.note_activities([(package, shown[0].custom)], "sysadmin", "changed")
        showing.send(showing.documents(shown, {}))
        model.Session.commit()


# -- datasets that nobody released --------------------------------------------------------------------------------


def package_create(world: World, word: str) -> None:
    """An API client saves a dataset as public."""
    upload = (f"point\n{word}\n".encode(), "points.csv")
    dataset = world.create(word, tags=[{"name": word}])
    file = world.site.api("officer", "resource_create", package_id=dataset["id"], name=word, upload=upload)
    world.resources.append(file["id"])


def ignore_auth(world: World, word: str) -> None:
    """A harvester saves with ``ignore_auth`` and a schema of its own, as ckanext-harvest does."""
    context = {"user": "sysadmin", "ignore_auth": True, "schema": default_create_package_schema()}
    fields = {"name": f"held-{word}", "title": word, "notes": word, "owner_org": world.site.organization}
    with world.site.app.flask_app.test_request_context():
        dataset = helpers.call_action("package_create", context, private=False, resources=[{"url": word}], **fields)
    world.note(dataset)


def direct_model_write(world: World, word: str) -> None:
    """Code writes the model and rebuilds the index."""
    dataset = world.create(word, private=True)
    with world.site.app.flask_app.test_request_context():
        package = model.Package.get(dataset["id"])
        package.private = False
        model.Session.commit()
        rebuild(dataset["id"])


def raw_sql(world: World, word: str) -> None:
    """Somebody opens a dataset with SQL and rebuilds the index."""
    dataset = world.create(word, private=True)
    with world.site.app.flask_app.test_request_context():
        with model.ensure_engine().begin() as connection:
            connection.execute(sa.text("UPDATE package SET private = FALSE WHERE id = :id"), {"id": dataset["id"]})
        model.Session.expire_all()
        rebuild(dataset["id"])


def bulk_update_public(world: World, word: str) -> None:
    """An editor makes private datasets public from the organisation's page."""
    dataset = world.create(word, private=True)
    world.site.api("admin", "bulk_update_public", datasets=[dataset["id"]], org_id=world.site.organization)


def undelete(world: World, word: str) -> None:
    """A deleted dataset is brought back."""
    dataset = world.create(word)
    world.site.api("officer", "package_delete", id=dataset["id"])
    world.site.api("officer", "package_patch", id=dataset["id"], state="active")


def publish_a_draft(world: World, word: str) -> None:
    """A draft is finished."""
    dataset = world.create(word, state="draft")
    world.site.api("officer", "package_patch", id=dataset["id"], state="active", private=False)


def withdrawn(world: World, word: str) -> None:
    """A dataset was public, and is taken back: its past must go too."""
    dataset = world.create(word, private=True)
    world.site.release(dataset["id"])
    if not world.site.gated:
        world.site.api("officer", "package_patch", id=dataset["id"], private=False)
        world.site.api("officer", "package_patch", id=dataset["id"], private=True)
        return
    release = world.site.api("steward1", "privacy_release_list", dataset=dataset["id"])["results"][0]
    world.site.api("steward1", "privacy_release_withdraw", id=release["id"], reason="A test", erase=True)


def corrected_before_release(world: World, word: str) -> None:
    """What nobody should read is taken out before the dataset is released: its past must not come along."""
    dataset = world.create(word, name="corrected-in-time", title="Corrected", private=world.site.gated)
    world.site.api("officer", "package_patch", id=dataset["id"], notes="corrected")
    world.site.release(dataset["id"])


def deleted_and_revived(world: World, word: str) -> None:
    """A released dataset is deleted and brought back: the old release must not come back with it."""
    dataset = world.create(word, private=not world.site.gated)
    if not world.site.gated:
        world.site.api("officer", "package_patch", id=dataset["id"], private=False)
    world.site.release(dataset["id"])
    world.site.api("officer", "package_delete", id=dataset["id"])
    world.site.api("officer", "package_patch", id=dataset["id"], state="active")


def private_on_the_front_page(world: World, word: str) -> None:
    """A private dataset of a featured organisation (plain CKAN 2.12 shows it on the front page)."""
    world.create(word, private=True)


def transferred_file(world: World, word: str) -> None:
    """A file is given to a public dataset through the Files API, with no save of the dataset."""
    site = world.site
    file = site.api(
        "sysadmin", "file_create", name=f"{word}.txt", storage="leaks", upload=(word.encode(), f"{word}.txt")
    )
    site.api(
        "sysadmin",
        "file_ownership_transfer",
        id=file["id"],
        owner_type="package",
        owner_id=world.released["id"],
        force=True,
    )
    world.site.people.setdefault("files", []).append(file["id"])


# -- who owns and shares a dataset ---------------------------------------------------------------------------------


def _another_organization(world: World, name: str) -> str:
    """An organisation of the officer beside the first, with the same stewards."""
    with world.site.app.flask_app.test_request_context():
        member = {"name": "officer", "capacity": "editor"}
        made = helpers.call_action("organization_create", {"user": "sysadmin"}, name=name, users=[member])
        if world.site.gated:
            people.appoint_stewards(name)
    return made["id"]


def organization_change(world: World, word: str) -> None:
    """A released dataset is changed, then moved to another organisation."""
    other = _another_organization(world, "other-lab")
    _released_then(world, word)
    world.site.api("sysadmin", "package_owner_org_update", id=f"moved-{word}", organization_id=other)


def _released_then(world: World, word: str, **fields: Any) -> None:
    """A dataset is released, and then says ``word``."""
    made = world.create("nothing", name=f"moved-{word}", title="Moved", private=world.site.gated, **fields)
    world.site.release(made["id"])
    world.site.api("officer", "package_patch", id=made["id"], title=f"Title {word}", notes=word)


def organization_delete(world: World, word: str) -> None:
    """The organisation of a released dataset with a pending change is deleted: the dataset belongs to nobody."""
    doomed = _another_organization(world, "doomed-lab")
    _released_then(world, word, owner_org=doomed)
    world.site.api("sysadmin", "organization_delete", id=doomed)


def organization_purge(world: World, word: str) -> None:
    """The organisation of a held dataset is purged."""
    doomed = _another_organization(world, "purged-lab")
    world.create(word, owner_org=doomed)
    world.site.api("sysadmin", "organization_purge", id=doomed)


def package_collaborator_create(world: World, word: str) -> None:
    """A held dataset is shown to somebody who may not edit it."""
    dataset = world.create(word, private=True)
    for user in ("reader", "insider"):
        collaborator = {"user_id": world.site.people[user]["id"], "capacity": "member"}
        world.site.api("sysadmin", "package_collaborator_create", id=dataset["id"], **collaborator)


def group(world: World, word: str) -> None:
    """A held dataset is put into a group."""
    dataset = world.create(word)
    world.site.api("sysadmin", "group_create", name="canary-theme", title="Theme")
    member = {"object": dataset["id"], "object_type": "package", "capacity": "public"}
    world.site.api("sysadmin", "member_create", id="canary-theme", **member)


def relationship(world: World, word: str) -> None:
    """A released dataset is related to a held one, with a comment."""
    held = world.create(word)
    between = {"subject": held["id"], "object": world.released["id"], "type": "child_of"}
    world.site.api("sysadmin", "package_relationship_create", **between, comment=word)
    if world.site.gated:  # plain CKAN forgets relationships when a dataset is saved
        world.site.api("officer", "package_patch", id=world.released["id"], version="2")


def task_status(world: World, word: str) -> None:
    """A loader notes what it met in a file."""
    about = {"entity_id": world.released["file"], "entity_type": "resource", "task_type": "canary", "key": "canary"}
    world.site.api("sysadmin", "task_status_update", **about, value=word, error=word, state="error")


# -- what people say to the catalogue, and not to everybody --------------------------------------------------------


def agreement(world: World, word: str) -> None:
    """Who agreed, in which words, with a file that shows it (plain CKAN has only the dataset's own fields for that)."""
    if not world.site.gated:
        world.site.api("officer", "package_patch", id=world.released["id"], maintainer=word)
        return
    record = {**RECORD, "words": word, "spoken_by": {"name": word}, "principal_key": word}
    upload = (word.encode(), f"{word}.pdf")
    made = world.site.api("officer", "privacy_consent_create", dataset_id=world.released["id"], **record, upload=upload)
    world.site.people.setdefault("consents", []).append(made["id"])
    world.site.people.setdefault("evidence", []).append((made["id"], made["evidence"][0]["id"]))


def concern(world: World, word: str) -> None:
    """Somebody is worried, writes why, and how to be reached (plain CKAN: somebody writes it beside the author)."""
    if not world.site.gated:
        world.site.api("officer", "package_patch", id=world.released["id"], author_email=f"{word}@example.org")
        return
    told = {"text": f"Row 7 is {word}", "contact": f"{word}@example.org"}
    made = world.site.api(None, "privacy_concern_create", dataset_id=world.released["id"], **told)
    world.site.people.setdefault("concerns", []).append(made["id"])
    world.site.people.setdefault("receipts", []).append(made["token"])


ROADS = (
    agreement,
    concern,
    package_create,
    ignore_auth,
    direct_model_write,
    raw_sql,
    bulk_update_public,
    undelete,
    publish_a_draft,
    withdrawn,
    corrected_before_release,
    deleted_and_revived,
    private_on_the_front_page,
    transferred_file,
    package_update,
    package_patch,
    package_revise,
    resource_create,
    linked_file,
    resource_patch,
    new_tag,
    resource_view,
    datastore_upsert,
    datastore_create,
    datastore_records_delete,
    other_formats,
    removed_table,
    harvest_batch,
    organization_change,
    organization_delete,
    organization_purge,
    package_collaborator_create,
    group,
    task_status,
    rename,
    relationship,
)
