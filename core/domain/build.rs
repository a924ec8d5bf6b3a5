//! Lists the language folders under `data/words` and their files, so that adding a language or a
//! part of one is adding files.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=data/words");
    let mut table = String::from("&[");
    for language in names_in("data/words", |path| path.is_dir())? {
        let _ = write!(table, "({language:?}, &[");
        let folder = format!("data/words/{language}");
        for file in names_in(&folder, |path| path.extension().is_some_and(|ext| ext == "json"))? {
            let file = format!("/{folder}/{file}");
            let _ = write!(table, "include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {file:?})),");
        }
        table.push_str("]),");
    }
    table.push(']');
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
    fs::write(Path::new(&out).join("languages.rs"), table)
}

/// The names in a folder, in order, of what is wanted.
fn names_in(folder: &str, wanted: impl Fn(&Path) -> bool) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if wanted(&entry.path()) {
            let name = entry.file_name().into_string();
            names.push(
                name.map_err(|name| io::Error::other(format!("{} is no name", name.display())))?,
            );
        }
    }
    names.sort();
    Ok(names)
}
