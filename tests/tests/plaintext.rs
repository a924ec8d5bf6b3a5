//! Nobody between two devices reads a word: not on the relay's disk, not in its logs, not on the wire.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use holdfast_tests::scene::{Scene, held, settle};
use holdfast_tests::tap::Tap;

/// Words that stand in what is recorded, and nowhere in a program.
const WORDS: [&str; 4] = ["Quittenmarmelade", "Zwetschgenbaum", "childs-pose", "Ana Beispiel"];

fn files_below(folder: &Path, all: &mut Vec<(String, Vec<u8>)>) {
    for file in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if file.path().is_dir() {
            files_below(&file.path(), all);
        } else {
            let bytes = std::fs::read(file.path()).unwrap();
            all.push((file.file_name().to_string_lossy().into_owned(), bytes));
        }
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle))
}

/// The word as it stands, and as it would stand in base64 or hex.
fn spellings(word: &str) -> Vec<Vec<u8>> {
    let mut all = vec![word.as_bytes().to_vec()];
    all.push(data_encoding::HEXLOWER.encode(word.as_bytes()).into_bytes());
    for skip in 0..3 {
        let padded = [&vec![b'x'; skip][..], word.as_bytes()].concat();
        let text = data_encoding::BASE64.encode(&padded);
        // The first and last characters also depend on what stands around the word.
        all.push(text.as_bytes()[4..text.len() - 4].to_vec());
    }
    let wide = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
    all.push(wide);
    all
}

#[test]
fn no_word_of_the_record_is_on_the_relay_s_disk_or_on_the_wire() {
    let scene = Scene::new();
    let tap = Tap::before(scene.address());
    let first = scene.create_at("first", &tap.url());
    let second = scene.pair(&first, "second");
    for engine in [&first, &second] {
        engine.log(&held("childs-pose", 40, "Quittenmarmelade unter dem Zwetschgenbaum")).unwrap();
    }
    let routine = first.new_routine("Zwetschgenbaum am Abend").unwrap();
    first.rename_routine(routine.routine.id.as_str(), "Quittenmarmelade").unwrap();
    first.name_device(&first.identity().unwrap().device, "Zwetschgenbaum phone").unwrap();
    settle(&[&first, &second]);

    let heard = tap.heard();
    assert!(heard.len() > 10_000, "the tap hears {} bytes", heard.len());
    let mut files = Vec::new();
    files_below(&scene.relay_directory(), &mut files);
    assert!(files.iter().any(|(name, bytes)| name.ends_with("-wal") && !bytes.is_empty()));
    // The same search finds the words where they are: in the home.
    let mut home = Vec::new();
    files_below(&scene.home("first"), &mut home);
    assert!(home.iter().any(|(_, bytes)| contains(bytes, b"childs-pose")));
    for word in WORDS {
        for spelling in spellings(word) {
            assert!(!contains(&heard, &spelling), "\"{word}\" is on the wire");
            for (name, bytes) in &files {
                assert!(!contains(bytes, &spelling), "\"{word}\" is in the relay's {name}");
            }
        }
    }
}
