//! The names of the words on the closed lists, and of muscles, tools and places.
//! What has no name of its own, a person's own tool for one, is called by its id.

use super::{Code, Words};
use crate::dose::TempoPhase;
use crate::ids::{MuscleId, Site, ToolId};
use crate::profile::Question;
use crate::vocabulary::{
    Assistant, BlockOrder, EndedBy, Kind, Laterality, Mode, Per, Position, Pressure, ProfileField,
    Severity, Side, SideRule, Source, Tag, Weekday, When,
};

/// Something with a name in every language.
pub trait Named {
    /// The code of its name.
    fn name_code(&self) -> Code;
    /// Its word in the data, for when no language names it.
    fn data_word(&self) -> &str;
}

impl Words {
    /// The name of something.
    #[must_use]
    pub fn name(&self, named: &impl Named) -> String {
        match self.find(named.name_code().as_str()) {
            Some(name) => name.to_owned(),
            None => named.data_word().replace(['-', '_'], " "),
        }
    }
}

macro_rules! named {
    ($($type:ty: $section:literal),+ $(,)?) => { $(
        impl Named for $type {
            fn name_code(&self) -> Code {
                Code::new(format!(concat!($section, ".{}"), self.as_str()))
            }

            fn data_word(&self) -> &str {
                self.as_str()
            }
        }
    )+ };
}

named! {
    Assistant: "assistant", BlockOrder: "block_order", EndedBy: "ended_by", Kind: "kind",
    Laterality: "laterality", Mode: "mode", MuscleId: "muscle", Per: "per", Position: "position",
    Pressure: "pressure", ProfileField: "profile", Question: "question", Severity: "severity", Side: "side",
    SideRule: "side_rule", Site: "region", Source: "recorded_by", Tag: "tag", ToolId: "tool",
    Weekday: "weekday", When: "when",
}

impl Named for TempoPhase {
    fn name_code(&self) -> Code {
        Code::new(format!("tempo.{}", self.name))
    }

    fn data_word(&self) -> &str {
        &self.name
    }
}
