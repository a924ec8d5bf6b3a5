"""What an app feels: how long its event loop stands still, and what a slow listener costs."""

import asyncio
import gc
import os
import sys
import threading
import time
import tracemalloc
import unittest
from concurrent.futures import ThreadPoolExecutor

import holdfast
from holdfast import Engine, Outcome, testing
from test_scenario import NOW

#: The issue's bound, in milliseconds.
LONGEST_STALL_MS = 20


#: A stall of ours shows every time; one that another program makes does not.
ATTEMPTS = 3

#: An event loop that does nothing, in a process of its own: what the machine's other work takes from it, it takes
#: from ours too.
IDLE = """
import asyncio, sys, time

async def main():
    print("ready", flush=True)
    done = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    longest, last = 0.0, time.perf_counter()
    while not done.done():
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, (now - last) * 1000 - 1), now
    print(longest)

asyncio.run(main())
"""


class Stall:
    """The longest time the event loop did not come round, in milliseconds, above what an idle one in another process
    saw at the same time."""

    async def __aenter__(self) -> "Stall":
        self.longest = 0.0
        pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
        self._idle = await asyncio.create_subprocess_exec(sys.executable, "-c", IDLE, **pipes)
        assert self._idle.stdout is not None
        await self._idle.stdout.readline()
        self._task = asyncio.create_task(self._look())
        await asyncio.sleep(0)
        return self

    async def _look(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            self.longest = max(self.longest, (now - last) * 1000 - 1)
            last = now

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        said, _ = await self._idle.communicate(b"")
        self.noise = float(said)
        self.ours = max(0.0, self.longest - self.noise)


class Measures(unittest.IsolatedAsyncioTestCase):
    async def test_the_event_loop_stands_still_20_ms_at_most_while_a_year_syncs(self) -> None:
        # Whatever Python itself runs elsewhere has one thread.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        best = [float("inf"), float("inf")]
        for _ in range(ATTEMPTS):
            stalls = await self._a_year_syncs()
            best = [min(pair) for pair in zip(best, stalls)]
            if max(best) <= LONGEST_STALL_MS:
                return
        self.assertLessEqual(max(best), LONGEST_STALL_MS)

    async def _a_year_syncs(self) -> tuple[float, float]:
        text = testing.seeded_history(years=1, sets=1)
        with testing.Relay() as relay, testing.folder() as room:
            clock = testing.fake_clock(NOW)
            made = await Engine.create(room / "a", "Ana", "phone", relay=relay.url, clock=clock)
            async with made.engine as phone:
                report = await phone.import_json(text)
                self.assertEqual(report.refused, ())
                holds = text.count('"target_ms"')
                self.assertGreater(holds, 4_000)
                del text
                gc.collect()
                async with Stall() as sending:
                    sent = await phone.sync_once()
                self.assertEqual((sent.outcome, sent.queued), (Outcome.DONE, 0))
                link = (await phone.pair()).link
                async with Stall() as fetching:
                    tablet = await Engine.join(room / "b", link, "tablet", clock=clock)
                    async with tablet:
                        with tablet.observe(lambda _: None):
                            got = await tablet.sync_once()
                            read = 0
                            async for _ in tablet.holds(page=20):
                                read += 1
                self.assertEqual((got.outcome, read), (Outcome.DONE, holds))
        for name, stall in (("sending", sending), ("fetching and reading", fetching)):
            print(f"\n  {holds} holds, {name}: {stall.longest:.1f} ms, idle {stall.noise:.1f} ms")
        return sending.ours, fetching.ours

    async def test_10_000_events_and_a_slow_listener_cost_no_memory_and_end_with_the_last(self) -> None:
        async with testing.engine() as engine:
            heard: list[frozenset[holdfast.Changed]] = []
            slow = threading.Event()

            def told(keys: frozenset[holdfast.Changed]) -> None:
                heard.append(keys)
                # The listener holds the loop for a while: events pile up behind it, or do not.
                slow.wait(0.02)

            listening = engine.observe(told)
            listener = listening._relay
            await asyncio.sleep(0.05)
            tracemalloc.start()
            before = tracemalloc.get_traced_memory()[0]

            def storm() -> None:
                for number in range(10_000):
                    listener.changed(["sync" if number < 9_999 else "history"])  # type: ignore[attr-defined]

            heard.clear()
            await asyncio.to_thread(storm)
            await asyncio.sleep(0.1)
            grown = tracemalloc.get_traced_memory()[0] - before
            tracemalloc.stop()
            self.assertLess(grown, 100_000)
            self.assertLess(len(heard), 1_000)
            self.assertIn(holdfast.Changed.HISTORY, frozenset().union(*heard[-2:]))
            # And the engine's own: writes while the listener sleeps are heard as few, the last included.
            heard.clear()
            for _ in range(30):
                await engine.log("childs-pose", held=1)
            await asyncio.sleep(0.2)
            self.assertLess(len(heard), 62)
            self.assertIn(holdfast.Changed.HISTORY, frozenset().union(*heard))
            listening.stop()

    async def test_a_player_s_input_does_not_wait_for_the_disk(self) -> None:
        clock = testing.fake_clock()
        async with testing.engine(clock=clock) as engine:
            await engine.set_profile({"serious_injury": False, "strain": False})
            routine = (await engine.new_routine("x")).routine.id
            await engine.add_step(routine, "kneeling-hip-flexor", hold_s=30, sets=3, reps=1)
            async with await engine.play(routine) as playing:
                playing.start()
                best = float("inf")
                for _ in range(ATTEMPTS):
                    worst = 0.0
                    for _ in range(50):
                        clock.advance(0.1)
                        began = time.perf_counter()
                        playing.pause()
                        playing.resume()
                        worst = max(worst, (time.perf_counter() - began) * 1000)
                    best = min(best, worst)
                print(f"\n  two inputs: {best:.1f} ms at worst")
                self.assertLess(best, LONGEST_STALL_MS)
                await playing.saved()

    async def test_engines_that_are_closed_leave_no_thread_and_no_file_behind(self) -> None:
        async def once() -> None:
            async with testing.engine() as engine:
                with engine.observe(lambda _: None):
                    await engine.log("childs-pose", held=1)

        await once()
        files = len(os.listdir("/proc/self/fd"))
        for _ in range(10):
            await once()
        async with asyncio.timeout(5):
            while len(os.listdir("/proc/self/fd")) > files:
                await asyncio.sleep(0.05)
        observers = [
            name
            for task in os.listdir("/proc/self/task")
            for name in [_thread_name(task)]
            if name.startswith("holdfast-observ")
        ]
        self.assertLessEqual(len(observers), 1)


def _thread_name(task: str) -> str:
    try:
        with open(f"/proc/self/task/{task}/comm", encoding="utf-8") as name:
            return name.read().strip()
    except OSError:
        return ""
