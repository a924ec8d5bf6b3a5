//! Years of plausible holds from one seed, as the document that `holdfast import` reads. It knows the
//! records and no engine, so the same history serves tests, benches and a try at the prompt.

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::ids::{ExerciseId, ObservationId, RoutineId, Site, Slot, StepId};
use holdfast_domain::record::{
    Attempt, HoldKey, Observation, PainRating, PlayedStep, Reporter, SessionKey, SessionRecord,
    StepRef,
};
use holdfast_domain::units::{LocalDay, Millis, Moment, Nrs};
use holdfast_domain::vocabulary::{EndedBy, Side, SideRule, Source};
use jiff::civil::Date;
use jiff::{ToSpan, tz::TimeZone};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The zone that the history happens in.
pub const ZONE: &str = "Europe/Berlin";

/// One session with its holds.
#[derive(Debug, Clone)]
pub struct SeededSession {
    /// The session.
    pub session: SessionRecord,
    /// What was held in it.
    pub holds: Vec<Observation>,
}

struct Part {
    exercise: &'static str,
    sides: &'static [Side],
    sets: u16,
    target_s: u32,
}

const BOTH: &[Side] = &[Side::Left, Side::Right];
const NO_SIDE: &[Side] = &[Side::None];

/// The day's three routines: (routine, slot, local hour and minute, parts). 31 holds a day.
const DAY: &[(&str, &str, i8, i8, &[Part])] = &[
    (
        "seeded-morning",
        "morning",
        7,
        10,
        &[
            Part { exercise: "kneeling-hip-flexor", sides: BOTH, sets: 2, target_s: 30 },
            Part { exercise: "figure-four-supine", sides: BOTH, sets: 2, target_s: 30 },
            Part { exercise: "childs-pose", sides: NO_SIDE, sets: 3, target_s: 45 },
        ],
    ),
    (
        "seeded-midday",
        "midday",
        12,
        40,
        &[
            Part { exercise: "standing-hip-flexor", sides: BOTH, sets: 3, target_s: 30 },
            Part { exercise: "pec-minor-release", sides: BOTH, sets: 1, target_s: 60 },
            Part { exercise: "lunge-stretch", sides: BOTH, sets: 1, target_s: 30 },
        ],
    ),
    (
        "seeded-bedtime",
        "bedtime",
        22,
        15,
        &[
            Part { exercise: "psoas-release-hook", sides: BOTH, sets: 1, target_s: 90 },
            Part { exercise: "iliacus-release-hook", sides: BOTH, sets: 1, target_s: 90 },
            Part { exercise: "back-of-hip-release-ball", sides: BOTH, sets: 2, target_s: 90 },
            Part { exercise: "glute-max-release", sides: BOTH, sets: 1, target_s: 90 },
        ],
    ),
];

/// Makes `years` of history that ends the day before `until`: 31 holds a day in three sessions, so 11,315 holds
/// and 1,095 sessions in 365 days.
///
/// # Panics
/// When the built-in catalogue lacks one of the exercises, which its tests rule out.
#[must_use]
pub fn years(seed: u64, years: u16, until: Date) -> Vec<SeededSession> {
    let days = i32::from(years) * 365 + i32::from(years) / 4;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..days)
        .flat_map(|n| {
            let day = until.saturating_sub((days - n).days());
            DAY.iter().map(|entry| (day, entry)).collect::<Vec<_>>()
        })
        .map(|(day, (routine, slot, hour, minute, parts))| {
            session(&mut rng, day, routine, slot, (*hour, *minute), parts)
        })
        .collect()
}

/// The sessions as the document that an import reads.
///
/// # Panics
/// Never: every record has a JSON form.
#[must_use]
pub fn document(sessions: &[SeededSession]) -> String {
    let records: Vec<&SessionRecord> = sessions.iter().map(|s| &s.session).collect();
    let holds: Vec<&Observation> = sessions.iter().flat_map(|s| &s.holds).collect();
    serde_json::json!({
        "schema": 1, "kind": "holdfast-export", "sessions": records, "observations": holds,
    })
    .to_string()
}

fn moment(day: Date, hour: i8, minute: i8, plus_ms: i64) -> Moment {
    let zone = TimeZone::get(ZONE).expect("the zone database knows Berlin");
    let start = day
        .at(hour, minute, 0, 0)
        .to_zoned(zone.clone())
        .expect("every seeded time exists on every day");
    let at = start.saturating_add(plus_ms.milliseconds());
    Moment {
        utc_ms: at.timestamp().as_millisecond(),
        offset_s: at.offset().seconds(),
        zone: ZONE.to_owned(),
    }
}

