//! The measures that the project holds itself to, as ratios inside one run wherever a machine's speed would
//! blur them. A measure says what it found, met or not; it never fails a build.

pub mod homes;
pub mod live;
pub mod meter;
pub mod relay;
pub mod syncing;

use serde::Serialize;

/// One measured figure.
#[derive(Debug, Clone, Serialize)]
pub struct Measure {
    /// `P1` … `P8`, with a letter where a measure has several parts.
    pub id: String,
    /// What it is.
    pub name: String,
    /// What was found.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// What it should be, as a sentence fragment: `≤ 1.2`. Empty for figures that are only told.
    pub goal: String,
    /// Whether it is; nothing where there is no goal.
    pub met: Option<bool>,
}

impl Measure {
    /// A figure that is only told.
    #[must_use]
    pub fn told(id: &str, name: &str, value: f64, unit: &str) -> Self {
        let (id, name, unit) = (id.to_owned(), name.to_owned(), unit.to_owned());
        Self { id, name, value, unit, goal: String::new(), met: None }
    }

    /// A figure that should be at most so much.
    #[must_use]
    pub fn at_most(id: &str, name: &str, value: f64, unit: &str, limit: f64) -> Self {
        let goal = format!("≤ {limit}");
        Self { goal, met: Some(value <= limit), ..Self::told(id, name, value, unit) }
    }

    /// A figure that should be at least so much.
    #[must_use]
    pub fn at_least(id: &str, name: &str, value: f64, unit: &str, limit: f64) -> Self {
        let goal = format!("≥ {limit}");
        Self { goal, met: Some(value >= limit), ..Self::told(id, name, value, unit) }
    }
}

/// The value below which a share of the sorted samples lie.
#[must_use]
pub fn percentile(samples: &mut [f64], share: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let last = samples.len().saturating_sub(1);
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a list of some thousands"
    )]
    let at = (last as f64 * share).round() as usize;
    samples.get(at).copied().unwrap_or(f64::NAN)
}
