"""What the built-in catalogue says."""

from __future__ import annotations

from dataclasses import dataclass

from .codes import Kind, Severity
from .routines import Dose


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcedText:
    """Something the sources say, or we do."""

    #: The code of the sentence.
    code: str
    #: The sentence.
    text: str
    #: Who says so; empty where it is ours.
    sources: tuple[str, ...]
    #: Whether it is ours.
    ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word of a list, with its name."""

    #: The word as it stands in data.
    id: str
    #: Its name.
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """An exercise of the catalogue. What no source states is absent."""

    #: Its id.
    id: str
    #: Its name.
    name: str
    #: `release`, `massage`, `stretch`, `realignment`, `activation`, `strength`, `mobility`,
    #: `self_test`, `habit`.
    kind: Kind
    #: Muscles and groups it is for.
    muscles: tuple[Word, ...]
    #: Where on the body.
    region: Word | None
    #: `bilateral`, `per_side`, …
    laterality: str
    #: How the body is placed.
    position: Word | None
    #: Alternatives, any one of them.
    tools: tuple[Word, ...]
    #: Extras.
    tools_optional: tuple[Word, ...]
    #: What is asked.
    dose: Dose
    #: The same in words.
    dose_text: str
    #: Whether it asks if it eases.
    ease_check: bool
    #: How it is done.
    cues: tuple[SourcedText, ...]
    #: What to mind.
    cautions: tuple[SourcedText, ...]
    #: The gates it stands behind.
    gates: tuple[str, ...]
    #: Who may press: `partner`, `therapist`.
    assisted: tuple[str, ...]
    #: A note.
    note: str | None
    #: What the sources leave open.
    uncertain: tuple[str, ...]
    #: The sources.
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A routine of the sources."""

    #: Its id.
    id: str
    #: Its name.
    name: str
    #: The exercises in it, in order.
    exercises: tuple[str, ...]
    #: A note.
    note: str | None
    #: The sources.
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule."""

    #: Its id.
    id: str
    #: How serious (ours).
    severity: Severity
    #: What it says.
    says: SourcedText


@dataclass(frozen=True, slots=True, kw_only=True)
class RedFlag:
    """A sign to see somebody about."""

    #: Its id.
    id: str
    #: The sign.
    says: SourcedText
    #: What it may point to.
    suspect: str
    #: What to do.
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyCard:
    """What to mind. Information, not diagnosis."""

    #: What to mind.
    rules: tuple[SourcedText, ...]
    #: When to stop.
    stop_rules: tuple[SourcedText, ...]
    #: Signs to see somebody about.
    red_flags: tuple[RedFlag, ...]
    #: What to ask a clinician about first: the title, and then each.
    ask_first: tuple[str, ...]
