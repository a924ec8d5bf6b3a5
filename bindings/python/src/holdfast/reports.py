"""What sync, import, export and the doctor report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .codes import Outcome, RelayEventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """What a clock says."""

    #: Milliseconds since 1970-01-01T00:00Z, by the wall clock.
    wall_ms: int
    #: Milliseconds since the machine started, sleep counted.
    since_boot_ms: int
    #: Differs from boot to boot.
    boot_id: str
    #: The IANA zone.
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What was written."""

    #: The file.
    path: str
    #: Routines.
    routines: int
    #: The person's own exercises.
    exercises: int
    #: Sessions.
    sessions: int
    #: Records of holds.
    observations: int
    #: Corrections.
    corrections: int
    #: Self-tests, habits and events.
    days: int
    #: Plans of habits.
    habits: int
    #: Answers of the profile.
    answers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesReport:
    """The tables that were written."""

    #: The folder.
    path: str
    #: Holds.
    holds: int
    #: Sessions.
    sessions: int
    #: Results of self-tests.
    tests: int
    #: Ticks of habits.
    habits: int
    #: Events.
    events: int
    #: Steps of the plan.
    plan: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRecord:
    """Something that was not taken in."""

    #: What it is.
    what: str
    #: Its id.
    id: str
    #: Why.
    why: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What was taken in."""

    #: Records that were not there before.
    added: int
    #: Records that were.
    unchanged: int
    #: What was not taken.
    refused: tuple[RefusedRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorFinding:
    """Something the doctor found."""

    #: The code.
    code: str
    #: The sentence.
    said: Said
    #: Whether something is wrong.
    fault: bool
    #: Whether it was put right.
    repaired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorReport:
    """What the doctor found."""

    #: Whether nothing is wrong (any more).
    ok: bool
    #: What was found.
    findings: tuple[DoctorFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A sentence: its code and arguments for whoever has words of their own, and the sentence
    itself."""

    #: The code, as in the words' source.
    code: str
    #: The arguments, each said in the engine's language.
    args: Mapping[str, str]
    #: The sentence, in the engine's language.
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayEvent:
    """What happened with the watch of the relay."""

    #: `connected`, `synced`, `waiting` or `failed`.
    kind: RelayEventKind
    #: What a sync did.
    report: SyncReport | None
    #: When it is tried again, in milliseconds from now.
    retry_ms: int | None
    #: Why it waits or failed.
    why: Said | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncProblem:
    """What is in the way of something."""

    #: The code.
    code: str
    #: The sentence.
    said: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What a sync did."""

    #: `done`, `more`, `offline` or `locked`.
    outcome: Outcome
    #: Entries sent.
    pushed: int
    #: Entries fetched.
    pulled: int
    #: Requests.
    round_trips: int
    #: Bytes of bodies sent.
    bytes_sent: int
    #: Bytes of bodies received.
    bytes_received: int
    #: What still waits.
    queued: int
    #: When to try again, in milliseconds from now.
    retry_after_ms: int | None
    #: What is in the way.
    problems: tuple[SyncProblem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayStatus:
    """Where things stand with the relay."""

    #: Its address.
    url: str
    #: Whether this device is known there.
    registered: bool
    #: What waits for it.
    queued: int
