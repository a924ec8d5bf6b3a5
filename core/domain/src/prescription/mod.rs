//! Prescriptions: immutable versions of a routine that somebody proposes and the chart's owner accepts, or does
//! not. A proposal changes nothing by itself; what is accepted becomes the routine, and counts from that day on.
//! It knows no member and no document.

mod difference;

use serde::{Deserialize, Serialize};

pub use difference::{Change, Difference, differences};

use crate::catalogue::{Catalogue, OwnExercise};
use crate::ids::{AccountName, PrescriptionId, RoutineId};
use crate::routine::{BadSchedule, Override, Routine, RoutineRefusal};
use crate::units::{LocalDay, Moment};
use crate::words::{Message, refusals_in_words};

/// One proposed version. Never changed once it is said; a better one is a new one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prescription {
    /// Its id.
    pub id: PrescriptionId,
    /// Which version it is of those its author knew of their own about this routine, from 0: clocks may be wrong.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub revision: u32,
    /// The routine as it should be. Its schedule counts from the day it is accepted.
    pub routine: Routine,
    /// The version of the owner's routine that was looked at; nothing for a new routine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub based_on: Option<u64>,
    /// A digest of what that version said: two devices that edited at once may have given one number to two texts.
    /// Who makes it and how is not known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub based_on_digest: Option<String>,
    /// Exercises of nobody's catalogue that the routine needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exercises: Vec<OwnExercise>,
    /// Why, in the words of whoever proposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was proposed.
    pub proposed_at: Moment,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub unknown: serde_json::Map<String, serde_json::Value>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero(revision: &u32) -> bool {
    *revision == 0
}

/// What the owner did with a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "settled", rename_all = "snake_case")]
pub enum Settled {
    /// It became the routine.
    Accepted {
        /// The local day that adherence counts from.
        on: LocalDay,
    },
    /// The own routine was kept.
    Kept {
        /// The local day.
        on: LocalDay,
    },
}

impl Settled {
    /// The local day.
    #[must_use]
    pub const fn on(self) -> LocalDay {
        match self {
            Self::Accepted { on } | Self::Kept { on } => on,
        }
    }

    /// What holds where several of the owner's devices settled one proposal at once, in whatever order they are
    /// heard: it was accepted where any accepted it, for the routine was written then; and the earliest day (ours).
    #[must_use]
    pub fn together(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        all.into_iter().min_by_key(|settled| (matches!(settled, Self::Kept { .. }), settled.on()))
    }
}

/// Where a proposal stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// Nobody has decided.
    Open {
        /// Whether the routine was edited or removed since the version the proposal is based on: then both
        /// versions are to be named, the one that was looked at and the one there is.
        moved_on: bool,
    },
    /// The owner decided.
    Settled(Settled),
    /// The same person proposed a later version of the routine.
    Superseded {
        /// Which.
        by: PrescriptionId,
    },
}

/// The longest reason, in characters (ours).
pub const MAX_REASON_CHARS: usize = 2_000;

/// Why a proposal cannot be made or accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrescriptionRefusal {
    /// The routine makes no sense.
    Routine(RoutineRefusal),
    /// Its schedule cannot begin that day.
    Schedule(BadSchedule),
    /// A reason too long.
    ReasonTooLong {
        /// Characters given.
        given: usize,
    },
    /// It changes nothing.
    NoDifference,
    /// It was decided before.
    SettledBefore,
    /// A later version took its place.
    Superseded {
        /// Which.
        by: PrescriptionId,
    },
}

refusals_in_words!(PrescriptionRefusal);

impl PrescriptionRefusal {
    const fn sentence(&self) -> &'static str {
        match self {
            Self::Routine(refusal) => refusal.sentence(),
            Self::Schedule(refusal) => refusal.sentence(),
            Self::ReasonTooLong { .. } => "prescription.reason_too_long",
            Self::NoDifference => "prescription.no_difference",
            Self::SettledBefore => "prescription.settled_before",
            Self::Superseded { .. } => "prescription.superseded",
        }
    }

    /// What it says.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::new(self.sentence());
        match self {
            Self::Routine(refusal) => refusal.message(),
            Self::Schedule(refusal) => refusal.message(),
            Self::ReasonTooLong { given } => message
                .with("given", u64::try_from(*given).unwrap_or(u64::MAX))
                .with("most", MAX_REASON_CHARS as u64),
            Self::NoDifference | Self::SettledBefore => message,
            Self::Superseded { by } => message.with("by", by.as_str()),
        }
    }
}

