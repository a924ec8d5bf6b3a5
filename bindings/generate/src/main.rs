//! Makes the low-level module of a language from the built library of the engine. `cargo xtask bindings`
//! calls it; a package of its own, so that nothing else waits for the generator to compile.

use std::process::ExitCode;

use camino::Utf8PathBuf;
use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage, generate};

const USAGE: &str = "usage: holdfast-generate kotlin|swift|python LIBRARY OUT_DIR";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [language, library, out] = args.as_slice() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let language = match language.as_str() {
        "kotlin" => TargetLanguage::Kotlin,
        "swift" => TargetLanguage::Swift,
        "python" => TargetLanguage::Python,
        other => {
            eprintln!("there are no bindings for \"{other}\"; {USAGE}");
            return ExitCode::from(2);
        }
    };
    let options = GenerateOptions {
        languages: vec![language],
        source: Utf8PathBuf::from(library),
        out_dir: Utf8PathBuf::from(out),
        metadata_no_deps: true,
        ..GenerateOptions::default()
    };
    match generate(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the bindings could not be made from {library}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
