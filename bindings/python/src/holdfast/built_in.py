"""The built-in catalogue, in a language. Pure: no engine, no disk, no waiting."""

from __future__ import annotations

from . import _bridge as bridge
from ._bridge import native
from .catalogue import Exercise, Rule, SafetyCard, Template


class Catalogue:
    """What the sources say about exercises, and what is ours. Information, not diagnosis."""

    def __init__(self, language: str = "en") -> None:
        self._handle = bridge.at_once(native.CatalogueHandle, language)

    @property
    def language(self) -> str:
        """The tag of the language it is in."""
        return str(self._handle.language())

    def exercises(self) -> list[Exercise]:
        """Every exercise."""
        return bridge.lift_all(Exercise, bridge.at_once(self._handle.exercises))

    def exercise(self, id: str) -> Exercise:
        """One exercise, by its id."""
        return bridge.lift(Exercise, bridge.at_once(self._handle.exercise, id))

    def search(
        self, text: str = "", *, kind: str | None = None, muscle: str | None = None
    ) -> list[Exercise]:
        """Exercises that have all these words somewhere, in any language."""
        found = bridge.at_once(self._handle.search, text, bridge.lowered(kind), muscle)
        return bridge.lift_all(Exercise, found)

    def templates(self) -> list[Template]:
        """The routines of the sources."""
        return bridge.lift_all(Template, bridge.at_once(self._handle.templates))

    def rules(self) -> list[Rule]:
        """The rules."""
        return bridge.lift_all(Rule, bridge.at_once(self._handle.rules))

    def safety(self, exercise: str | None = None) -> SafetyCard:
        """What to mind, with everything or with one exercise."""
        return bridge.lift(SafetyCard, bridge.at_once(self._handle.safety, exercise))

    def name_of(self, list: str, word: str) -> str:
        """The name of a word of a list: `side` and `left`, `question` and `pregnant`."""
        return str(bridge.at_once(self._handle.name_of, list, str(word)))
