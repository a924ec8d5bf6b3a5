//! The charts an account takes part in, and a view of one of them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::carried::carried;
use crate::engine::EngineHandle;
use crate::failure::Failure;

/// A chart.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Chart {
    /// Its id, as hex.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The account whose chart it is, as hex.
    pub owner: String,
    /// That account's name.
    pub owner_name: String,
    /// The role the account has there.
    pub role: Option<String>,
    /// What it may do, class by class: `read` or `write`.
    pub grants: HashMap<String, String>,
    /// When that ends, in milliseconds since 1970.
    pub until_ms: Option<u64>,
    /// Whether it is the account's own.
    pub own: bool,
    /// Whether it is the one that is looked at.
    pub current: bool,
    /// `active`, `waiting`, `ended`, `gone` or `closed`.
    pub standing: String,
    /// When what is kept of it here is erased, in milliseconds since 1970, where it ended.
    pub erases_at_ms: Option<i64>,
    /// How much of it was never sent.
    pub unsent: u64,
}

#[uniffi::export]
impl EngineHandle {
    /// The charts the account takes part in.
    pub async fn charts(&self) -> Result<Vec<Chart>, Failure> {
        self.run(|engine| carried(&engine.charts()?)).await
    }

    /// The chart that is looked at.
    pub async fn current_chart(&self) -> Result<Chart, Failure> {
        self.run(|engine| carried(&engine.current_chart()?)).await
    }

    /// A view of another chart, by its id or its owner's name: the same engine, looking elsewhere.
    pub async fn chart(&self, key: String) -> Result<Arc<Self>, Failure> {
        let engine = self.run(move |engine| engine.chart(&key)).await?;
        Ok(Self::view(Arc::clone(self.common()), engine))
    }

    /// Chooses the chart that is looked at when the engine is opened the next time.
    pub async fn use_chart(&self, key: String) -> Result<Chart, Failure> {
        self.run(move |engine| carried(&engine.use_chart(&key)?)).await
    }

    /// A view of the chart that was chosen; the own one where none was.
    pub async fn chart_in_use(&self) -> Result<Arc<Self>, Failure> {
        let engine = self.run(holdfast::Engine::chart_in_use).await?;
        Ok(Self::view(Arc::clone(self.common()), engine))
    }

    /// Leaves this chart, which is somebody else's. What was read stays readable.
    pub async fn leave(&self) -> Result<(), Failure> {
        self.run(holdfast::Engine::leave).await
    }

    /// Closes this chart for everybody.
    pub async fn close_chart(&self) -> Result<(), Failure> {
        self.run(holdfast::Engine::close_chart).await
    }
}
