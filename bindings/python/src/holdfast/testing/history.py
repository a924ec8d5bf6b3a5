"""Years of plausible holds, as the text that `Engine.import_json` reads."""

from __future__ import annotations

import json
import random
from datetime import date, datetime, time, timedelta, timezone

_ZONE = "UTC"
#: The day's sessions: slot, hour, and exercises with side, target in seconds.
_DAY = (
    ("morning", 7, (("kneeling-hip-flexor", True, 30), ("childs-pose", False, 45))),
    ("midday", 12, (("standing-hip-flexor", True, 30), ("lunge-stretch", True, 30))),
    (
        "bedtime",
        22,
        (
            ("psoas-release-hook", True, 90),
            ("iliacus-release-hook", True, 90),
            ("glute-max-release", True, 90),
        ),
    ),
)


def _moment(at: datetime) -> dict[str, object]:
    return {"utc_ms": round(at.timestamp() * 1000), "offset_s": 0, "zone": _ZONE}


def seeded_history(
    *, years: float = 1.0, until: date = date(2026, 2, 28), sets: int = 2, seed: int = 1
) -> str:
    """Three sessions a day up to the day before `until`: with two sets, 22 holds a day, 8,030 a year."""
    chance = random.Random(seed)
    sessions: list[object] = []
    holds: list[object] = []
    for back in range(round(years * 365), 0, -1):
        day = until - timedelta(days=back)
        for slot, hour, parts in _DAY:
            began = datetime.combine(day, time(hour, chance.randrange(50)), timezone.utc)
            key = f"at:{day.isoformat()}:{slot}:seeded-{slot}"
            sessions.append(
                {"key": key, "started_at": _moment(began), "paused_ms": 0, "finished": True}
            )
            at = began
            for exercise, sided, target in parts:
                for number in range(1, sets + 1):
                    for side in ("left", "right") if sided else ("none",):
                        held = target - chance.choice((0, 0, 0, 3, 9))
                        ended = "target" if held == target else "stopped"
                        holds.append(
                            {
                                "id": f"seed-{len(holds)}",
                                "key": f"{key}/exercise:{exercise}/{side}/{number}/1",
                                "exercise": exercise,
                                "target_ms": target * 1000,
                                "attempts": [{"held_ms": held * 1000}],
                                "paused_ms": 0,
                                "pain_after": {
                                    "nrs": chance.randrange(4),
                                    "reported_by": "subject",
                                },
                                "ended_by": ended,
                                "started_at": _moment(at),
                                "source": "timer",
                            }
                        )
                        at += timedelta(seconds=target + 10)
    return json.dumps(
        {
            "schema": 1,
            "kind": "holdfast-export",
            "routines": [],
            "sessions": sessions,
            "observations": holds,
            "corrections": [],
        }
    )
