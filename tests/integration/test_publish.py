"""`privacy-publish`: a folder of files becomes held datasets, through the API alone."""

from __future__ import annotations

import pytest
from ckan.tests import helpers
from ckanapi import LocalCKAN
from click.testing import CliRunner

from ckanext.privacy import publish

TAPS = "tap,ward,litres\n" + "".join(f"T{n:02d},Ward {n % 4},{n * 10}\n" for n in range(20))
PACKAGE = """\
name: taps
title: Public taps
description: Where the taps stand.
licenses: [{name: cc-by}]
keywords: [water]
data_about: [facilities]
contact: [{name: Water department, email: water@example.org}]
resources:
  - {name: taps, path: taps.csv, title: Taps, aggregation_level: structure}
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with one data package."""
    (tmp_path / "datapackage.yaml").write_text(PACKAGE)
    (tmp_path / "taps.csv").write_text(TAPS)
    return tmp_path


def test_a_data_package_is_one_dataset(folder):
    """The standard's properties become CKAN's, all others fields of the schema."""
    (entry,) = publish.read_folder(folder)

    assert entry.name == "taps"
    assert entry.fields["notes"] == "Where the taps stand."
    assert entry.fields["license_id"] == "cc-by"
    assert entry.fields["data_about"] == ["facilities"]
    assert entry.files == [(folder / "taps.csv", {"name": "Taps", "aggregation_level": "structure"})]


def test_a_manifest_groups_files_by_dataset(tmp_path):
    """A spreadsheet's export: fields need to stand in one row of a dataset only."""
    (tmp_path / "manifest.csv").write_text(
        "\ufeffdataset,file,title\na,one.csv,First\na,two.csv,\nb,three.csv,Second\n"
    )
    for name in ("one.csv", "two.csv", "three.csv"):
        (tmp_path / name).write_text(TAPS)

    first, second = publish.read_folder(tmp_path)

    assert (first.name, first.fields, len(first.files)) == ("a", {"title": "First"}, 2)
    assert (second.name, len(second.files)) == ("b", 1)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "holds no datapackage.yaml, no manifest.csv"),
        ({"datapackage.yaml": "name: ["}, "is not a data package"),
        ({"datapackage.yaml": "name: x\nresources: [{name: a, path: ../secret}]"}, "is not safe"),
        ({"datapackage.yaml": "name: x\nresources: [{name: a, path: gone.csv}]"}, "gone.csv is described but does not"),
        ({"datapackage.yaml": "title: x\nresources: []"}, "has no name"),
        ({"manifest.csv": "file\nx.csv\n"}, "has no column dataset"),
        ({"manifest.csv": "dataset,file\na,\n"}, "line 2: a row needs both"),
        ({"manifest.csv": "dataset,file\na,../secret\n"}, "line 2: ../secret lies outside"),
    ],
)
def test_a_folder_that_cannot_be_read_is_one_sentence(tmp_path, files, sentence):
    """Which file, what is wrong with it; nothing is sent, the exit code is 2."""
    for name, content in files.items():
        (tmp_path / name).write_text(content)

    done = CliRunner().invoke(publish.main, [str(tmp_path), "--url", "http://x", "--token", "t", "--organization", "o"])

    assert done.exit_code == 2
    assert sentence in " ".join(done.output.split())


def test_an_address_without_a_catalogue_is_one_sentence(folder):
    """The dataset is named, the exit code is 1."""
    arguments = ["--url", "http://127.0.0.1:9", "--token", "t", "--organization", "o"]
    done = CliRunner().invoke(publish.main, [str(folder), *arguments])

    assert done.exit_code == 1
    assert done.output.startswith("taps: not finished: ")
    assert "Traceback" not in done.output


def test_a_dry_run_sends_nothing(folder):
    """Not even a look at the catalogue."""
    arguments = ["--url", "http://127.0.0.1:9", "--token", "t", "--organization", "o", "--dry-run"]
    done = CliRunner().invoke(publish.main, [str(folder), *arguments])

    assert done.exit_code == 0
    assert done.output.startswith("taps: 1 files, fields: title")


def test_what_is_published_waits_at_the_gate(folder, community):
    """Saved, requested, and invisible to the public."""
    officer = LocalCKAN(username="officer")
    (entry,) = publish.read_folder(folder)

    said = publish.publish(officer, entry, community["organization"]["name"], "Second round.")

    dataset = officer.action.package_show(id="taps")
    assert dataset["private"]
    assert [resource["name"] for resource in dataset["resources"]] == ["Taps"]
    assert "; next: " in said
    (release,) = officer.action.privacy_release_list(dataset="taps")["results"]
    assert release["state"] in {"requested", "scanning"}
    with pytest.raises(helpers.logic.NotFound):
        helpers.call_action("package_show", {"user": "", "ignore_auth": False}, id="taps")


def test_the_same_bytes_are_not_sent_twice(folder, community):
    """A second run changes nothing; a changed file replaces the old one in the same resource."""
    officer = LocalCKAN(username="officer")
    organization = community["organization"]["name"]

    def run():
        publish.publish(officer, publish.read_folder(folder)[0], organization, "", request=False)
        return officer.action.package_show(id="taps")["resources"][0]

    first, again = run(), run()
    (folder / "taps.csv").write_text(TAPS + "T99,Ward 1,5\n")
    changed = run()

    assert again["last_modified"] == first["last_modified"]
    assert changed["id"] == first["id"]
    assert changed["hash"] != first["hash"]
    assert len(officer.action.package_show(id="taps")["resources"]) == 1
