//! Says cues aloud with whatever voice the machine has, in a process of its own; and the bell.
//! Without a voice it is silent. It knows no player.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};

/// Programs that speak what they read on standard input, in the order they are looked for.
const VOICES: [(&str, &[&str]); 4] = [
    ("spd-say", &["--pipe-mode"]),
    ("espeak-ng", &["--stdin"]),
    ("espeak", &["--stdin"]),
    ("say", &[]),
];

/// A voice, if the machine has one.
#[derive(Debug)]
pub struct Voice {
    program: Option<(&'static str, &'static [&'static str])>,
    speaking: Option<Child>,
    bell: bool,
}

impl Voice {
    /// Looks for a voice on the search path.
    pub fn find() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let installed =
            |name: &str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
        let program = VOICES.into_iter().find(|(name, _)| installed(name));
        Self { program, speaking: None, bell: true }
    }

    /// Neither speech nor bell.
    pub const fn mute() -> Self {
        Self { program: None, speaking: None, bell: false }
    }

    /// Says a sentence. What is still being said is cut short: late words are worse than none.
    pub fn say(&mut self, sentence: &str) {
        self.hush();
        let Some((program, args)) = self.program else { return };
        let spawned = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match spawned {
            Ok(mut child) => {
                if let Some(mut stdin) = child.stdin.take() {
                    let _ = writeln!(stdin, "{sentence}");
                }
                self.speaking = Some(child);
            }
            Err(_) => self.program = None,
        }
    }

    /// Rings the terminal's bell.
    pub fn ring(&self) {
        if self.bell {
            let mut stdout = std::io::stdout().lock();
            let _ = stdout.write_all(b"\x07");
            let _ = stdout.flush();
        }
    }

    /// Lets the last sentence end before the program does, for at most three seconds.
    pub fn finish(&mut self) {
        if let Some(mut child) = self.speaking.take() {
            for _ in 0..30 {
                if !matches!(child.try_wait(), Ok(None)) {
                    return;
                }
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn hush(&mut self) {
        if let Some(mut child) = self.speaking.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.hush();
    }
}
