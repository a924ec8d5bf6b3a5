//! The developer's commands: `cargo xtask …`. Each is a thin shell over cargo and the `holdfast-tests`
//! package, so that nothing here has to be compiled twice.

mod bindings;

use std::env;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

const HELP: &str = "\
The developer's commands

  cargo xtask test [CARGO TEST ARGS]      all tests; what must be skipped is announced
  cargo xtask lint                        formatting, clippy and the docs, as CI runs them
  cargo xtask docs                        docs/catalogue.md anew, from the catalogue's data
  cargo xtask deps                        licences, bans and sources of every dependency
  cargo xtask simulate --seeds N [--from S] [--kind account|people] [--seed S]
                                          devices, people and a relay under faults; a failing seed replays exactly
  cargo xtask seed-history --home DIR [--years N] [--seed S]
                                          a home with years of holds, for trying and for the benches
  cargo xtask bindings kotlin|swift|python
                                          the engine for a language: its library and low-level module
  cargo xtask python [--update-api]       the Python package's tests, on a real engine and relay
  cargo xtask package wheel               what others install, into target/wheels
  cargo xtask bench [NAMES]               ratios in one run; writes target/bench.json
";

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let done = match command.as_str() {
        "test" => test(&rest),
        "lint" => lint(),
        "docs" => docs(),
        "deps" => deps(),
        "simulate" | "seed-history" => tool(&command, &rest, &["--profile", "dev"]),
        "bindings" => bindings::generate(&rest),
        "python" => bindings::test_python(&rest),
        "package" => bindings::package(&rest),
        "bench" => bench(&rest),
        "" | "help" | "--help" | "-h" => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        other => {
            eprintln!("there is no command \"{other}\"\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("xtask: {what}");
            ExitCode::FAILURE
        }
    }
}

/// Where the workspace stands.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(args);
    command
}

fn run(what: &str, command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{what} failed ({status})")),
        Err(error) => Err(format!("{what} could not be started: {error}")),
    }
}

fn test(rest: &[String]) -> Result<(), String> {
    // The generator has no tests, and nothing else waits for it to compile.
    let all = ["test", "--workspace", "--exclude", "holdfast-generate"];
    run("the tests", cargo(&all).args(rest))
}

fn lint() -> Result<(), String> {
    run("cargo fmt", &mut cargo(&["fmt", "--all", "--check"]))?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    run("clippy", &mut cargo(&clippy))?;
    let mut doc = cargo(&["doc", "--workspace", "--no-deps", "--document-private-items"]);
    run("cargo doc", doc.env("RUSTDOCFLAGS", "-D warnings"))
}

/// Writes the pages that are made of data.
fn docs() -> Result<(), String> {
    let example = ["run", "--quiet", "--package", "holdfast-domain", "--example", "catalogue-page"];
    let made = cargo(&example).output().map_err(|error| format!("cargo: {error}"))?;
    if !made.status.success() {
        return Err(format!("the catalogue's page: {}", String::from_utf8_lossy(&made.stderr)));
    }
    let page = root().join("docs").join("catalogue.md");
    std::fs::write(&page, made.stdout).map_err(|error| format!("{}: {error}", page.display()))
}

/// Advisories need a database from the network, so they are checked where one can be had:
/// `cargo deny check advisories`.
fn deps() -> Result<(), String> {
    let found = cargo(&["deny", "--version"]).output().is_ok_and(|out| out.status.success());
    if !found {
        let how = "cargo-deny is not installed; get it with: cargo install cargo-deny --locked";
        if env::var("CI").is_ok_and(|ci| ci == "true") {
            return Err(how.to_owned());
        }
        println!("skipped: licences, bans and sources ({how})");
        return Ok(());
    }
    run(
        "cargo deny",
        &mut cargo(&["deny", "--all-features", "check", "licenses", "bans", "sources"]),
    )
}

/// A program of the `holdfast-tests` package.
fn tool(name: &str, rest: &[String], profile: &[&str]) -> Result<(), String> {
    let mut command = cargo(&["run", "--quiet", "--package", "holdfast-tests", "--bin", name]);
    run(name, command.args(profile).arg("--").args(rest))
}

fn bench(rest: &[String]) -> Result<(), String> {
    tool("bench", rest, &["--profile", "release"])
}
