//! The engine for other languages: builds it, makes the low-level module, runs a language's tests, packs.
//! What is generated goes beside the handwritten package and is never committed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::{cargo, root, run};

/// The library as it is called on this platform.
fn library_name() -> String {
    format!("{}holdfast_ffi{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX)
}

/// Where cargo puts what it builds.
fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn python() -> Command {
    let mut command = Command::new(env::var_os("PYTHON").unwrap_or_else(|| "python3".into()));
    command.current_dir(root().join("bindings").join("python"));
    command
}

/// Makes the low-level module of a language, with the library beside it.
pub(crate) fn generate(rest: &[String]) -> Result<(), String> {
    match rest {
        [language] if language == "python" => python_module("dev"),
        [language] if language == "kotlin" || language == "swift" => {
            let out = target().join("bindings").join(language);
            let library = built("dev")?;
            low_level(language, &library, &out)?;
            println!("made in {}", out.display());
            Ok(())
        }
        _ => Err("which bindings? cargo xtask bindings kotlin|swift|python".to_owned()),
    }
}

/// Builds the library. It is not stripped: the generator reads its symbols.
fn built(profile: &str) -> Result<PathBuf, String> {
    let build = ["build", "--package", "holdfast-ffi", "--lib", "--features", "testing"];
    run("the library", cargo(&build).args(["--profile", profile]))?;
    let folder = if profile == "dev" { "debug" } else { profile };
    Ok(target().join(folder).join(library_name()))
}

fn low_level(language: &str, library: &Path, out: &Path) -> Result<(), String> {
    let generate = ["run", "--quiet", "--package", "holdfast-generate", "--", language];
    run("the bindings", cargo(&generate).arg(library).arg(out))
}

fn python_module(profile: &str) -> Result<(), String> {
    let library = built(profile)?;
    let out = root().join("bindings/python/src/holdfast/_native");
    low_level("python", &library, &out)?;
    let failed = |error: std::io::Error| format!("{}: {error}", out.display());
    fs::write(out.join("__init__.py"), "").map_err(failed)?;
    let copy = out.join(library_name());
    // A new file: one that is loaded somewhere must not change under its reader.
    let _ = fs::remove_file(&copy);
    fs::copy(&library, &copy).map(drop).map_err(failed)
}

/// Whether there is a Python; in CI there must be.
fn has_python() -> Result<bool, String> {
    let found = python().arg("--version").output().is_ok_and(|out| out.status.success());
    if found || env::var("CI").is_ok_and(|ci| ci == "true") {
        return found.then_some(true).ok_or_else(|| "there is no python3".to_owned());
    }
    println!("skipped: the tests of the Python package (there is no python3)");
    Ok(false)
}

/// Runs the Python package's tests; `--update-api` writes its API dump anew.
pub(crate) fn test_python(rest: &[String]) -> Result<(), String> {
    if !has_python()? {
        return Ok(());
    }
    python_module("dev")?;
    run("the Python tests", python().args(["-W", "error", "tests/run.py"]).args(rest))
}

/// Packs what others install.
pub(crate) fn package(rest: &[String]) -> Result<(), String> {
    match rest {
        [what] if what == "wheel" => {
            python_module("release")?;
            let out = target().join("wheels");
            run("the wheel", python().args(["packaging/wheel.py"]).arg(&out))
        }
        _ => Err("which package? cargo xtask package wheel".to_owned()),
    }
}
