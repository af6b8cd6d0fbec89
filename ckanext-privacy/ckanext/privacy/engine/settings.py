"""What a scan is told beforehand. Needs no library, so that a caller can say it without waiting for any."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Limits:
    """How far the readers go before they hold a file. Sizes in bytes.

    ``unpacked`` is what a zipped format may grow to, ``whole`` the most that is read of a format that cannot be
    streamed, ``batch`` the text held in memory at a time. An archive with everything in it may unpack to ``archive``
    bytes and to ``ratio`` times its own size (at least ``whole``), in ``members`` files, archives in it ``depth``
    deep. A table has at most ``columns``, and JSON and XML are nested at most ``levels`` deep. ``memory`` is
    the address space of the process that reads, and ``seconds`` how long one file may take.
    """

    bytes: int = 8 << 30
    unpacked: int = 1 << 30
    whole: int = 256 << 20
    batch: int = 32 << 20
    archive: int = 8 << 30
    ratio: int = 200
    members: int = 10_000
    depth: int = 4
    columns: int = 10_000
    levels: int = 200
    memory: int = 6 << 30
    seconds: int = 3600


@dataclass(frozen=True)
class RiskSettings:
    """Limits: groups of fewer than `k_limit` rows and counts under `small_cell_limit` are small.

    Only the `most_quasi_identifiers` strongest quasi-identifiers are combined: with enough columns every row is unique,
    which says nothing. Amounts are dominated where the two largest contributors make up `dominance_share` of one, or
    the second could tell the largest to within `dominance_percent` percent. The last three take headings and overrule
    what the engine suggests: columns to find people by, columns to protect, columns that are neither.
    """

    k_limit: int = 5
    small_cell_limit: int = 10
    most_quasi_identifiers: int = 8
    dominance_share: float = 0.85
    dominance_percent: float = 10.0
    quasi_identifiers: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    neither: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("quasi_identifiers", "secrets", "neither"):
            # They come from YAML and through a pipe as lists.
            object.__setattr__(self, name, tuple(getattr(self, name)))


@dataclass(frozen=True)
class ScanSettings:
    """How to scan.

    ``countries`` are ISO 3166 alpha-2 codes in lower case; empty means every country pack. ``policy`` is a policy file,
    the default one when None; its limits take the place of ``risk``. ``isolated`` parses in a child process, as files
    of others must be. ``recognizers`` are the user's own: Presidio's registry files, and classes as ``module:Class``.
    ``checkpoint`` is a folder for finished parts of scans, so that one that was killed goes on where it stopped.
    """

    countries: tuple[str, ...] = ()
    policy: Path | None = None
    limits: Limits = field(default_factory=Limits)
    isolated: bool = True
    risk: RiskSettings = field(default_factory=RiskSettings)
    recognizers: tuple[str, ...] = ()
    checkpoint: Path | None = None
