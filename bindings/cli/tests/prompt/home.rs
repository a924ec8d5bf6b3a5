//! A home in a temporary folder, and the program run in it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// A home of one device.
pub struct Home {
    folder: tempfile::TempDir,
}

/// What the program did.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// The program, in an environment that knows nothing of the machine it runs on.
pub fn program(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    command
        .env_clear()
        .env("HOLDFAST_HOME", home)
        .env("LANG", "C")
        .env("TZ", "Europe/Berlin")
        .stdin(Stdio::null());
    command
}

impl Home {
    /// A folder with nothing in it.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A home of Ana's.
    pub fn made() -> Self {
        let home = Self::empty();
        home.json("init --name Ana --device phone");
        home
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A file beside the home.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program with words split at spaces; `'` keeps words together.
    pub fn run(&self, line: &str) -> Ran {
        self.run_args(&split(line))
    }

    pub fn run_args(&self, args: &[String]) -> Ran {
        ran(program(&self.path()).args(args))
    }

    /// Runs it with something on standard input.
    pub fn run_reading(&self, line: &str, input: &str) -> Ran {
        self.run_command_reading(program(&self.path()), line, input)
    }

    /// The same with a program that somebody else prepared.
    pub fn run_command_reading(&self, mut command: Command, line: &str, input: &str) -> Ran {
        command.args(split(line)).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        of(child.wait_with_output().unwrap())
    }

    /// Runs it with `--json`; it must be done without a fault.
    pub fn json(&self, line: &str) -> Value {
        let ran = self.run(&format!("--json {line}"));
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
        assert_eq!(ran.stdout.lines().count(), 1, "{line}: one document: {ran:?}");
        let document: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(document["schema"], 1, "{line}: {document}");
        document
    }

    /// Runs it with `--json`; it must refuse with this exit code. Gives the error.
    pub fn refused(&self, line: &str, code: i32) -> Value {
        let ran = self.run(&format!("--json {line}"));
        refusal(line, &ran, code)
    }
}

/// The error of a run that must have failed with `code`, checked for its shape.
pub fn refusal(line: &str, ran: &Ran, code: i32) -> Value {
    assert_eq!(ran.code, code, "{line}: {ran:?}");
    assert_eq!(ran.stdout, "", "{line}: nothing on stdout");
    let error: Value = serde_json::from_str(&ran.stderr)
        .unwrap_or_else(|e| panic!("{line}: stderr is one JSON document ({e}): {ran:?}"));
    let error = error["error"].clone();
    let message = error["message"].as_str().unwrap();
    assert!(
        message.len() > 12 && message.ends_with(['.', '?', '!', ':', ')']),
        "{line}: {message}"
    );
    assert!(!error["code"].as_str().unwrap().is_empty(), "{line}: {error}");
    error
}

pub fn ran(command: &mut Command) -> Ran {
    of(command.output().unwrap())
}

fn of(output: std::process::Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A line as words: split at spaces; `'` keeps words together.
pub fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            letter => words.last_mut().unwrap().push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
