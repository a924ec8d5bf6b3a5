//! The own chart's profile: read once for as long as nobody writes it, whatever the length of the history.
//! What follows from the answers is the domain's business; here they meet the clock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holdfast_domain::profile::{Answers, Change, Said};
use holdfast_domain::rules::Profile;
use holdfast_domain::units::{LocalDay, Moment};
use holdfast_protocol::content::DocId;
use holdfast_protocol::ids::{Class, SpaceId};
use rusqlite::Connection;

use crate::commands::journal::Journal;
use crate::documents::name::DocName;
use crate::documents::profile::{ProfileDocument, ProfileReading};
use crate::error::Result;
use crate::observe::Key;
use crate::open_documents::Taken;
use crate::store::Tx;
use crate::store::docs::{self, DocRow};
use crate::{Inner, clock, projection};

/// What the profile said when it was read last.
#[derive(Default)]
pub(crate) struct Profiles(Mutex<Option<Kept>>);

struct Kept {
    space: SpaceId,
    row: DocRow,
    reading: Arc<ProfileReading>,
}

/// The name of a chart's profile.
pub(crate) fn profile_doc() -> DocId {
    DocName::Profile.to_id().expect("the name of the profile is short")
}

impl Profiles {
    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets it.
    pub(crate) fn clear(&self) {
        *self.kept() = None;
    }

    fn find(&self, space: SpaceId, row: DocRow) -> Option<Arc<ProfileReading>> {
        let kept = self.kept();
        let current = kept.as_ref().filter(|kept| kept.space == space && kept.row == row);
        current.map(|kept| Arc::clone(&kept.reading))
    }
}

impl Inner {
    /// What stands in the own chart's profile.
    ///
    /// # Errors
    /// When the stored bytes are damaged.
    pub(crate) fn profile_reading(&self, conn: &Connection) -> Result<Arc<ProfileReading>> {
        let (space, doc) = (self.who.chart, profile_doc());
        if !self.may_read(conn, Class::Profile)? {
            return Ok(Arc::default());
        }
        let Some(row) = docs::row(conn, space, &doc)? else { return Ok(Arc::default()) };
        if let Some(reading) = self.profiles.find(space, row) {
            return Ok(reading);
        }
        let Taken { document, scattered } =
            self.documents.take(conn, space, &doc, self.who.actor)?;
        let profile = ProfileDocument::from(document);
        let reading = Arc::new(profile.read());
        // Whoever writes it next is to see that it is in many parts, and fold them.
        if !scattered {
            self.documents.keep(space, doc, row, profile.into());
        }
        *self.profiles.kept() = Some(Kept { space, row, reading: Arc::clone(&reading) });
        Ok(reading)
    }

    /// What rules see of the person now.
    pub(crate) fn profile_now(&self, conn: &Connection) -> Result<Profile> {
        let reading = self.profile_reading(conn)?;
        let now = self.said_now(&reading.answers);
        Ok(reading.answers.at(now, self.run_not_walked_off(conn, now.at_ms)?))
    }

    /// Now, where the person lives by: the zone of the profile, else that of the device.
    pub(crate) fn here_and_now(&self, conn: &Connection) -> Result<Moment> {
        let reading = self.profile_reading(conn)?;
        Ok(self.moment_of(&reading.answers))
    }

    /// When a day starts for what is recorded from now on, in minutes after local midnight.
    pub(crate) fn day_start_min(&self, conn: &Connection) -> Result<u16> {
        Ok(self.profile_reading(conn)?.answers.day_start_min())
    }

    /// The local day it is.
    pub(crate) fn today(&self, conn: &Connection) -> Result<LocalDay> {
        Ok(self.here_and_now(conn)?.local_day(self.day_start_min(conn)?))
    }

    fn moment_of(&self, answers: &Answers) -> Moment {
        let now = self.now();
        match answers.zone() {
            Some(zone) if zone != now.zone => clock::moment(now.utc_ms, zone),
            _ => now,
        }
    }

    /// Now, as answers are dated.
    pub(crate) fn said_now(&self, answers: &Answers) -> Said {
        Said::at(&self.moment_of(answers), answers.day_start_min())
    }

    /// Changes the profile in a transaction, if the domain takes it.
    pub(crate) fn change_profile(
        &self,
        tx: &Tx<'_>,
        journal: &mut Journal<'_>,
        changes: &[Change],
    ) -> Result<()> {
        let before = self.profile_reading(tx.reader())?;
        let now = self.said_now(&before.answers);
        let after = before.answers.changed(changes, now)?;
        self.write_profile(tx, journal, &before.answers, &after, now)
    }

    /// Writes the answers that differ.
    pub(crate) fn write_profile(
        &self,
        tx: &Tx<'_>,
        journal: &mut Journal<'_>,
        before: &Answers,
        after: &Answers,
        now: Said,
    ) -> Result<()> {
        let (space, doc) = (self.who.chart, profile_doc());
        let (reading, outbox) = journal.change(tx, space, Class::Profile, doc, |document| {
            let mut profile = ProfileDocument::from(document);
            let written = profile.write(before, after, now)?;
            let reading = profile.read();
            Ok((profile.into(), written, reading))
        })?;
        if outbox.is_some() {
            projection::refresh_profile(tx, space, &profile_doc(), &reading)?;
            tx.touch(Key::Profile);
        }
        Ok(())
    }
}
