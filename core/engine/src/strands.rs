//! Strands kept open in memory, so that the next hold of a session does not load it again. A kept one
//! is used only while its document's row says that nothing else was written since.

use std::sync::{Mutex, MutexGuard, PoisonError};

use holdfast_protocol::content::DocId;
use holdfast_protocol::ids::{ActorId, SpaceId};
use rusqlite::Connection;

use crate::documents::document::Refused;
use crate::documents::strand::Strand;
use crate::error::{Error, Result};
use crate::store::docs::{self, DocRow, StoredDoc};

/// Sessions people are in at once are one or two; a sync touches a few more.
const KEPT: usize = 8;

struct Kept {
    space: SpaceId,
    doc: DocId,
    row: DocRow,
    strand: Strand,
}

/// The strands used last.
#[derive(Default)]
pub(crate) struct Strands(Mutex<Vec<Kept>>);

impl Strands {
    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a strand out, to be written as `actor`: a new one where there is none. It comes back
    /// with [`Self::keep`] once what was done with it is committed; else it is loaded anew.
    ///
    /// # Errors
    /// [`Error::Document`] when the stored bytes are damaged.
    pub(crate) fn take(
        &self,
        conn: &Connection,
        space: SpaceId,
        doc: &DocId,
        actor: ActorId,
    ) -> Result<Strand> {
        let Some(row) = docs::row(conn, space, doc)? else { return Ok(Strand::new(actor)) };
        let kept = {
            let mut all = self.kept();
            let place = all.iter().position(|kept| kept.space == space && kept.doc == *doc);
            place.map(|place| all.remove(place))
        };
        match kept {
            Some(kept) if kept.row == row && kept.strand.document().actor() == actor => {
                Ok(kept.strand)
            }
            _ => match docs::load(conn, space, doc)? {
                Some(stored) => strand_of(doc, &stored, actor),
                None => Ok(Strand::new(actor)),
            },
        }
    }

    /// Keeps a strand that is committed as `row`.
    pub(crate) fn keep(&self, space: SpaceId, doc: DocId, row: DocRow, strand: Strand) {
        let mut all = self.kept();
        all.retain(|kept| kept.space != space || kept.doc != doc);
        if all.len() >= KEPT {
            all.remove(0);
        }
        all.push(Kept { space, doc, row, strand });
    }

    /// Forgets all of them.
    pub(crate) fn clear(&self) {
        self.kept().clear();
    }
}

/// The strand that stored bytes make.
///
/// # Errors
/// [`Error::Document`] when they are damaged.
pub(crate) fn strand_of(doc: &DocId, stored: &StoredDoc, actor: ActorId) -> Result<Strand> {
    let build = || -> std::result::Result<Strand, Refused> {
        let mut strand = match &stored.saved {
            Some(saved) => Strand::load(saved, actor)?,
            None => Strand::new(actor),
        };
        strand.document_mut().replay_more(stored.changes.iter().map(Vec::as_slice))?;
        Ok(strand)
    };
    build().map_err(|source| Error::Document { doc: doc.to_string(), source })
}