impl Prescription {
    /// Takes a proposal that makes sense against the routine as it is.
    ///
    /// # Errors
    /// [`PrescriptionRefusal`] with what to change.
    pub fn checked(
        self,
        current: Option<&Routine>,
        catalogue: &Catalogue,
    ) -> Result<Self, PrescriptionRefusal> {
        let routine = self.routine.checked(catalogue).map_err(PrescriptionRefusal::Routine)?;
        let checked = Self { routine, ..self };
        let given = checked.reason.as_ref().map_or(0, |reason| reason.chars().count());
        if given > MAX_REASON_CHARS {
            return Err(PrescriptionRefusal::ReasonTooLong { given });
        }
        if current.is_some_and(|current| differences(current, &checked.routine).is_empty()) {
            return Err(PrescriptionRefusal::NoDifference);
        }
        Ok(checked)
    }

    /// The same as said by this account, whatever it says of itself: the routine is theirs, and so is every rule
    /// it breaks that `current` does not break already in the same words.
    #[must_use]
    pub fn by(mut self, account: &AccountName, current: Option<&Routine>) -> Self {
        let author = Some(account.to_string());
        for decided in &mut self.routine.overrides {
            let same = |known: &&Override| {
                (&known.rule, &known.step, &known.reason)
                    == (&decided.rule, &decided.step, &decided.reason)
            };
            let known = current.and_then(|routine| routine.overrides.iter().find(same));
            decided.author = known.map_or_else(|| author.clone(), |known| known.author.clone());
        }
        self.routine.author = author;
        self
    }

    /// Where it stands among what the same person proposed, the routine as it is, and what was decided.
    #[must_use]
    pub fn standing<'a>(
        &self,
        of_the_same: impl IntoIterator<Item = &'a Self>,
        current: Option<&Routine>,
        settled: Option<Settled>,
    ) -> Standing {
        if let Some(settled) = settled {
            return Standing::Settled(settled);
        }
        let order = |p: &Self| (p.revision, p.proposed_at.utc_ms, p.id.clone());
        let later = of_the_same
            .into_iter()
            .filter(|other| other.routine.id == self.routine.id && order(other) > order(self))
            .max_by_key(|other| order(other));
        match later {
            Some(later) => Standing::Superseded { by: later.id.clone() },
            None => {
                let moved_on = current.map(|now| now.version) != self.based_on;
                Standing::Open { moved_on }
            }
        }
    }

    /// The routine as it is once this is accepted. What earlier days asked stays what it was; what the
    /// proposal asks counts from `on`.
    ///
    /// # Errors
    /// [`PrescriptionRefusal`] when it was decided before, a later version took its place, or it makes no
    /// sense in this catalogue.
    pub fn accept(
        &self,
        standing: &Standing,
        current: Option<&Routine>,
        on: LocalDay,
        catalogue: &Catalogue,
    ) -> Result<Routine, PrescriptionRefusal> {
        match standing {
            Standing::Open { .. } => {}
            Standing::Settled(_) => return Err(PrescriptionRefusal::SettledBefore),
            Standing::Superseded { by } => {
                return Err(PrescriptionRefusal::Superseded { by: by.clone() });
            }
        }
        let proposed =
            self.routine.clone().checked(catalogue).map_err(PrescriptionRefusal::Routine)?;
        let before = current.map(|routine| routine.timetable.clone()).unwrap_or_default();
        let timetable = before
            .with(self.routine.schedule().cloned(), on)
            .map_err(PrescriptionRefusal::Schedule)?;
        let version = current.map_or(0, |routine| routine.version).saturating_add(1);
        Ok(Routine {
            version,
            timetable,
            created_at: current.map_or_else(
                || Some(self.proposed_at.clone()),
                |routine| routine.created_at.clone(),
            ),
            ..proposed
        })
    }

    /// The routine it is about.
    #[must_use]
    pub const fn about(&self) -> &RoutineId {
        &self.routine.id
    }
}
