"""What apps do wrong: every kind of it is a clear error of its own, and never a crash."""

import asyncio
import sqlite3
import subprocess
import sys
import unittest
from pathlib import Path

import holdfast
from holdfast import Engine, KeyLocked, KeyLost, KeyRefused, testing

ODD = ("", " ", "\0", "💥" * 200, "../../etc", "a" * 100_000, "‮drawkcab", "'; drop table hold;--")
SRC = str(Path(__file__).parent.parent / "src")


class Texts(unittest.IsolatedAsyncioTestCase):
    async def test_empty_and_odd_strings_are_refused_everywhere_with_a_sentence(self) -> None:
        async with testing.engine() as engine:
            calls = (
                engine.hold,
                engine.session,
                engine.routine,
                engine.check_routine,
                engine.add_template,
                engine.play,
                engine.remove_hold,
                engine.restore_routine,
                engine.own_exercise,
                engine.exercise,
                engine.tick_habit,
                engine.undo_tick,
                engine.remove_event,
                engine.revoke_device,
                engine.chart,
                engine.accept_routine,
                engine.accept_invite,
                engine.remove_member,
                engine.revoke_invite,
                engine.phrase_with,
                engine.import_json,
                engine.import_routine,
                engine.routine_file,
                engine.share_routine,
                engine.test_results,
            )
            for call in calls:
                for odd in ODD:
                    with self.subTest(call=call.__name__, odd=odd[:12]):
                        with self.assertRaises(holdfast.HoldfastError) as refused:
                            await call(odd)
                        self.assertNotIsInstance(refused.exception, holdfast.RestartNeeded)
                        self.assertTrue(refused.exception.text)
            # After all of it, it still works.
            self.assertEqual(len(await engine.log("childs-pose", held=30)), 1)

    async def test_a_text_that_is_no_unicode_and_values_of_another_kind_are_bad_input(self) -> None:
        async with testing.engine() as engine:
            for odd in ("\ud800", None, 3, b"hold"):
                with self.subTest(odd=odd):
                    with self.assertRaises(holdfast.BadInput):
                        await engine.hold(odd)  # type: ignore[arg-type]
            for given in ({"held": -1}, {"held": 1e30}, {"held": 1, "pain_after": 300}):
                with self.subTest(given=given):
                    with self.assertRaises(holdfast.BadInput):
                        await engine.log("childs-pose", **given)  # type: ignore[arg-type]

    async def test_a_bad_value_names_its_field(self) -> None:
        async with testing.engine() as engine:
            cases = (
                ("side", engine.log("psoas-release-hook", held=9, side="top")),
                ("pain_after", engine.log("childs-pose", held=9, pain_after=11)),
                ("held", engine.log("childs-pose")),
                ("date", engine.log("childs-pose", held=9, date="yesterday")),
                ("since", engine.history(since="2026-02-31")),
                ("after", engine.history(after="nowhere")),
                ("role", engine.invite("king")),
                ("strain", engine.set_profile({"strain": "maybe"})),
                ("format", engine.export("/tmp/x", "pdf")),
            )
            for field, call in cases:
                with self.subTest(field=field):
                    with self.assertRaises(holdfast.HoldfastError) as refused:
                        await call
                    self.assertIn(field, (refused.exception.field or "").replace("-", "_"))

    async def test_ids_of_another_home_are_not_found(self) -> None:
        async with testing.engine() as ana, testing.engine("Ben") as ben:
            (hers,) = await ana.log("childs-pose", held=30)
            routine = (await ana.new_routine("Hers")).routine.id
            me = (await ana.identity()).device
            for call in (ben.hold(hers.hold_id), ben.session(hers.session_id), ben.routine(routine),
                         ben.revoke_device(me), ben.remove_hold(hers.hold_id)):
                with self.assertRaises(holdfast.NotFound):
                    await call

    async def test_bad_links_and_phrases(self) -> None:
        for odd in (*ODD, "https://example.org/#x", "holdfast:pair#AAAA"):
            with self.assertRaises(holdfast.BadLink):
                holdfast.inspect_link(odd)
        with testing.folder() as room:
            with self.assertRaises(holdfast.BadPhrase):
                await Engine.recover(room / "h", "not a phrase", "http://127.0.0.1:9", "phone")
            with self.assertRaises(holdfast.BadLink):
                await Engine.join(room / "h", "holdfast:nonsense", "phone")


