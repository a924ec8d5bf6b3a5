//! Documents kept open in memory, so that the next hold of a session does not load it again. A kept
//! one is used only while its row says that nothing else was written since.

use std::sync::{Mutex, MutexGuard, PoisonError};

use holdfast_protocol::content::DocId;
use holdfast_protocol::ids::{ActorId, SpaceId};
use rusqlite::Connection;

use crate::documents::document::{Document, Refused};
use crate::documents::name::DocName;
use crate::error::{Error, Result};
use crate::store::docs::{self, DocRow, StoredDoc};

/// The plan, the sessions people are in at once, and the few that a sync goes through.
const KEPT: usize = 8;

/// A document of more changes than this is folded when it is next written.
const MANY_CHANGES: usize = 32;

struct Kept {
    space: SpaceId,
    doc: DocId,
    row: DocRow,
    document: Document,
}

/// A document taken out to be written.
pub(crate) struct Taken {
    pub(crate) document: Document,
    /// Whether it had to be put together from so many changes that folding them saves time.
    pub(crate) scattered: bool,
}

impl Taken {
    const fn of(document: Document) -> Self {
        Self { document, scattered: false }
    }
}

/// The documents used last.
#[derive(Default)]
pub(crate) struct OpenDocuments(Mutex<Vec<Kept>>);

impl OpenDocuments {
    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a document out, to be written as `actor`: a new one where there is none. Give it back
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
    ) -> Result<Taken> {
        let new = || Ok(Taken::of(Document::new(actor, name_of(doc)?.shape())));
        let Some(row) = docs::row(conn, space, doc)? else { return new() };
        let kept = {
            let mut all = self.kept();
            let place = all.iter().position(|kept| kept.space == space && kept.doc == *doc);
            place.map(|place| all.remove(place))
        };
        if let Some(kept) = kept.filter(|kept| kept.row == row && kept.document.actor() == actor) {
            return Ok(Taken::of(kept.document));
        }
        match docs::load(conn, space, doc)? {
            Some(stored) => {
                let document = document_of(doc, &stored, actor)?;
                Ok(Taken { document, scattered: stored.changes.len() > MANY_CHANGES })
            }
            None => new(),
        }
    }

    /// Keeps a document that is committed as `row`.
    pub(crate) fn keep(&self, space: SpaceId, doc: DocId, row: DocRow, document: Document) {
        let mut all = self.kept();
        all.retain(|kept| kept.space != space || kept.doc != doc);
        if all.len() >= KEPT {
            all.remove(0);
        }
        all.push(Kept { space, doc, row, document });
    }

    /// Forgets all of them.
    pub(crate) fn clear(&self) {
        self.kept().clear();
    }
}

fn name_of(doc: &DocId) -> Result<DocName> {
    let name = doc.as_str().parse();
    name.map_err(|_| Error::Unreadable(format!("{doc} is not the name of a document")))
}

/// The document that stored bytes make, to be written as `actor`.
///
/// # Errors
/// [`Error::Document`] when they are damaged.
pub(crate) fn document_of(doc: &DocId, stored: &StoredDoc, actor: ActorId) -> Result<Document> {
    let shape = name_of(doc)?.shape();
    let build = || -> std::result::Result<Document, Refused> {
        let mut document = match &stored.saved {
            Some(saved) => Document::load(saved, actor, shape)?,
            None => Document::new(actor, shape),
        };
        document.replay_more(stored.changes.iter().map(Vec::as_slice))?;
        Ok(document)
    };
    build().map_err(|source| Error::Document { doc: doc.to_string(), source })
}
