//! The questions of the profile: what kind of answer each takes, and how long an answer counts.

use serde_json::Value as Json;

use crate::units::LocalDay;
use crate::vocabulary::{ProfileField, Side, UnknownWord, words};
use serde::{Deserialize, Serialize};

words! {
    /// A question of the profile. The word is the key at the prompt, in JSON and in the document.
    Question {
        /// Pregnant.
        Pregnant = "pregnant",
        /// The day the baby is due.
        DueDate = "due_date",
        /// The trimester, where the due date is not said.
        Trimester = "trimester",
        /// Can lie on the stomach.
        ProneOk = "prone_ok",
        /// A doctor agrees to pressure on the front of the belly.
        DoctorOkFront = "doctor_ok_front",
        /// Has knots.
        Knots = "knots",
        /// Hypermobile.
        Hypermobile = "hypermobile",
        /// Has tight hip flexors.
        TightHipFlexors = "tight_hip_flexors",
        /// Has pain in the hip flexors.
        HipFlexorPain = "hip_flexor_pain",
        /// May have a more serious injury.
        SeriousInjury = "serious_injury",
        /// Has a strained muscle.
        Strain = "strain",
        /// Has a hip impingement.
        Impingement = "impingement",
        /// Has a bursitis at the hip.
        Bursitis = "bursitis",
        /// The hip is irritable.
        HipIrritable = "hip_irritable",
        /// Has sciatica.
        Sciatica = "sciatica",
        /// Sciatica disturbs the sleep.
        SciaticaAtNight = "sciatica_at_night",
        /// New to exercise.
        NewToExercise = "new_to_exercise",
        /// Not used to pressure.
        NewToPressure = "new_to_pressure",
        /// Can kneel and get down to the floor.
        FloorOk = "floor_ok",
        /// Has a hook tool.
        HasHook = "has_hook",
        /// Has a large release ball.
        HasBall = "has_ball",
        /// Something on the ask-first card applies.
        AskFirst = "ask_first",
        /// Ask-first card: abdominal or pelvic surgery.
        AbdominalSurgery = "abdominal_surgery",
        /// Ask-first card: a hernia.
        Hernia = "hernia",
        /// Ask-first card: an aortic aneurysm.
        AorticAneurysm = "aortic_aneurysm",
        /// Ask-first card: clots, or medicine against them.
        ClotsAnticoagulants = "clots_anticoagulants",
        /// Ask-first card: numbness or tingling under the tool.
        NumbnessUnderTool = "numbness_under_tool",
        /// Ask-first card: a pulse under the tool.
        PulsingUnderTool = "pulsing_under_tool",
        /// The side with the trouble.
        AffectedSide = "affected_side",
        /// The side of the pelvis that is pulled forward.
        ForwardSide = "forward_side",
        /// The back hurts now.
        BackPainNow = "back_pain_now",
        /// The muscles are warm.
        Warm = "warm",
        /// A workout follows.
        BeforeWorkout = "before_workout",
        /// Tried earlier without lasting effect.
        NoLastingRelief = "no_lasting_relief",
        /// The zone the person lives by.
        TimeZone = "time_zone",
        /// When a day starts.
        DayStart = "day_start",
    }
}

/// What kind of answer a question takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Yes or no.
    YesNo,
    /// A local day.
    Day,
    /// 1, 2 or 3.
    Trimester,
    /// Left or right.
    Side,
    /// An IANA zone.
    Zone,
    /// A time of day.
    TimeOfDay,
}

/// How long an answer counts. How the person is right now is never kept as a fact for good (ours).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// Until it is answered anew.
    UntilChanged,
    /// For the local day it was given on.
    ThatDay,
    /// For so many minutes.
    Minutes(u32),
}

/// An answer, by the kind its question takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Yes or no.
    YesNo(bool),
    /// A local day.
    Day(LocalDay),
    /// 1, 2 or 3.
    Trimester(u8),
    /// Left or right.
    Side(Side),
    /// An IANA zone.
    Zone(String),
    /// Minutes after local midnight.
    TimeOfDay(u16),
}

/// The questions of the ask-first card.
pub(super) const CARD: [Question; 6] = [
    Question::AbdominalSurgery,
    Question::Hernia,
    Question::AorticAneurysm,
    Question::ClotsAnticoagulants,
    Question::NumbnessUnderTool,
    Question::PulsingUnderTool,
];

impl Question {
    /// What kind of answer it takes.
    #[must_use]
    pub const fn asked(self) -> Asked {
        match self {
            Self::DueDate => Asked::Day,
            Self::Trimester => Asked::Trimester,
            Self::AffectedSide | Self::ForwardSide => Asked::Side,
            Self::TimeZone => Asked::Zone,
            Self::DayStart => Asked::TimeOfDay,
            _ => Asked::YesNo,
        }
    }

