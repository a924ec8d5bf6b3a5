//! Writing records into this device's strand of a session or day: change, outbox and projection in one
//! transaction. Whether a record makes sense was decided before.

use holdfast_domain::ids::DeviceName;
use holdfast_domain::profile::DAY_START_MIN;
use holdfast_domain::record::DAY_START_MARK;
use holdfast_domain::record::SessionKey;
use holdfast_domain::units::LocalDay;
use holdfast_domain::words::Message;
use holdfast_protocol::content::DocId;
use holdfast_protocol::ids::{Class, SpaceId};

use crate::documents::document::Document;
use crate::documents::name::DocName;
use crate::documents::strand::{Record, Strand};
use crate::error::{Error, Result};
use crate::open_documents::Taken;
use crate::store::docs::{self, DocRow};
use crate::store::{Priority, Tx};
use crate::{Inner, projection};

/// The field of an observation that tells of its clock, and what it says of one set by hand.
pub(crate) const CLOCK: &str = "clock";
pub(crate) const CLOCK_SET: &str = "set";

/// The documents a transaction has changed so far. They go back into memory once it is committed.
pub(crate) struct Journal<'a> {
    inner: &'a Inner,
    drafts: Vec<Draft>,
    /// The classes of the chart that were found to be this account's to write.
    allowed: Vec<Class>,
}

struct Draft {
    space: SpaceId,
    doc: DocId,
    row: DocRow,
    document: Document,
}

/// What a record says of when its day began: nothing, but where that is not 03:00.
pub(crate) fn day_start_mark(day_start_min: u16) -> serde_json::Map<String, serde_json::Value> {
    let other = day_start_min != DAY_START_MIN;
    other.then(|| (DAY_START_MARK.to_owned(), day_start_min.into())).into_iter().collect()
}

impl Inner {
    /// Runs a person's command that writes to the log as one transaction.
    ///
    /// # Errors
    /// What `work` says, or why the transaction could not begin or end; nothing is written then.
    pub(crate) fn command<T>(
        &self,
        name: &'static str,
        work: impl FnOnce(&Tx<'_>, &mut Journal<'_>) -> Result<T>,
    ) -> Result<T> {
        self.command_on(Some(Class::Log), name, work)
    }

    /// Runs a person's command as one transaction. Where it writes a class that this account may not write in the
    /// chart, that is said before anything else.
    ///
    /// # Errors
    /// As [`Self::command`], and why the class may not be written.
    pub(crate) fn command_on<T>(
        &self,
        class: Option<Class>,
        name: &'static str,
        work: impl FnOnce(&Tx<'_>, &mut Journal<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut journal = Journal { inner: self, drafts: Vec::new(), allowed: Vec::new() };
        let value = self.store.write(Priority::User, name, |tx| {
            if let Some(class) = class {
                journal.ask(tx, class)?;
            }
            work(tx, &mut journal)
        })?;
        for Draft { space, doc, row, document } in journal.drafts {
            self.documents.keep(space, doc, row, document);
        }
        Ok(value)
    }

    /// What an observation says of the clock it was logged by: nothing, but of one set by hand.
    pub(crate) fn clock_mark(&self) -> serde_json::Map<String, serde_json::Value> {
        let set = self.clock.is_set_by_hand();
        set.then(|| (CLOCK.to_owned(), CLOCK_SET.into())).into_iter().collect()
    }

    /// This device, as the record names it.
    pub(crate) fn device_name(&self) -> DeviceName {
        DeviceName::new(self.who.device.to_hex()).expect("hex is an id")
    }

    /// The name of this device's strand of a session.
    ///
    /// # Errors
    /// [`Error::BadInput`] when the session's id is too long for one.
    pub(crate) fn strand_of(&self, session: &SessionKey) -> Result<DocId> {
        let name = DocName::SessionStrand { session: session.id(), device: self.device_name() };
        name.to_id().ok_or_else(|| {
            Error::bad(
                "session",
                Message::new("input.long_session").with("session", session.to_string()),
            )
        })
    }
}

impl Journal<'_> {
    /// Lets go of the documents changed so far: a long import need not keep all of them in memory. What
    /// was written of them stands in the transaction; they are loaded again when they are needed.
    pub(crate) fn let_go(&mut self) {
        self.drafts.clear();
    }

    /// Writes records into this device's strand of a session, as one change. What stands there
    /// already is not written again.
    pub(crate) fn write(
        &mut self,
        tx: &Tx<'_>,
        space: SpaceId,
        session: &SessionKey,
        records: &[Record],
    ) -> Result<()> {
        let doc = self.inner.strand_of(session)?;
        self.write_strand(tx, space, &doc, records)
    }

    /// Writes records into this device's strand of a day, as one change. What stands there already is
    /// not written again.
    pub(crate) fn write_day(
        &mut self,
        tx: &Tx<'_>,
        space: SpaceId,
        day: LocalDay,
        records: &[Record],
    ) -> Result<()> {
        let name = DocName::DayStrand { day, device: self.inner.device_name() };
        let doc = name.to_id().expect("a day and a device are a document name");
        self.write_strand(tx, space, &doc, records)
    }

    fn write_strand(
        &mut self,
        tx: &Tx<'_>,
        space: SpaceId,
        doc: &DocId,
        records: &[Record],
    ) -> Result<()> {
        let ((), outbox) = self.change(tx, space, Class::Log, doc.clone(), |document| {
            let mut strand = Strand::from(document);
            let written = strand.put_all(records)?;
            Ok((strand.into(), written.into_iter().collect(), ()))
        })?;
        match outbox {
            Some(outbox) => projection::record_written(tx, space, doc, records, outbox),
            None => Ok(()),
        }
    }

    /// Changes a document: takes it, lets `change` write, and stores what was written. Gives what
    /// `change` gave, and the row of the outbox that carries the last of it.
    pub(crate) fn change<T>(
        &mut self,
        tx: &Tx<'_>,
        space: SpaceId,
        class: Class,
        doc: DocId,
        change: impl FnOnce(Document) -> Result<(Document, Vec<crate::documents::document::Written>, T)>,
    ) -> Result<(T, Option<i64>)> {
        if space == self.inner.who.chart {
            self.ask(tx, class)?;
        }
        let Taken { document, scattered } = self.take(tx, space, &doc)?;
        let (document, written, value) = change(document)?;
        let (mut row, mut outbox) = (docs::row(tx.reader(), space, &doc)?, None);
        for written in &written {
            let incarnation = self.inner.who.incarnation;
            let (now, id) = docs::append_local(tx, space, class, &doc, written, incarnation)?;
            (row, outbox) = (Some(now), Some(id));
        }
        if scattered && outbox.is_some() {
            docs::compact(tx, space, &doc, &document.save_nocompress())?;
        }
        if let Some(row) = row {
            self.drafts.push(Draft { space, doc, row, document });
        }
        Ok((value, outbox))
    }

    /// Asks once whether a class of the chart may be written.
    fn ask(&mut self, tx: &Tx<'_>, class: Class) -> Result<()> {
        if !self.allowed.contains(&class) {
            self.inner.must_write(tx.reader(), class)?;
            self.allowed.push(class);
        }
        Ok(())
    }

    fn take(&mut self, tx: &Tx<'_>, space: SpaceId, doc: &DocId) -> Result<Taken> {
        let drafted = self.drafts.iter().position(|d| d.space == space && d.doc == *doc);
        match drafted {
            Some(place) => {
                let document = self.drafts.swap_remove(place).document;
                Ok(Taken { document, scattered: false })
            }
            None => self.inner.documents.take(tx.reader(), space, doc, self.inner.who.actor),
        }
    }
}