class Life(unittest.IsolatedAsyncioTestCase):
    async def test_after_closing_every_call_says_so_and_closing_twice_is_nothing(self) -> None:
        async with testing.engine() as engine:
            routine = (await engine.new_routine("x")).routine.id
            await engine.add_step(routine, "bridge-pose", sets=1)
            chart = await engine.chart((await engine.current_chart()).id)
            listening = engine.observe(lambda _: None)
            await engine.close()
            await engine.close()
            self.assertTrue(engine.closed)
            for call in (engine.log("childs-pose", held=9), engine.history(), engine.sync_once(),
                         engine.suspend(), engine.play(routine), chart.history(), engine.erase()):
                with self.assertRaises(holdfast.Closed):
                    await call
            with self.assertRaises(holdfast.Closed):
                engine.observe(lambda _: None)
            listening.stop()

    async def test_a_session_of_a_closed_engine_is_put_away_and_says_closed(self) -> None:
        with testing.folder() as room:
            clock = testing.fake_clock()
            made = await Engine.create(room / "h", "Ana", "phone", clock=clock)
            await made.engine.set_profile({"serious_injury": False, "strain": False})
            routine = (await made.engine.new_routine("x")).routine.id
            await made.engine.add_step(routine, "kneeling-hip-flexor", hold_s=30, sets=1, reps=1)
            playing = await made.engine.play(routine)
            playing.start()
            await made.engine.close()
            with self.assertRaises(holdfast.Closed):
                playing.skip()
            async with await Engine.open(room / "h", clock=clock) as again:
                self.assertIsNotNone(await again.unfinished_play())

    async def test_commands_under_way_end_before_closing_does(self) -> None:
        with testing.folder() as room:
            made = await Engine.create(room / "h", "Ana", "phone")
            logging = [
                asyncio.create_task(made.engine.log("childs-pose", held=n)) for n in range(1, 20)
            ]
            await asyncio.sleep(0)
            await made.engine.close()
            done = await asyncio.gather(*logging, return_exceptions=True)
            logged = sum(isinstance(one, list) for one in done)
            refused = sum(isinstance(one, holdfast.Closed) for one in done)
            self.assertEqual(logged + refused, 19)
            async with await Engine.open(room / "h") as again:
                self.assertEqual(len((await again.history()).holds), logged)

    async def test_two_openings_in_one_process_are_one_engine(self) -> None:
        with testing.folder() as room:
            made = await Engine.create(room / "h", "Ana", "phone")
            second = await Engine.open(room / "h")
            await second.log("childs-pose", held=30)
            self.assertEqual(len((await made.engine.history()).holds), 1)
            await made.engine.close()
            # The other one goes on.
            self.assertEqual(len((await second.history()).holds), 1)
            await second.close()

    async def test_another_process_is_told_who_has_the_directory(self) -> None:
        with testing.folder() as room:
            made = await Engine.create(room / "h", "Ana", "phone")
            code = (
                f"import sys,asyncio;sys.path.insert(0,{SRC!r});import holdfast\n"
                f"try: asyncio.run(holdfast.Engine.open({str(room / 'h')!r}))\n"
                "except holdfast.InUse as error: print('in use:', error)"
            )
            run = [sys.executable, "-c", code]
            said = await asyncio.to_thread(subprocess.run, run, capture_output=True, text=True)
            self.assertIn("in use:", said.stdout, said.stderr)
            await made.engine.close()
            # Free again; and a process that ends without closing ends well, however often.
            for _ in range(8):
                said = await asyncio.to_thread(subprocess.run, run, capture_output=True, text=True)
                self.assertEqual((said.stdout, said.returncode), ("", 0), said.stderr)

    async def test_data_of_a_newer_version_is_refused_and_untouched(self) -> None:
        with testing.folder() as room:
            made = await Engine.create(room / "h", "Ana", "phone")
            await made.engine.close()
            with sqlite3.connect(room / "h" / "holdfast.db") as db:
                db.execute("PRAGMA user_version = 9999")
            db.close()
            before = (room / "h" / "holdfast.db").read_bytes()
            with self.assertRaises(holdfast.NewerData) as refused:
                await Engine.open(room / "h")
            self.assertTrue(refused.exception.hint)
            self.assertEqual((room / "h" / "holdfast.db").read_bytes(), before)

    async def test_what_is_no_home_and_what_is_one_already(self) -> None:
        with testing.folder() as room:
            (room / "file").write_text("x")
            for path in (room / "nothing", room / "file", room):
                with self.assertRaises(holdfast.NotAHome):
                    await Engine.open(path)
            made = await Engine.create(room / "h", "Ana", "phone")
            await made.engine.close()
            with self.assertRaises(holdfast.AlreadyAHome):
                await Engine.create(room / "h", "Ben", "phone")
            with self.assertRaises(holdfast.BadInput):
                await Engine.open(3)  # type: ignore[arg-type]

    async def test_erasing_leaves_nothing(self) -> None:
        keys = testing.MemoryKeys()
        with testing.folder() as room:
            made = await Engine.create(room / "h", "Ana", "phone", keys=keys)
            await made.engine.erase()
            self.assertEqual((keys.key, keys.marker()), (None, None))
            self.assertTrue(made.engine.closed)
            self.assertFalse((room / "h").exists())


