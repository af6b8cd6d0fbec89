"""A file storage of CKAN on an object store that speaks S3 (AWS, MinIO, Ceph, Garage ...): ``privacy:s3``.

file-keeper's own adapter does the talking. What is added is what a release store needs: settings that CKAN declares and
checks, an end to waiting, no links that open a file past the gate, uploads of any size, and a catalogue that starts
while the object store is down.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable
from typing import Any

import file_keeper as fk
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
from ckan.config.declaration import Declaration, Key
from ckan.lib import files
from file_keeper.default.adapters import s3

log = logging.getLogger(__name__)

CHUNK = 1 << 20
#: Tries of one request in all, the first included.
TRIES = 2

_TEXTS = {
    "key": "The access key. Empty: what boto3 finds (environment, profile, role of the machine).",
    "secret": "The secret that belongs to the access key.",
    "region": "Region of the bucket.",
    "endpoint": "Address of the object store, where it is not AWS.",
}


@dataclasses.dataclass
class Settings(files.Settings, s3.Settings):
    """Settings of one bucket; ``timeout`` is how long each wait for the object store may last, in seconds."""

    timeout: int = 10

    def __post_init__(self, **kwargs: Any) -> None:
        self.key, self.secret = self.key or None, self.secret or None
        self.region, self.endpoint = self.region or None, self.endpoint or None
        self.config = {
            "connect_timeout": self.timeout,
            "read_timeout": self.timeout,
            "retries": {"mode": "standard", "total_max_attempts": TRIES},
        }
        try:
            super().__post_init__(**kwargs)
        except (ConnectionError, HTTPClientError) as error:
            # The client is made by then and connects anew for each request: downloads work once the store is back.
            log.warning("The object store of '%s' does not answer yet (%s).", self.name, type(error).__name__)


class Reader(files.Reader, s3.Reader):
    """Gives bytes, and no link: whoever has one would read past the gate."""

    capabilities = files.Capability.STREAM
    storage: S3Storage  # pyright: ignore[reportIncompatibleVariableOverride]

    def stream(self, data: fk.FileData, extras: dict[str, Any]) -> Iterable[bytes]:
        body: Any = super().stream(data, extras)
        return body.iter_chunks(CHUNK)


class Uploader(files.Uploader, s3.Uploader):
    """Writes an object in parts where it is large; others see it when it is whole, and never before."""

    capabilities = files.Capability.CREATE
    storage: S3Storage  # pyright: ignore[reportIncompatibleVariableOverride]

    def upload(self, location: fk.Location, upload: fk.Upload, extras: dict[str, Any]) -> fk.FileData:
        place = self.storage.settings
        facts = {"ContentType": upload.content_type}
        place.client.upload_fileobj(upload.stream, place.bucket, self.storage.full_path(location), ExtraArgs=facts)
        return fk.FileData(location, size=upload.size, content_type=upload.content_type)


class Manager(files.Manager, s3.Manager):
    """Asks for the head of an object where file-keeper asks for the object itself."""

    capabilities = (
        files.Capability.REMOVE | files.Capability.ANALYZE | files.Capability.EXISTS | files.Capability.SCAN
        | files.Capability.COPY | files.Capability.MOVE
    )  # fmt: skip
    storage: S3Storage  # pyright: ignore[reportIncompatibleVariableOverride]

    def exists(self, data: fk.FileData, extras: dict[str, Any]) -> bool:
        return self._head(data.location) is not None

    def analyze(self, location: fk.Location, extras: dict[str, Any]) -> fk.FileData:
        head = self._head(location)
        if head is None:
            raise fk.exc.MissingFileError(self.storage, location)
        return fk.FileData(location, size=head["ContentLength"], content_type=head["ContentType"])

    def remove(self, data: fk.FileData, extras: dict[str, Any]) -> bool:
        found = self._head(data.location) is not None
        place = self.storage.settings
        place.client.delete_object(Bucket=place.bucket, Key=self.storage.full_path(data.location))
        return found

    def scan(self, extras: dict[str, Any]) -> Iterable[str]:
        place = self.storage.settings
        prefix = f"{place.path}/" if place.path else ""
        for page in place.client.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=prefix):
            yield from (each["Key"].removeprefix(prefix) for each in page.get("Contents", ()))

    def _head(self, location: str) -> Any:
        """Return what the object store says of an object, or None when there is none."""
        place = self.storage.settings
        try:
            return place.client.head_object(Bucket=place.bucket, Key=self.storage.full_path(fk.Location(location)))
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise


class S3Storage(files.Storage, s3.S3Storage):  # pyright: ignore[reportIncompatibleVariableOverride]
    """Keep files in a bucket of an object store that speaks S3."""

    settings: Settings  # pyright: ignore[reportIncompatibleVariableOverride]
    SettingsFactory = Settings
    UploaderFactory = Uploader
    ManagerFactory = Manager
    ReaderFactory = Reader
    #: An object is there when it is whole: nothing has to arrive elsewhere first.
    writes_whole = True

    @classmethod
    def declare_config_options(cls, declaration: Declaration, key: Key) -> None:
        super().declare_config_options(declaration, key)
        declaration.declare(key.bucket).required().set_description("Name of the bucket.")
        for name, text in _TEXTS.items():
            declaration.declare(getattr(key, name)).set_description(text)
        declaration.declare_int(key.timeout, 10).set_description("Longest wait for the object store, in seconds.")
