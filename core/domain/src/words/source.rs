//! Reads the files of a language into codes and sentences. It knows nothing of what they say.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// Why a file is no language file.
#[derive(Debug, thiserror::Error)]
pub enum BadWords {
    /// It is not nested objects of texts.
    #[error("the language file cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// The same code twice: one sentence would silently hide the other.
    #[error("the language has two sentences for {code}; keep one")]
    Twice {
        /// The code.
        code: String,
    },
    /// A brace without its partner, or an argument without a name.
    #[error("the sentence for {code} has braces that do not pair around a name")]
    Braces {
        /// The code.
        code: String,
    },
}

/// Codes and sentences of a language's files, nesting joined with dots.
pub(super) fn sentences(files: &[&str]) -> Result<BTreeMap<String, String>, BadWords> {
    let mut sentences = BTreeMap::new();
    for json in files {
        let tree: Tree = serde_json::from_str(json)?;
        flatten(tree, "", &mut sentences)?;
    }
    Ok(sentences)
}

enum Tree {
    Sentence(String),
    Section(Vec<(String, Tree)>),
}

fn flatten(tree: Tree, code: &str, into: &mut BTreeMap<String, String>) -> Result<(), BadWords> {
    match tree {
        Tree::Sentence(sentence) if !braces_pair(&sentence) => {
            Err(BadWords::Braces { code: code.to_owned() })
        }
        Tree::Sentence(sentence) => match into.insert(code.to_owned(), sentence) {
            Some(_) => Err(BadWords::Twice { code: code.to_owned() }),
            None => Ok(()),
        },
        Tree::Section(parts) => parts.into_iter().try_for_each(|(name, part)| {
            let code = if code.is_empty() { name } else { format!("{code}.{name}") };
            flatten(part, &code, into)
        }),
    }
}

fn braces_pair(sentence: &str) -> bool {
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        let named = after.split_once('}').filter(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        });
        match named {
            Some((_, after)) if !before.contains('}') => rest = after,
            _ => return false,
        }
    }
    !rest.contains('}')
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TreeVisitor;

        impl<'de> Visitor<'de> for TreeVisitor {
            type Value = Tree;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sentence or an object of sentences")
            }

            fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
                Ok(Tree::Sentence(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = map.next_entry()? {
                    parts.push(part);
                }
                Ok(Tree::Section(parts))
            }
        }

        deserializer.deserialize_any(TreeVisitor)
    }
}
