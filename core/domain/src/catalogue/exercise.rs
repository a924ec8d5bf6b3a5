//! One exercise as the sources give it. It knows nothing of routines or of who does it.

use serde::Deserialize;

use super::{Catalogue, Fact, Provenance};
use crate::dose::Dose;
use crate::ids::{ExerciseId, GateId, MuscleId, PainRuleId, Site, SourceId, ToolId};
use crate::vocabulary::{Assistant, Kind, Laterality, Per, Position, Tag, When};
use crate::words::{Arg, Code, Words};

/// How an exercise is called: by the words, or as its person wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Code")]
pub enum Title {
    /// By the words.
    Words(Code),
    /// As a person wrote it: the same in every language.
    Own(String),
}

impl From<Code> for Title {
    fn from(code: Code) -> Self {
        Self::Words(code)
    }
}

impl Title {
    /// The name in a language.
    #[must_use]
    pub fn said(&self, words: &Words) -> String {
        match self {
            Self::Words(code) => words.plain(code.as_str()),
            Self::Own(name) => name.clone(),
        }
    }

    /// The name as it stands in a sentence that is said later.
    #[must_use]
    pub fn arg(&self) -> Arg {
        match self {
            Self::Words(code) => Arg::code(code.clone()),
            Self::Own(name) => Arg::Text(name.clone()),
        }
    }
}

/// A catalogue entry. What no source states is absent, never a guess; what is ours says so in
/// [`Provenance::ours`]. source: ../domain/protocols.md, each field by [`Exercise::sources_of`]
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Exercise {
    /// Its id.
    pub id: ExerciseId,
    /// Its name.
    pub name: Title,
    /// What kind of exercise it is.
    pub kind: Kind,
    /// Muscles and groups it is for; empty where no source names one.
    #[serde(default)]
    pub muscles: Vec<MuscleId>,
    /// Where on the body. Every entry of the sources has one; a person may leave it unsaid.
    #[serde(default)]
    pub region: Option<Site>,
    /// How it relates to the two sides.
    pub laterality: Laterality,
    /// How the body is placed, where stated.
    #[serde(default)]
    pub position: Option<Position>,
    /// Alternatives, any one of them; empty where none is needed or stated.
    #[serde(default)]
    pub tools: Vec<ToolId>,
    /// Extras.
    #[serde(default)]
    pub tools_optional: Vec<ToolId>,
    /// What is asked, the mode included. Hold and rest in seconds.
    pub dose: Dose,
    /// What is said of rest in words.
    #[serde(default)]
    pub rest_note: Option<Code>,
    /// Whether the tempo is only one example among others.
    #[serde(default)]
    pub tempo_example: bool,
    /// What is said of the tempo in words.
    #[serde(default)]
    pub tempo_note: Option<Code>,
    /// How often.
    #[serde(default)]
    pub frequency: Option<Frequency>,
    /// Whether the player asks if the pressure eases (still-pressure releases only).
    #[serde(default)]
    pub ease_check: bool,
    /// How to do it.
    #[serde(default)]
    pub cues: Vec<Fact>,
    /// How pain is to be read during it.
    #[serde(default)]
    pub pain_rule: Option<PainRuleId>,
    /// What to mind.
    #[serde(default)]
    pub cautions: Vec<Fact>,
    /// Gates that may stand before it.
    #[serde(default)]
    pub gates: Vec<GateId>,
    /// Who may do the pressing; empty where nobody is named.
    #[serde(default)]
    pub assisted: Vec<Assistant>,
    /// What else is known.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// A remark.
    #[serde(default)]
    pub note: Option<Code>,
    /// What we are not sure of.
    #[serde(default)]
    pub uncertain: Vec<Code>,
    /// Sources by field, and what is ours.
    #[serde(flatten)]
    pub provenance: Provenance,
}

impl Exercise {
    /// Its name in a language.
    #[must_use]
    pub fn name(&self, words: &Words) -> String {
        self.name.said(words)
    }

    /// Whether it is a person's own and no entry of the sources.
    #[must_use]
    pub const fn is_own(&self) -> bool {
        matches!(self.name, Title::Own(_))
    }

    /// Whether it works a muscle: groups stand for themselves and the members sources name.
    #[must_use]
    pub fn works(&self, muscle: &MuscleId) -> bool {
        self.works_any(std::slice::from_ref(muscle))
    }

    /// Whether it works any of these muscles.
    #[must_use]
    pub fn works_any(&self, muscles: &[MuscleId]) -> bool {
        Catalogue::built_in().vocabulary().share(&self.muscles, muscles)
    }

    /// Whether it works a muscle that the other works too.
    #[must_use]
    pub fn shares_a_muscle_with(&self, other: &Self) -> bool {
        self.works_any(&other.muscles)
    }

    /// The sources of a field, by its name in the data (`hold_s.min`, `tools`, `frequency`).
    #[must_use]
    pub fn sources_of(&self, field: &str) -> &[SourceId] {
        self.provenance.sources.of(field)
    }

    /// Whether a field is our choice, an extension or an inference.
    #[must_use]
    pub fn is_ours(&self, field: &str) -> bool {
        self.provenance.is_ours(field)
    }
}

/// How often something is to be done, as far as stated.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Frequency {
    /// So many times…
    pub times: Option<u32>,
    /// … in this span.
    pub per: Option<Per>,
    /// At least so many times in the span.
    pub min: Option<u32>,
    /// At most so many times in the span.
    pub max: Option<u32>,
    /// The occasions.
    pub when: Vec<When>,
    /// What is said of it in words.
    pub note: Option<Code>,
}

impl Frequency {
    /// How often, in one line ("1 to 2 times a day, after a run"); nothing where only a note says it.
    #[must_use]
    pub fn describe(&self, words: &Words) -> Option<String> {
        let per = self.per.map(|per| words.name(&per));
        let often = match (self.times, self.min, self.max) {
            (Some(times), ..) => Some(words.counted("frequency.times", times.into(), &[])),
            (None, Some(low), Some(high)) => {
                let ends = [("low", low.into()), ("high", high.into())];
                Some(words.text("frequency.between", &ends))
            }
            _ => None,
        };
        let rate = match (often, per) {
            (Some(often), Some(per)) => Some(format!("{often} {per}")),
            (Some(often), None) => Some(often),
            (None, per) => per.filter(|_| self.when.is_empty()),
        };
        let parts: Vec<String> =
            rate.into_iter().chain(self.when.iter().map(|when| words.name(when))).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}