fn session(
    rng: &mut ChaCha8Rng,
    day: Date,
    routine: &str,
    slot: &str,
    (hour, minute): (i8, i8),
    parts: &[Part],
) -> SeededSession {
    let routine = RoutineId::new(routine).expect("an id");
    let key = SessionKey::Scheduled {
        routine: routine.clone(),
        day: LocalDay(day),
        slot: Slot::new(slot).expect("a slot"),
    };
    let jitter = rng.random_range(0..20 * 60_000);
    let mut elapsed = i64::from(jitter);
    let pain_before = rng.random_range(3..=7u8);
    let mut steps = Vec::new();
    let mut holds = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let exercise = Catalogue::built_in()
            .exercise(&ExerciseId::new(part.exercise).expect("an id"))
            .unwrap_or_else(|| panic!("the catalogue knows {}", part.exercise));
        let step = StepRef::Step(StepId::new(format!("step-{index}")).expect("an id"));
        steps.push(PlayedStep {
            step: step.clone(),
            exercise: exercise.id.clone(),
            side: if part.sides.len() == 2 { SideRule::Both } else { SideRule::NoSide },
            dose: exercise.dose.clone(),
        });
        for set in 1..=part.sets {
            for side in part.sides {
                let hold = observation(
                    rng,
                    &Told {
                        key: HoldKey {
                            session: key.clone(),
                            step: step.clone(),
                            side: *side,
                            set,
                            rep: 1,
                        },
                        exercise: &exercise.id,
                        site: exercise.region.as_ref().expect("a place"),
                        routine: &routine,
                        target_s: part.target_s,
                        eases: exercise.ease_check,
                        pain_before,
                        started_at: moment(day, hour, minute, elapsed),
                    },
                );
                let took = hold.under_pressure() + hold.paused;
                elapsed += i64::try_from(took.0).expect("minutes") + 5_000;
                holds.push(hold);
            }
        }
    }
    let session = SessionRecord {
        key,
        routine: Some(routine),
        routine_version: Some(1),
        started_at: moment(day, hour, minute, i64::from(jitter)),
        ended_at: Some(moment(day, hour, minute, elapsed)),
        paused: Millis::ZERO,
        finished: true,
        assisted_by: None,
        steps,
        findings: Vec::new(),
        unknown: serde_json::Map::new(),
    };
    SeededSession { session, holds }
}

struct Told<'a> {
    key: HoldKey,
    exercise: &'a ExerciseId,
    site: &'a Site,
    routine: &'a RoutineId,
    target_s: u32,
    eases: bool,
    pain_before: u8,
    started_at: Moment,
}

fn observation(rng: &mut ChaCha8Rng, told: &Told<'_>) -> Observation {
    let id: u128 = rng.random();
    let target = Millis::from_secs(u64::from(told.target_s));
    let early = rng.random_ratio(1, 20);
    let held = if early { Millis(rng.random_range(5_000..target.0)) } else { target };
    let eased_after = (told.eases && !early && rng.random_ratio(4, 5))
        .then(|| Millis(rng.random_range(8_000..29_000)));
    let pain = |nrs: u8| PainRating {
        nrs: Nrs::try_from(nrs.min(10)).expect("at most 10"),
        site: Some(told.site.clone()),
        reported_by: Reporter::Subject,
    };
    let rated = rng.random_ratio(1, 4);
    Observation {
        id: ObservationId::new(format!("{id:032x}")).expect("hex is an id"),
        revision: 0,
        key: told.key.clone(),
        exercise: told.exercise.clone(),
        routine: Some(told.routine.clone()),
        routine_version: Some(1),
        target: Some(target),
        dose: None,
        attempts: vec![Attempt { held, eased_after, pressure: None, moved_spot: false }],
        took: None,
        paused: Millis::ZERO,
        extended: Millis::ZERO,
        reps: None,
        load: None,
        tempo: Vec::new(),
        pain_before: rated.then(|| pain(told.pain_before)),
        pain_after: rated.then(|| pain(told.pain_before.saturating_sub(rng.random_range(0..4)))),
        tool: None,
        ended_by: if early { EndedBy::Stopped } else { EndedBy::Target },
        assisted_by: None,
        logged_by: None,
        started_at: told.started_at.clone(),
        source: Source::Timer,
        findings: Vec::new(),
        note: rng.random_ratio(1, 40).then(|| NOTES[rng.random_range(0..NOTES.len())].to_owned()),
        unknown: serde_json::Map::new(),
    }
}

const NOTES: &[&str] = &[
    "Softer than yesterday.",
    "Long day in the car.",
    "Breathing made the difference.",
    "A little tender near the hip bone.",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_has_eleven_thousand_holds_and_the_same_seed_gives_the_same() {
        let until = jiff::civil::date(2026, 11, 20);
        let year = years(7, 1, until);
        assert_eq!(year.len(), 1_095);
        assert_eq!(year.iter().map(|s| s.holds.len()).sum::<usize>(), 11_315);
        let again = years(7, 1, until);
        assert!(year.iter().zip(&again).all(|(a, b)| a.session == b.session && a.holds == b.holds));
        assert!(years(8, 1, until)[0].holds != year[0].holds);
    }
}