class Keys(unittest.IsolatedAsyncioTestCase):
    async def test_a_key_store_that_locks_refuses_loses_or_breaks(self) -> None:
        keys = testing.FailingKeys()
        with testing.folder() as room:
            made = await Engine.create(room / "h", "Ana", "phone", keys=keys)
            await made.engine.log("childs-pose", held=30)
            await made.engine.close()
            before = {path.name: path.read_bytes() for path in (room / "h").iterdir()}
            for fails, expected in (
                (KeyLocked(), holdfast.Locked),
                (KeyRefused(), holdfast.Locked),
                (KeyLost(), holdfast.RecoveryNeeded),
                (RuntimeError("the chip is on fire"), holdfast.Failed),
                (ValueError("a mistake of the app's"), holdfast.Failed),
            ):
                keys.fails = fails
                with self.subTest(fails=fails):
                    with self.assertRaises(expected) as refused:
                        await Engine.open(room / "h", keys=keys)
                    if expected is holdfast.Failed:
                        self.assertIn(str(fails), str(refused.exception))
                    now = {path.name: path.read_bytes() for path in (room / "h").iterdir()}
                    self.assertEqual(now, before, "files were touched")
            keys.fails = None
            async with await Engine.open(room / "h", keys=keys) as again:
                self.assertEqual(len((await again.history()).holds), 1)

    async def test_another_key_and_a_key_of_another_length_are_a_lost_one(self) -> None:
        keys = testing.MemoryKeys()
        with testing.folder() as room:
            made = await Engine.create(room / "h", "Ana", "phone", keys=keys)
            await made.engine.close()
            right = keys.key
            for wrong in (b"\1" * 32, b"short", b"", None):
                keys.key = wrong
                with self.assertRaises(holdfast.RecoveryNeeded):
                    await Engine.open(room / "h", keys=keys)
            keys.key = right
            await (await Engine.open(room / "h", keys=keys)).close()

    async def test_a_store_that_cannot_keep_a_new_key_leaves_no_home(self) -> None:
        keys = testing.FailingKeys()
        keys.fails = KeyLocked()
        with testing.folder() as room:
            with self.assertRaises(holdfast.Locked):
                await Engine.create(room / "h", "Ana", "phone", keys=keys)
            keys.fails = None
            made = await Engine.create(room / "h", "Ana", "phone", keys=keys)
            await made.engine.close()

    async def test_a_store_that_calls_back_into_the_engine_s_opening_does_not_hang(self) -> None:
        with testing.folder() as room:
            inner = testing.MemoryKeys()
            other = await Engine.create(room / "other", "Ben", "phone")
            await other.engine.close()

            class Nosy(testing.MemoryKeys):
                def load(self) -> bytes | None:
                    # Another home is opened while this one asks for its key: no lock may be held.
                    asyncio.run((self._open)())
                    return inner.load()

                async def _open(self) -> None:
                    await (await Engine.open(room / "other")).close()

                create, marker, set_marker = inner.create, inner.marker, inner.set_marker

            made = await Engine.create(room / "h", "Ana", "phone", keys=Nosy())
            await made.engine.close()
            async with asyncio.timeout(10):
                await (await Engine.open(room / "h", keys=Nosy())).close()
