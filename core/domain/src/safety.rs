//! Safety rules, stop rules, red flags and the ask-first card, and where each is to be shown.
//! Information, not diagnosis: nothing here judges a person's state.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::catalogue::{Catalogue, Exercise, Provenance, built_in};
use crate::ids::{ExerciseId, Site};
use crate::vocabulary::Kind;
use crate::words::Code;

static BUILT_IN: LazyLock<Safety> = LazyLock::new(|| built_in(include_str!("../data/safety.json")));

/// A safety rule or a stop rule. source: ../domain/protocols.md
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SafetyRule {
    /// Its id.
    pub id: String,
    /// The rule in words.
    pub text: Code,
    /// The exercises it is stated for; empty where it is general.
    #[serde(default)]
    pub applies_to: Vec<ExerciseId>,
    /// The kinds of exercise a general rule is shown with. This mapping is ours.
    #[serde(default)]
    pub kinds: Vec<Kind>,
    /// Sources, and whether it is ours.
    #[serde(flatten)]
    pub provenance: Provenance,
}

impl SafetyRule {
    /// Whether it is to be shown with an exercise: it is stated for it, or it is general and of
    /// its kind. A general rule without a kind belongs to the page of all rules.
    #[must_use]
    pub fn concerns(&self, exercise: &Exercise) -> bool {
        self.applies_to.contains(&exercise.id)
            || (self.applies_to.is_empty() && self.kinds.contains(&exercise.kind))
    }

    /// Whether it is to be shown before any release: it is general and not of other kinds alone,
    /// or it is stated for some release.
    fn concerns_releases(&self) -> bool {
        if self.applies_to.is_empty() {
            return self.kinds.is_empty() || self.kinds.contains(&Kind::Release);
        }
        let kind_of = |id| Catalogue::built_in().exercise(id).map(|exercise| exercise.kind);
        self.applies_to.iter().any(|id| kind_of(id) == Some(Kind::Release))
    }
}

/// A reason to stop and see somebody. Not a diagnosis. source: ../domain/protocols.md
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RedFlag {
    /// Its id.
    pub id: String,
    /// What is noticed.
    pub text: Code,
    /// What the sources say it may be.
    pub suspect: Code,
    /// What to do.
    pub action: Code,
    /// A remark.
    #[serde(default)]
    pub note: Option<Code>,
    /// The sites on the body it may be noticed at; none means any. This mapping is ours.
    #[serde(default)]
    pub sites: Vec<Site>,
    /// Sources by field, and what is ours.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// What to ask a clinician about before any pressure on the front of the body. Ours.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AskFirst {
    /// What the card is called.
    pub title: Code,
    /// What a yes means.
    pub note: Code,
    /// The exercises it stands before.
    pub applies_to: Vec<ExerciseId>,
    /// What is asked.
    pub items: Vec<AskFirstItem>,
    /// Who says it: we do.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// One thing the card asks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AskFirstItem {
    /// Its id.
    pub id: String,
    /// What is asked.
    pub text: Code,
    /// Who says it: we do.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Safety {
    #[serde(rename = "about")]
    _about: String,
    rules: Vec<SafetyRule>,
    stop_rules: Vec<SafetyRule>,
    red_flags: Vec<RedFlag>,
    ask_first: AskFirst,
}

impl Safety {
    /// What is built in.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Every safety rule.
    #[must_use]
    pub fn rules(&self) -> &[SafetyRule] {
        &self.rules
    }

    /// Every stop rule.
    #[must_use]
    pub fn stop_rules(&self) -> &[SafetyRule] {
        &self.stop_rules
    }

    /// Every red flag.
    #[must_use]
    pub fn red_flags(&self) -> &[RedFlag] {
        &self.red_flags
    }

    /// The ask-first card.
    #[must_use]
    pub fn ask_first(&self) -> &AskFirst {
        &self.ask_first
    }
}

/// What to show at one place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    /// What to mind.
    pub rules: Vec<&'static SafetyRule>,
    /// When to stop.
    pub stop_rules: Vec<&'static SafetyRule>,
    /// When to see somebody.
    pub red_flags: Vec<&'static RedFlag>,
    /// What to ask a clinician first, where that stands before it.
    pub ask_first: Option<&'static AskFirst>,
}

