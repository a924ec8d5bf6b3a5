//! What every kind of document has in common: it is a [`Document`](super::document::Document) of one shape. What
//! stands in it and how it is read is each kind's own.

/// Makes a tuple struct over a document a kind of document: making, loading and checking in its shape. Everything
/// else that a document can be asked, it can be asked.
macro_rules! document_kind {
    ($kind:ident, $shape:expr) => {
        impl $kind {
            /// A new one, to be written as `actor`.
            #[must_use]
            pub fn new(actor: $crate::documents::actor::ActorId) -> Self {
                Self($crate::documents::document::Document::new(actor, $shape))
            }

            /// Loads what `save_nocompress` gave, to be written as `actor`.
            ///
            /// # Errors
            /// [`Refused`]($crate::documents::document::Refused) when the bytes are not such a document.
            pub fn load(
                bytes: &[u8],
                actor: $crate::documents::actor::ActorId,
            ) -> Result<Self, $crate::documents::document::Refused> {
                $crate::documents::document::Document::load(bytes, actor, $shape).map(Self)
            }

            /// Builds one of raw changes that were checked and stored before.
            ///
            /// # Errors
            /// [`Refused`]($crate::documents::document::Refused) when they are damaged or incomplete.
            pub fn replay<'a>(
                changes: impl IntoIterator<Item = &'a [u8]>,
                actor: $crate::documents::actor::ActorId,
            ) -> Result<Self, $crate::documents::document::Refused> {
                $crate::documents::document::Document::replay(changes, actor, $shape).map(Self)
            }

            /// Checks the changes of one entry and takes them, or none of them. Gives how many were new.
            ///
            /// `author` is the actor of the device that signed the entry, in the incarnation it attests.
            ///
            /// # Errors
            /// [`Refused`]($crate::documents::document::Refused): the entry is to be quarantined; the document
            /// is untouched.
            pub fn apply_foreign(
                &mut self,
                changes: &[u8],
                author: $crate::documents::actor::ActorId,
            ) -> Result<usize, $crate::documents::document::Refused> {
                let checked = self.0.check(changes, author)?;
                self.0.apply(&checked)
            }

            /// The document, to write what no method of this kind writes.
            pub const fn document_mut(&mut self) -> &mut $crate::documents::document::Document {
                &mut self.0
            }
        }

        impl std::ops::Deref for $kind {
            type Target = $crate::documents::document::Document;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl From<$kind> for $crate::documents::document::Document {
            fn from(kind: $kind) -> Self {
                kind.0
            }
        }

        impl From<$crate::documents::document::Document> for $kind {
            fn from(document: $crate::documents::document::Document) -> Self {
                Self(document)
            }
        }
    };
}

pub(super) use document_kind;
