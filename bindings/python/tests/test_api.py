"""The public API stays what it was said to be, and carries everything the engine hands out."""

import dataclasses
import inspect
import json
import unittest

import api_dump

import holdfast
from holdfast import _bridge
from holdfast._bridge import native


def generated_records() -> dict[str, type]:
    """What the generated module hands out or takes."""
    return {
        name: kind
        for name, kind in vars(native).items()
        if inspect.isclass(kind) and kind.__module__ == native.__name__ and dataclasses.is_dataclass(kind)
    }


class Api(unittest.TestCase):
    def test_the_public_api_is_the_one_that_was_written_down(self) -> None:
        hint = "the API changed: look at it, then run `cargo xtask python --update-api`"
        self.assertEqual(api_dump.PATH.read_text(encoding="utf-8"), api_dump.text(), hint)

    def test_every_public_value_has_every_field_of_the_generated_one(self) -> None:
        compared = 0
        for name, kind in generated_records().items():
            public = getattr(holdfast, {"PlayPosition": "Position"}.get(name, name), None)
            if public is None or not dataclasses.is_dataclass(public):
                continue
            given = set(inspect.signature(kind.__init__).parameters) - {"self"}
            kept = {field.name for field in dataclasses.fields(public)}
            self.assertEqual(given, kept, name)
            compared += 1
        self.assertGreater(compared, 60)

    def test_every_error_of_the_engine_has_a_class(self) -> None:
        names = {
            name
            for name, kind in vars(native.Failure).items()
            if inspect.isclass(kind) and issubclass(kind, Exception)
        }
        self.assertGreater(len(names), 15)
        self.assertEqual(names, set(holdfast.errors.BY_NAME))

    def test_a_code_of_tomorrow_is_kept_and_no_error(self) -> None:
        unheard = holdfast.Cue("drum_roll")
        self.assertFalse(unheard.is_known)
        self.assertEqual(unheard, "drum_roll")
        self.assertEqual(repr(unheard), "Cue.Unknown('drum_roll')")
        self.assertTrue(holdfast.Cue("go").is_known)
        self.assertEqual(repr(holdfast.Cue.GO), "Cue.GO")
        self.assertEqual(json.dumps(holdfast.Cue.GO), '"go"')
        self.assertEqual({holdfast.Side.LEFT: 1}["left"], 1)

    def test_what_cannot_cross_is_bad_input_and_not_a_crash(self) -> None:
        catalogue = holdfast.Catalogue()
        for odd in (None, 7, b"bytes", "\ud800"):
            with self.assertRaises(holdfast.BadInput):
                catalogue.exercise(odd)  # type: ignore[arg-type]

    def test_the_bridge_lifts_nothing_by_hand(self) -> None:
        exercise = holdfast.Catalogue("de").exercise("psoas-release-hook")
        self.assertEqual(exercise.kind, holdfast.Kind.RELEASE)
        self.assertIsInstance(exercise.dose, holdfast.Dose)
        self.assertIsInstance(exercise.tools, tuple)
        self.assertIs(_bridge.lowered(holdfast.Side.LEFT).__class__, str)