/// What to show with an exercise: the rules stated for it or its kind, the red flags of its site,
/// and the ask-first card where it stands before it. The exercise's own cautions are its own.
#[must_use]
pub fn for_exercise(exercise: &Exercise) -> Shown {
    let safety = Safety::built_in();
    Shown {
        rules: safety.rules.iter().filter(|rule| rule.concerns(exercise)).collect(),
        stop_rules: safety.stop_rules.iter().filter(|rule| rule.concerns(exercise)).collect(),
        red_flags: match &exercise.region {
            Some(site) => red_flags_for_site(site),
            // What nobody said where it is could be anywhere.
            None => safety.red_flags.iter().collect(),
        },
        ask_first: Some(&safety.ask_first).filter(|card| card.applies_to.contains(&exercise.id)),
    }
}

/// The red flags that match a site on the body, and those that match any. A site no flag names
/// (a free name, the whole body) matches all: what is not known is not taken as harmless.
#[must_use]
pub fn red_flags_for_site(site: &Site) -> Vec<&'static RedFlag> {
    let flags = &Safety::built_in().red_flags;
    let known = flags.iter().any(|flag| flag.sites.contains(site));
    flags
        .iter()
        .filter(|flag| !known || flag.sites.is_empty() || flag.sites.contains(site))
        .collect()
}

/// What to show before a person's first release: the general rules and those of releases, when to
/// stop, every red flag, and the ask-first card.
#[must_use]
pub fn before_first_release() -> Shown {
    let safety = Safety::built_in();
    Shown {
        rules: safety.rules.iter().filter(|rule| rule.concerns_releases()).collect(),
        stop_rules: safety.stop_rules.iter().filter(|rule| rule.concerns_releases()).collect(),
        red_flags: safety.red_flags.iter().collect(),
        ask_first: Some(&safety.ask_first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(exercise: &str) -> Shown {
        let id = ExerciseId::new(exercise).unwrap();
        for_exercise(Catalogue::built_in().exercise(&id).unwrap())
    }

    fn ids<'a>(rules: &[&'a SafetyRule]) -> Vec<&'a str> {
        rules.iter().map(|rule| rule.id.as_str()).collect()
    }

    fn flags(site: &str) -> Vec<&'static str> {
        let site = Site::new(site).unwrap();
        red_flags_for_site(&site).into_iter().map(|flag| flag.id.as_str()).collect()
    }

    #[test]
    fn an_exercise_shows_the_rules_of_its_kind_and_those_stated_for_it() {
        let hook = shown("psoas-release-hook");
        let rules = ids(&hook.rules);
        for wanted in ["press-still", "ease-check", "start-short", "pregnancy-front"] {
            assert!(rules.contains(&wanted), "{wanted} is not among {rules:?}");
        }
        assert!(!rules.contains(&"no-it-band") && !rules.contains(&"stretch-basics"));
        assert!(ids(&hook.stop_rules).contains(&"numb-or-pulse"));
        assert!(hook.ask_first.is_some());

        let stretch = shown("kneeling-hip-flexor");
        assert!(ids(&stretch.rules).contains(&"kneeling-back"));
        assert!(ids(&stretch.stop_rules).contains(&"low-back-pinch"));
        assert!(!ids(&stretch.stop_rules).contains(&"not-eased"), "that is for pressure");
        assert!(stretch.ask_first.is_none());
    }

    #[test]
    fn a_site_shows_its_red_flags_and_those_of_any_site() {
        let neck = flags("neck");
        assert!(neck.contains(&"arm-numbness") && neck.contains(&"pain-not-settling"));
        assert!(!neck.contains(&"groin-pinch"));
        let front = flags("front-hip");
        assert!(front.contains(&"front-hip-strain") && !front.contains(&"arm-numbness"));
    }

    #[test]
    fn a_site_no_flag_knows_shows_every_flag() {
        assert_eq!(flags("left-elbow").len(), Safety::built_in().red_flags().len());
        assert_eq!(flags("whole-body").len(), Safety::built_in().red_flags().len());
    }

    #[test]
    fn the_sites_of_red_flags_are_places_of_the_catalogue() {
        let regions = &Catalogue::built_in().vocabulary().regions;
        for flag in Safety::built_in().red_flags() {
            assert!(flag.sites.iter().all(|site| regions.contains(site)), "{}", flag.id);
        }
    }

    #[test]
    fn before_the_first_release_everything_that_could_matter_is_shown() {
        let first = before_first_release();
        assert_eq!(first.red_flags.len(), Safety::built_in().red_flags().len());
        assert!(first.ask_first.is_some());
        assert!(ids(&first.rules).contains(&"press-still"));
        assert!(ids(&first.rules).contains(&"not-a-diagnosis"));
        assert!(ids(&first.stop_rules).contains(&"rise-stays"));
        assert!(ids(&first.stop_rules).contains(&"numb-or-pulse"));
    }
}
