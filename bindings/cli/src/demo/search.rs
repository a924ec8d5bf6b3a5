//! Looks for plaintext in every file below a folder, byte by byte. It knows nothing of what is there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What a search came to.
#[derive(Debug, Default)]
pub struct Searched {
    /// Files read.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// What was found, and where.
    pub found: Vec<(String, PathBuf)>,
}

/// Looks for each of the words, as they are and in UTF-16, in any case of their letters.
///
/// # Errors
/// When a file cannot be read: then nothing is proven.
pub fn search(folder: &Path, words: &[String]) -> io::Result<Searched> {
    let needles: Vec<(&String, Vec<Vec<u8>>)> = words.iter().map(|w| (w, spellings(w))).collect();
    let mut searched = Searched::default();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let content = fs::read(&path)?.to_ascii_lowercase();
            searched.files += 1;
            searched.bytes += content.len() as u64;
            for (word, spellings) in &needles {
                if spellings.iter().any(|needle| contains(&content, needle)) {
                    searched.found.push(((*word).clone(), path.clone()));
                }
            }
        }
    }
    Ok(searched)
}

fn spellings(word: &str) -> Vec<Vec<u8>> {
    let word = word.to_ascii_lowercase();
    let wide = |bytes: fn(u16) -> [u8; 2]| word.encode_utf16().flat_map(bytes).collect();
    vec![word.as_bytes().to_vec(), wide(u16::to_le_bytes), wide(u16::to_be_bytes)]
}

fn contains(content: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return false };
    let mut from = 0;
    while let Some(at) = content[from..].iter().position(|byte| byte == first) {
        if content[from + at..].starts_with(needle) {
            return true;
        }
        from += at + 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_found_in_any_case_and_in_two_encodings() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        fs::write(folder.path().join("inner/a"), b"xx Psoas-Release yy").unwrap();
        let wide: Vec<u8> = "secret".encode_utf16().flat_map(u16::to_le_bytes).collect();
        fs::write(folder.path().join("b"), wide).unwrap();
        let words = ["psoas-release", "secret", "absent"].map(str::to_owned);
        let searched = search(folder.path(), &words).unwrap();
        let found: Vec<&str> = searched.found.iter().map(|(word, _)| word.as_str()).collect();
        assert_eq!(searched.files, 2);
        assert!(found.contains(&"psoas-release") && found.contains(&"secret"), "{found:?}");
        assert!(!found.contains(&"absent"));
    }
}
