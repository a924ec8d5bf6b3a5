//! Exported documents are Automerge documents to others too: the JavaScript package opens them and finds
//! the same content.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use holdfast::ExportFormat;
use holdfast_tests::scene::{Scene, held, settle};

const HOW: &str = "the JavaScript check needs Node and tests/js/node_modules: \
                   run `npm install` in tests/js";

/// The folder of the reader, where it can run.
fn reader() -> Option<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("js");
    let node = Command::new("node").arg("--version").output().is_ok_and(|o| o.status.success());
    (node && folder.join("node_modules/@automerge/automerge").is_dir()).then_some(folder)
}

#[test]
fn exported_documents_open_in_the_javascript_package_with_the_same_content() {
    let Some(reader) = reader() else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{HOW}");
        println!("skipped: {HOW}");
        return;
    };
    let scene = Scene::new();
    let (first, second) = scene.two_devices();
    for (n, engine) in [&first, &second, &first].into_iter().enumerate() {
        let note = format!("note {n} with ü and 🧘");
        engine.log(&held("childs-pose", 30 + u32::try_from(n).unwrap(), &note)).unwrap();
    }
    first.new_routine("Tonight").unwrap();
    settle(&[&first, &second]);
    let folder = scene.room().join("export");
    let exported = first.export(ExportFormat::Automerge, &folder).unwrap();
    assert_eq!(exported.observations, 3);

    let output =
        Command::new("node").arg(reader.join("read.mjs")).arg(&folder).output().expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let documents: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_slice(&output.stdout).expect("the reader prints JSON");
    let mut seen: Vec<(String, u64)> = Vec::new();
    for (key, text) in documents.values().flatten() {
        if key.starts_with("obs:") {
            let record: holdfast::domain::record::Observation =
                serde_json::from_str(text).expect("an observation as it was written");
            seen.push((record.note.clone().unwrap_or_default(), record.held().0));
        }
    }
    let mut ours: Vec<(String, u64)> = holdfast_tests::simulator::history(&first)
        .unwrap()
        .iter()
        .map(|hold| (hold.note.clone().unwrap_or_default(), hold.held_ms))
        .collect();
    seen.sort();
    ours.sort();
    assert_eq!(seen, ours);
    let texts = documents.values().flat_map(BTreeMap::values);
    assert!(texts.into_iter().any(|text| text.contains("Tonight")), "the plan is there too");
}
