//! What is known of the person at a moment, as far as rules ask. Unknown is a value: it is asked, never
//! taken as no. Where the answers come from and how long they count is not known here.

use serde::{Deserialize, Serialize};

use crate::catalogue::{ProfileCondition, ProfileValue};
use crate::vocabulary::{ProfileField, Side};

/// The answers there are. Every one may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Pregnant.
    pub pregnant: Option<bool>,
    /// The trimester, 1 to 3.
    pub trimester: Option<u32>,
    /// A doctor agrees to pressure on the front of the belly.
    pub doctor_ok_front_pressure: Option<bool>,
    /// Can lie on the stomach.
    pub can_lie_prone: Option<bool>,
    /// Has knots.
    pub knots: Option<bool>,
    /// Hypermobile.
    pub hypermobile: Option<bool>,
    /// Has tight hip flexors.
    pub tight_hip_flexors: Option<bool>,
    /// Has pain in the hip flexors.
    pub hip_flexor_pain: Option<bool>,
    /// May have a more serious injury.
    pub suspected_serious_injury: Option<bool>,
    /// Has a strained muscle.
    pub strain: Option<bool>,
    /// Has a hip impingement.
    pub impingement: Option<bool>,
    /// The back hurts now.
    pub back_pain_now: Option<bool>,
    /// Minutes of the last run, where it still matters.
    pub last_run_min_over: Option<u32>,
    /// The muscles are warm.
    pub warm: Option<bool>,
    /// The hip is irritable.
    pub hip_irritable: Option<bool>,
    /// New to exercise.
    pub new_to_exercise: Option<bool>,
    /// Has sciatica.
    pub sciatica: Option<bool>,
    /// Said yes to something on the ask-first card.
    pub ask_first_any: Option<bool>,
    /// A workout follows.
    pub before_workout: Option<bool>,
    /// The side with the trouble.
    pub affected_side: Option<Side>,
    /// The side of the pelvis that is pulled forward.
    pub forward_side: Option<Side>,
    /// Has a bursitis at the hip.
    pub bursitis: Option<bool>,
    /// Sciatica disturbs the sleep.
    pub sciatica_at_night: Option<bool>,
    /// Not used to pressure.
    pub new_to_pressure: Option<bool>,
    /// Can kneel and get down to the floor.
    pub floor_ok: Option<bool>,
    /// Has a hook tool.
    pub has_hook: Option<bool>,
    /// Has a large release ball.
    pub has_ball: Option<bool>,
    /// Tried earlier without lasting effect.
    pub no_lasting_relief: Option<bool>,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// Nobody has said; this answer is missing.
    Unknown(ProfileField),
}

impl Profile {
    /// Whether all answers of a condition hold. One no decides, whatever else is missing.
    #[must_use]
    pub fn holds(&self, condition: &ProfileCondition) -> Holds {
        let mut missing = None;
        for (field, wanted) in &condition.0 {
            match (self.answer(*field), wanted) {
                // Who is not pregnant is in no trimester.
                (None, _) if *field == ProfileField::Trimester && self.pregnant == Some(false) => {
                    return Holds::No;
                }
                (None, _) => missing = missing.or(Some(*field)),
                (Some(answer), wanted) if matches(*field, answer, *wanted) => {}
                (Some(_), _) => return Holds::No,
            }
        }
        missing.map_or(Holds::Yes, Holds::Unknown)
    }

    /// The answer to one question.
    #[must_use]
    pub fn answer(&self, field: ProfileField) -> Option<ProfileValue> {
        use ProfileField as F;
        let yes_or_no = match field {
            F::Trimester => return self.trimester.map(ProfileValue::Number),
            F::LastRunMinOver => return self.last_run_min_over.map(ProfileValue::Number),
            F::Pregnant => self.pregnant,
            F::DoctorOkFrontPressure => self.doctor_ok_front_pressure,
            F::CanLieProne => self.can_lie_prone,
            F::Knots => self.knots,
            F::Hypermobile => self.hypermobile,
            F::TightHipFlexors => self.tight_hip_flexors,
            F::HipFlexorPain => self.hip_flexor_pain,
            F::SuspectedSeriousInjury => self.suspected_serious_injury,
            F::Strain => self.strain,
            F::Impingement => self.impingement,
            F::BackPainNow => self.back_pain_now,
            F::Warm => self.warm,
            F::HipIrritable => self.hip_irritable,
            F::NewToExercise => self.new_to_exercise,
            F::Sciatica => self.sciatica,
            F::AskFirstAny => self.ask_first_any,
            F::BeforeWorkout => self.before_workout,
        };
        yes_or_no.map(ProfileValue::Bool)
    }
}

fn matches(field: ProfileField, answer: ProfileValue, wanted: ProfileValue) -> bool {
    match (answer, wanted) {
        (ProfileValue::Number(run), ProfileValue::Number(limit))
            if field == ProfileField::LastRunMinOver =>
        {
            run > limit
        }
        (answer, wanted) => answer == wanted,
    }
}
