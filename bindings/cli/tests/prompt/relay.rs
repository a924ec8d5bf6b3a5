//! One home and a relay: one that works, and ones that do not.

use std::net::SocketAddr;
use std::path::Path;

use holdfast_relay::{RelayConfig, RunningRelay};
use serde_json::{Value, json};

use crate::home::Home;

/// A relay on a free port that can be taken down and brought back where it was.
pub struct Relay {
    data: tempfile::TempDir,
    running: Option<RunningRelay>,
    at: SocketAddr,
}

impl Relay {
    pub fn up() -> Self {
        let data = tempfile::tempdir().unwrap();
        let running = holdfast_relay::Relay::spawn(config(data.path())).unwrap();
        let at = running.address();
        Self { data, running: Some(running), at }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.at)
    }

    /// Whether a text stands anywhere in what it stores.
    pub fn stores(&self, text: &str) -> bool {
        self.stores_bytes(text.as_bytes())
    }

    pub fn stores_bytes(&self, wanted: &[u8]) -> bool {
        let files = std::fs::read_dir(self.data.path()).unwrap().map(|file| file.unwrap().path());
        let mut files =
            files.filter(|path| path.is_file()).map(|path| std::fs::read(path).unwrap());
        files.any(|bytes| bytes.windows(wanted.len()).any(|window| window == wanted))
    }

    pub fn down(&mut self) {
        self.running.take().unwrap().stop();
    }

    pub fn back(&mut self) {
        let running = holdfast_relay::Relay::spawn_at(config(self.data.path()), self.at).unwrap();
        self.running = Some(running);
    }
}

fn config(data: &Path) -> RelayConfig {
    RelayConfig::in_directory(data)
}

#[test]
fn a_relay_is_set_shown_and_taken_away() {
    let relay = Relay::up();
    let home = Home::made();
    assert_eq!(home.json("relay show"), json!({ "schema": 1, "url": null, "reachable": false }));
    home.refused("sync", 1);
    for wrong in
        ["relay set nonsense", "relay set ftp://example.org", "relay set http://example.org"]
    {
        assert_eq!(home.refused(wrong, 2)["field"], "url", "{wrong}");
    }
    home.json(&format!("relay set {}", relay.url()));
    let shown = home.json("relay show");
    assert_eq!((&shown["url"], &shown["reachable"]), (&json!(relay.url()), &json!(true)));
    home.json("sync");
    home.json("relay unset");
    assert_eq!(home.json("relay show")["url"], Value::Null);
}

/// A listener that answers every request with these bytes, or never.
fn answering(answer: Option<&'static str>) -> String {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            match answer {
                Some(answer) => drop(stream.write_all(answer.as_bytes())),
                None => kept.push(stream),
            }
        }
    });
    url
}

#[test]
fn a_relay_that_answers_rubbish_is_told_apart_and_nothing_is_lost() {
    let home = Home::made();
    let answers = [
        "rubbish\r\n\r\n",
        "HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nnone",
    ];
    for answer in answers {
        home.json(&format!("relay set {}", answering(Some(answer))));
        home.json("log psoas-release-hook --side left --held 60");
        let ran = home.run("--json sync");
        assert_eq!(ran.code, 1, "{answer}: {ran:?}");
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(report["outcome"], "offline", "{answer}: {report}");
        assert!(report["queued"].as_u64().is_some_and(|n| n > 0), "{answer}: {report}");
        let told: Value = serde_json::from_str(&ran.stderr).unwrap();
        assert!(told["error"]["message"].as_str().unwrap().len() > 20, "{answer}: {told}");
    }
    assert_eq!(home.json("history")["holds"].as_array().unwrap().len(), answers.len());
    assert_eq!(home.json("doctor")["ok"], true);
}

#[test]
fn a_relay_that_is_not_there_leaves_everything_waiting() {
    let mut relay = Relay::up();
    let home = Home::made();
    home.json(&format!("relay set {}", relay.url()));
    home.json("log psoas-release-hook --side left --held 60");
    relay.down();
    let ran = home.run("sync");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("nothing is lost"), "{ran:?}");
    relay.back();
    let report = home.json("sync");
    assert_eq!((&report["outcome"], &report["queued"]), (&json!("done"), &json!(0)), "{report}");
    assert_eq!(home.json("history")["holds"][0]["status"], "relayed");
}

#[test]
fn a_relay_that_never_answers_can_be_interrupted() {
    use std::process::Stdio;
    let home = Home::made();
    home.json(&format!("relay set {}", answering(None)));
    let mut command = crate::home::program(&home.path());
    let command = command.args(["sync", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(700));
    let asked = std::time::Instant::now();
    let kill = std::process::Command::new("kill").arg(child.id().to_string()).status();
    assert!(kill.unwrap().success());
    child.wait().unwrap();
    assert!(asked.elapsed().as_millis() < 1_500, "{:?}", asked.elapsed());
    assert_eq!(home.json("doctor")["ok"], true);
}