    /// How long an answer counts (ours).
    #[must_use]
    pub const fn lasts(self) -> Lasts {
        match self {
            Self::BackPainNow => Lasts::ThatDay,
            Self::Warm | Self::BeforeWorkout => Lasts::Minutes(60),
            _ => Lasts::UntilChanged,
        }
    }

    /// What rules and gates ask, where they ask this.
    #[must_use]
    pub const fn field(self) -> Option<ProfileField> {
        Some(match self {
            Self::Pregnant => ProfileField::Pregnant,
            Self::Trimester | Self::DueDate => ProfileField::Trimester,
            Self::ProneOk => ProfileField::CanLieProne,
            Self::DoctorOkFront => ProfileField::DoctorOkFrontPressure,
            Self::Knots => ProfileField::Knots,
            Self::Hypermobile => ProfileField::Hypermobile,
            Self::TightHipFlexors => ProfileField::TightHipFlexors,
            Self::HipFlexorPain => ProfileField::HipFlexorPain,
            Self::SeriousInjury => ProfileField::SuspectedSeriousInjury,
            Self::Strain => ProfileField::Strain,
            Self::Impingement => ProfileField::Impingement,
            Self::HipIrritable => ProfileField::HipIrritable,
            Self::Sciatica => ProfileField::Sciatica,
            Self::NewToExercise => ProfileField::NewToExercise,
            Self::BackPainNow => ProfileField::BackPainNow,
            Self::Warm => ProfileField::Warm,
            Self::BeforeWorkout => ProfileField::BeforeWorkout,
            Self::AskFirst
            | Self::AbdominalSurgery
            | Self::Hernia
            | Self::AorticAneurysm
            | Self::ClotsAnticoagulants
            | Self::NumbnessUnderTool
            | Self::PulsingUnderTool => ProfileField::AskFirstAny,
            _ => return None,
        })
    }

    /// The question to put for what a rule asks; nothing for what no profile keeps: the last run is
    /// an event.
    #[must_use]
    pub fn for_field(field: ProfileField) -> Option<Self> {
        match field {
            ProfileField::Trimester => Some(Self::DueDate),
            field => Self::ALL.iter().copied().find(|question| question.field() == Some(field)),
        }
    }
}

impl Value {
    /// As JSON and the document have it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::YesNo(yes) => Json::from(*yes),
            Self::Trimester(number) => Json::from(*number),
            other => Json::from(other.to_string()),
        }
    }

    /// Reads it back; nothing where it is no answer to the question.
    #[must_use]
    pub fn from_json(question: Question, json: &Json) -> Option<Self> {
        match (question.asked(), json) {
            (Asked::YesNo, Json::Bool(yes)) => Some(Self::YesNo(*yes)),
            (Asked::Trimester, Json::Number(number)) => {
                let number = number.as_u64().and_then(|n| u8::try_from(n).ok())?;
                (1..=3).contains(&number).then_some(Self::Trimester(number))
            }
            (Asked::YesNo | Asked::Trimester, _) => None,
            (_, Json::String(text)) => Self::parse(question, text),
            _ => None,
        }
    }

    /// Reads an answer as people type it; nothing where it is none to this question.
    #[must_use]
    pub fn parse(question: Question, text: &str) -> Option<Self> {
        let text = text.trim();
        match question.asked() {
            Asked::YesNo => match text.to_ascii_lowercase().as_str() {
                "yes" | "true" | "y" => Some(Self::YesNo(true)),
                "no" | "false" | "n" => Some(Self::YesNo(false)),
                _ => None,
            },
            Asked::Day if text.len() == 10 => text.parse().ok().map(Self::Day),
            Asked::Day => None,
            Asked::Trimester => match text {
                "1" => Some(Self::Trimester(1)),
                "2" => Some(Self::Trimester(2)),
                "3" => Some(Self::Trimester(3)),
                _ => None,
            },
            Asked::Side => match text {
                "left" => Some(Self::Side(Side::Left)),
                "right" => Some(Self::Side(Side::Right)),
                _ => None,
            },
            Asked::Zone => {
                let zone = jiff::tz::TimeZone::get(text).ok()?;
                zone.iana_name().map(|name| Self::Zone(name.to_owned()))
            }
            Asked::TimeOfDay => {
                let (hour, minute) = text.split_once(':')?;
                let two = |part: &str| (part.len() == 2).then(|| part.parse::<u16>().ok())?;
                let (hour, minute) = (two(hour)?, two(minute)?);
                (hour < 24 && minute < 60).then_some(Self::TimeOfDay(hour * 60 + minute))
            }
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::YesNo(yes) => f.write_str(if *yes { "yes" } else { "no" }),
            Self::Day(day) => day.fmt(f),
            Self::Trimester(number) => number.fmt(f),
            Self::Side(side) => side.fmt(f),
            Self::Zone(zone) => f.write_str(zone),
            Self::TimeOfDay(minutes) => write!(f, "{:02}:{:02}", minutes / 60, minutes % 60),
        }
    }
}
