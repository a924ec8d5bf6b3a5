//! Lists the language files under `data/words`, so that adding a language is adding one file.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=data/words");
    let mut languages: Vec<String> = fs::read_dir("data/words")?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .collect();
    languages.sort();
    let mut table = String::from("&[");
    for language in languages {
        let file = format!("/data/words/{language}.json");
        let _ = write!(
            table,
            "({language:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {file:?}))),"
        );
    }
    table.push(']');
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
    fs::write(Path::new(&out).join("languages.rs"), table)
}
