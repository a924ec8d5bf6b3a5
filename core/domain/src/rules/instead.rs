//! What a source gives to do instead of what a gate holds back. Where no source gives anything, nothing
//! is made up.

use serde::{Deserialize, Serialize};

use super::{Finding, Profile};
use crate::catalogue::Catalogue;
use crate::ids::{ExerciseId, GateId, SourceId};
use crate::words::{Arg, Words};

/// A replacement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instead {
    /// The exercises, any one of them.
    pub exercises: Vec<ExerciseId>,
    /// Who gives it.
    pub sources: Vec<SourceId>,
}

/// In pregnancy the back of the hip is pressed on the ball, lying on the back, where the front is not
/// an option; loosening the back eases the front too.
/// source: ../domain/protocols.md (000: `pregnancy-10`, `piriformis-release-ball-supine`)
const BACK_OF_THE_HIP: (&str, &str) = ("piriformis-release-ball-supine", "000");

/// What to do instead of what a finding holds back.
pub(super) fn of(finding: &Finding, profile: &Profile) -> Option<Instead> {
    let gate = finding.gate.as_ref().and_then(|id| Catalogue::built_in().gate(id))?;
    if !gate.prefer.is_empty() && finding.asks.is_none() {
        let sources = gate.provenance.sources.all().into_iter().cloned().collect();
        return Some(Instead { exercises: gate.prefer.clone(), sources });
    }
    let pregnant = profile.pregnant == Some(true);
    (pregnant && is_front_of_the_belly(&gate.id)).then(|| {
        let (exercise, source) = BACK_OF_THE_HIP;
        Instead {
            exercises: vec![ExerciseId::new(exercise).expect("a catalogue id is an id")],
            sources: vec![SourceId::new(source).expect("a catalogue id is an id")],
        }
    })
}

fn is_front_of_the_belly(gate: &GateId) -> bool {
    matches!(gate.as_str(), "pregnancy-front-pressure" | "needs-prone")
}

impl Instead {
    /// What to do, in a language.
    #[must_use]
    pub fn text(&self, words: &Words) -> String {
        let catalogue = Catalogue::built_in();
        let named = self.exercises.iter().map(|id| {
            catalogue.exercise(id).map_or_else(|| id.to_string(), |entry| entry.name(words))
        });
        let exercises: Vec<String> = named.collect();
        let sources: Vec<&str> = self.sources.iter().map(SourceId::as_str).collect();
        words.text(
            "finding.instead",
            &[
                ("exercises", Arg::from(exercises.join(", "))),
                ("sources", Arg::from(sources.join(", "))),
            ],
        )
    }
}
