//! The real binary: what it says, how it ends, and what it has kept when it is killed.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::{Device, Line};
use holdfast_protocol::entry::Entry;
use holdfast_protocol::ids::Class;
use holdfast_protocol::sync::{Outcome, SyncResponse};
use holdfast_protocol::wire;

const BINARY: &str = env!("CARGO_BIN_EXE_holdfast-relay");

struct Running {
    child: Child,
    url: String,
}

impl Running {
    fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    fn start_with(data: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(BINARY)
            .args(["--listen", "127.0.0.1:0", "--address-rate", "0", "--account-rate", "0"])
            .arg("--data")
            .arg(data)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").expect("it says where").to_owned();
        Self { child, url }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).output().unwrap()
}

fn says(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    let directory = tempfile::tempdir().unwrap();
    let mut stored: Vec<(u64, Entry)> = Vec::new();
    let mut running = Running::start(directory.path());
    let line = Line::http(&running.url);
    let (account, mut phone) = Device::first(&line);
    let chart = phone.start_chart(&account);
    for round in 0..4u64 {
        let line = Line::http(&running.url);
        phone.line = line.clone();
        let killed = Arc::new(AtomicBool::new(false));
        let killer = {
            let (killed, pid) = (Arc::clone(&killed), running.child.id().to_string());
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(150 + 77 * round));
                killed.store(true, Ordering::SeqCst);
                Command::new("kill").args(["-9", &pid]).status().unwrap();
            })
        };
        let mut unanswered = Vec::new();
        while let Line::Http(http) = &line {
            let entries: Vec<Entry> = (0..5).map(|_| phone.change(chart, Class::Log)).collect();
            let mut request = phone.request();
            request.want = phone.wants();
            request.push = entries
                .iter()
                .map(|e| holdfast_protocol::sync::Push {
                    entry: e.to_bytes(),
                    invite_wraps: vec![],
                })
                .collect();
            let sent = http.block_on(async {
                let response = http
                    .client()
                    .post(format!("{}/v1/sync", http.url))
                    .header("authorization", format!("Bearer {}", phone.token))
                    .body(wire::encode(&request))
                    .send()
                    .await?;
                response.bytes().await
            });
            let Ok(bytes) = sent else {
                assert!(killed.load(Ordering::SeqCst), "it failed before it was killed");
                unanswered = entries;
                break;
            };
            let response: SyncResponse = wire::decode("answer", &bytes).unwrap();
            for (ack, entry) in response.acks.iter().zip(entries) {
                let Outcome::Stored { seq } = ack.outcome else { panic!("{ack:?}") };
                phone.log_mut(chart).prev = entry.hash();
                stored.push((seq, entry));
            }
            phone.apply(&response);
        }
        killer.join().unwrap();
        drop(running);
        running = Running::start(directory.path());
        phone.line = Line::http(&running.url);
        // What got no answer may or may not be there; sent again it is.
        for outcome in phone.push(&unanswered.iter().collect::<Vec<_>>()) {
            assert!(matches!(outcome, Outcome::Stored { .. } | Outcome::Have { .. }));
        }
    }
    assert!(stored.len() > 50, "{} entries", stored.len());
    for part in stored.chunks(500) {
        let entries: Vec<_> = part.iter().map(|(_, e)| e).collect();
        let expected: Vec<_> = part.iter().map(|(seq, _)| Outcome::Have { seq: *seq }).collect();
        assert_eq!(phone.push(&entries), expected);
    }
}

#[test]
fn it_stops_by_itself_when_told_to_and_its_log_has_no_ids_and_no_content() {
    for signal in ["-TERM", "-INT"] {
        let directory = tempfile::tempdir().unwrap();
        let mut running = Running::start_with(directory.path(), &["--log", "json"]);
        let line = Line::http(&running.url);
        let (account, mut phone) = Device::first(&line);
        let entry = phone.change(account.id, Class::Account);
        phone.push(&[&entry]);
        let began = Instant::now();
        running.signal(signal);
        assert!(running.child.wait().unwrap().success());
        assert!(began.elapsed() < Duration::from_secs(5));
        let mut log = String::new();
        running.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        let lines: Vec<serde_json::Value> =
            log.lines().map(|line| serde_json::from_str(line).expect("JSON lines")).collect();
        assert!(lines.iter().any(|l| l["fields"]["path"] == "/v1/sync"));
        for secret in [
            account.id.to_hex(),
            phone.keys.id().to_hex(),
            phone.token.clone(),
            "127.0.0.1".to_owned(),
        ] {
            assert!(!log.contains(&secret[..8.min(secret.len())]), "{secret} is in the log");
        }
    }
}

#[test]
fn a_second_relay_on_the_same_data_or_port_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let running = Running::start(directory.path());
    let data = directory.path().to_str().unwrap();
    let same_data = run(&["--listen", "127.0.0.1:0", "--data", data]);
    assert_eq!(same_data.status.code(), Some(1));
    assert!(says(&same_data).contains("another relay is using"), "{}", says(&same_data));

    let other = tempfile::tempdir().unwrap();
    let address = running.url.strip_prefix("http://").unwrap();
    let same_port = run(&["--listen", address, "--data", other.path().to_str().unwrap()]);
    assert_eq!(same_port.status.code(), Some(1));
    assert!(says(&same_port).contains("cannot listen on 127.0.0.1"), "{}", says(&same_port));
}

#[test]
fn arguments_and_directories_that_cannot_be_used_are_named() {
    let nothing = run(&[]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(says(&nothing).contains("--data"));
    let address = run(&["--listen", "nowhere", "--data", "x"]);
    assert_eq!(address.status.code(), Some(2));
    assert!(says(&address).contains("--listen"));

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a-file");
    std::fs::write(&file, b"text").unwrap();
    let output = run(&["--listen", "127.0.0.1:0", "--data", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(says(&output).contains("a-file"), "{}", says(&output));

    let damaged = directory.path().join("damaged");
    std::fs::create_dir(&damaged).unwrap();
    std::fs::write(damaged.join("relay.sqlite3"), vec![7; 8192]).unwrap();
    let output = run(&["--listen", "127.0.0.1:0", "--data", damaged.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(says(&output).contains("damaged"), "{}", says(&output));
    assert_eq!(std::fs::read(damaged.join("relay.sqlite3")).unwrap(), vec![7; 8192]);
}

#[test]
fn a_restored_backup_that_is_marked_starts_a_new_generation() {
    let directory = tempfile::tempdir().unwrap();
    let running = Running::start(directory.path());
    let (account, phone) = Device::first(&Line::http(&running.url));
    let before = phone.generation;
    drop(running);
    let data = directory.path().to_str().unwrap();
    let marked = run(&["--data", data, "restore-mark"]);
    assert!(marked.status.success(), "{}", says(&marked));
    let running = Running::start(directory.path());
    let line = Line::http(&running.url);
    let reply = line.post("/v1/sync", Some(&phone.token), &wire::encode(&phone.request()));
    assert_eq!(reply.status, 401, "everybody signs in again");
    let mut again = Device::sign_in(&line, &account.phone);
    again.pull();
    assert_ne!(again.generation, before);
    assert_eq!(again.logs[&account.id].head, 1, "what the backup had is there");
}
