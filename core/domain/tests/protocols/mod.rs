//! Finds the project's notes that the catalogue was made from. They are not part of this
//! repository, so tests that need them are skipped where they are absent, but never on CI.

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;

/// The notes as JSON; nothing, with a line that says how to get them, where they are absent.
pub fn read() -> Option<Value> {
    let path = env::var_os("HOLDFAST_PROTOCOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/domain/protocols.json"),
        PathBuf::from,
    );
    let Ok(text) = fs::read_to_string(&path) else {
        let how = format!(
            "the notes the catalogue is made from are not at {}; \
             put them there or set HOLDFAST_PROTOCOLS to protocols.json",
            path.display()
        );
        assert!(env::var("CI").as_deref() != Ok("true"), "{how}");
        eprintln!("skipped: {how}");
        return None;
    };
    Some(serde_json::from_str(&text).expect("the notes are JSON"))
}
