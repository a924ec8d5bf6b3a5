//! The chart that a device works on where none is named. Kept on the device: two devices may differ in it.

use super::{ChartView, find};
use crate::error::{Error, Result};
use crate::store::{Priority, meta};
use crate::{Engine, HoldfastError, Inner};
use holdfast_protocol::ids::SpaceId;
use rusqlite::Connection;

impl Engine {
    /// Works on another chart from now on where none is named: `own`, its name, or its id or an unambiguous
    /// beginning of it. On this device alone.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`], with what answers to the name where several do.
    pub fn use_chart(&self, key: &str) -> std::result::Result<ChartView, HoldfastError> {
        self.guarded(|inner| {
            inner.store.write(Priority::User, "chart", |tx| {
                let views = inner.chart_views(tx.reader())?;
                let id = find(&views, key)?;
                if id == inner.me.chart {
                    meta::remove(tx, meta::CHART_IN_USE)?;
                } else {
                    meta::put(tx, meta::CHART_IN_USE, id.to_hex().as_bytes())?;
                }
                let hex = id.to_hex();
                let view = views.into_iter().find(|view| view.id == hex);
                view.ok_or(Error::NotFound { what: "chart", id: hex })
            })
        })
    }

    /// The same engine with its commands on the chart that [`Self::use_chart`] named; on the own one where none was.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`] where that chart was put away since: what was meant for it is not to be written
    /// elsewhere.
    pub fn chart_in_use(&self) -> std::result::Result<Self, HoldfastError> {
        self.guarded(|inner| {
            let named = inner.store.read(in_use)?;
            let Some(named) = named else { return Ok(Self { inner: inner.of(inner.me.chart) }) };
            let views = inner.store.read(|conn| inner.chart_views(conn))?;
            Ok(Self { inner: inner.of(find(&views, &named.to_hex())?) })
        })
    }

    /// Whether commands are about the own chart where none is named.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn uses_own_chart(&self) -> std::result::Result<bool, HoldfastError> {
        self.guarded(|inner: &std::sync::Arc<Inner>| Ok(inner.store.read(in_use)?.is_none()))
    }
}

fn in_use(conn: &Connection) -> Result<Option<SpaceId>> {
    let text = meta::text(conn, meta::CHART_IN_USE)?;
    Ok(text.as_deref().and_then(SpaceId::from_hex))
}
