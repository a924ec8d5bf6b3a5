//! An export as a folder: each document as Automerge saves it, and an index that says which is which.

use std::fs;
use std::path::Path;

use holdfast_domain::words::Message;
use holdfast_protocol::ids::ActorId;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::contents::{Contents, Opened, each_document};
use super::{checked_schema, json, not_an_export};
use crate::Inner;
use crate::documents::name::DocName;
use crate::documents::plan::Plan;
use crate::documents::prescription::PrescriptionStrand;
use crate::documents::profile::ProfileDocument;
use crate::documents::strand::Strand;
use crate::error::{Error, Result};

const INDEX: &str = "index.json";
const KIND: &str = "holdfast-automerge-export";
/// The most documents that an index may name.
const MAX_DOCUMENTS: usize = 1_000_000;

#[derive(Serialize, Deserialize)]
struct Index {
    schema: u32,
    kind: String,
    documents: Vec<Indexed>,
}

#[derive(Serialize, Deserialize)]
struct Indexed {
    /// The file beside the index.
    file: String,
    /// The document's name in its chart.
    document: String,
}

/// Writes the folder beside its place, and moves it there when it is whole.
pub(super) fn write(inner: &Inner, conn: &Connection, path: &Path) -> Result<Contents> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = Path::new(&beside);
    let written = fill(inner, conn, beside).and_then(|contents| {
        fs::rename(beside, path).map_err(|e| Error::io("error.io.write", path, e))?;
        Ok(contents)
    });
    if written.is_err() {
        // What is left of a failed attempt is of no use to anybody.
        let _ = fs::remove_dir_all(beside);
    }
    written
}

fn fill(inner: &Inner, conn: &Connection, folder: &Path) -> Result<Contents> {
    let failed = |error| Error::io("error.io.write", folder, error);
    fs::create_dir_all(folder).map_err(failed)?;
    let mut contents = Contents::default();
    let mut documents = Vec::new();
    each_document(inner, conn, |name, opened| {
        // Not compressed, so that reading it back never has to unpack what a stranger packed.
        let saved = match opened {
            Opened::Plan(plan) => plan.save_nocompress(),
            Opened::Strand(strand) => strand.save_nocompress(),
            Opened::Profile(profile) => profile.save_nocompress(),
            Opened::Prescriptions(strand) => strand.save_nocompress(),
        };
        let file = format!("{:05}.automerge", documents.len() + 1);
        fs::write(folder.join(&file), saved).map_err(failed)?;
        documents.push(Indexed { file, document: name.to_string() });
        contents.take(opened);
        Ok(())
    })?;
    let index = Index { schema: json::SCHEMA, kind: KIND.to_owned(), documents };
    let text = serde_json::to_vec_pretty(&index).map_err(|e| Error::Unreadable(e.to_string()))?;
    fs::write(folder.join(INDEX), text).map_err(failed)?;
    Ok(contents)
}

/// Reads a folder. Its documents are checked like any that come from others.
pub(super) fn read(folder: &Path) -> Result<Contents> {
    let name = folder.display().to_string();
    let bytes = fs::read(folder.join(INDEX))
        .map_err(|_| not_an_export(&name, Message::new("export.no_index").with("index", INDEX)))?;
    let index: Index = serde_json::from_slice(&bytes).map_err(|e| {
        not_an_export(
            &name,
            Message::new("export.bad_index").with("index", INDEX).with("detail", e.to_string()),
        )
    })?;
    if index.kind != KIND || index.documents.len() > MAX_DOCUMENTS {
        return Err(not_an_export(&name, Message::new("export.other_index").with("index", INDEX)));
    }
    checked_schema(index.schema, &name)?;
    let mut contents = Contents::default();
    for Indexed { file, document } in index.documents {
        // A name from a file must not lead out of the folder.
        let plain = Path::new(&file).file_name().is_some_and(|plain| *plain == *file);
        if !plain {
            return Err(not_an_export(
                &name,
                Message::new("export.no_file_name").with("file", file.as_str()),
            ));
        }
        let bytes = fs::read(folder.join(&file)).map_err(|e| {
            not_an_export(
                &name,
                Message::new("export.file_unread")
                    .with("file", file.as_str())
                    .with("detail", e.to_string()),
            )
        })?;
        let bad = |why: String| {
            not_an_export(
                &name,
                Message::new("export.file_unloaded")
                    .with("file", file.as_str())
                    .with("detail", why),
            )
        };
        let kind: DocName = document.parse().map_err(|_| bad(format!("\"{document}\"")))?;
        // What only reads needs no author of its own.
        let nobody = ActorId::ZERO;
        let opened = match kind {
            DocName::Plan => {
                Opened::Plan(Plan::load(&bytes, nobody).map_err(|e| bad(e.to_string()))?)
            }
            DocName::Profile => Opened::Profile(
                ProfileDocument::load(&bytes, nobody).map_err(|e| bad(e.to_string()))?,
            ),
            DocName::SessionStrand { .. } | DocName::DayStrand { .. } => {
                Opened::Strand(Strand::load(&bytes, nobody).map_err(|e| bad(e.to_string()))?)
            }
            DocName::PrescriptionStrand { .. } => Opened::Prescriptions(
                PrescriptionStrand::load(&bytes, nobody).map_err(|e| bad(e.to_string()))?,
            ),
            _ => continue,
        };
        contents.take(&opened);
    }
    Ok(contents)
}
