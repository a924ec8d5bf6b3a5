"""Plays into a hold, says so, and waits to be killed."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

from holdfast import Engine, Stage, testing  # noqa: E402


async def main() -> None:
    clock = testing.fake_clock()
    made = await Engine.create(sys.argv[1], "Ana", "phone", clock=clock)
    routine = (await made.engine.new_routine("Evening")).routine.id
    await made.engine.add_step(routine, "kneeling-hip-flexor", hold_s=60, sets=1, reps=1)
    await made.engine.set_profile({"serious_injury": False, "strain": False})
    playing = await made.engine.play(routine)
    playing.start()
    while playing.view.stage != Stage.HOLD:
        clock.advance(playing.next_due or 0)
        for effect in playing.tick().effects:
            if effect.cue is not None:
                playing.delivered(effect.cue)
    clock.advance(10)
    # A remote pauses and resumes: somebody attends at ten seconds.
    playing.pause()
    playing.resume()
    await playing.saved()
    print("holding", flush=True)
    await asyncio.sleep(60)


asyncio.run(main())
