//! Prints the measures and writes target/bench.json. Names given on the command line (P1 … P8) choose among
//! them; a figure is always told, met or not.

use std::path::Path;
use std::time::Instant;

use holdfast::{Config, Engine, NewAccount};
use holdfast_relay::{Limits, Relay, RelayConfig};
use holdfast_tests::bench::{self, Measure, homes, syncing};
use holdfast_tests::seeded_home;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let child = match texts[..] {
        ["--child-catch-up", link, home] => Some(syncing::child_catch_up(link, Path::new(home))),
        ["--child-evening", home] => Some(syncing::child_evening(Path::new(home))),
        _ => None,
    };
    match child {
        Some(found) => println!("{}", serde_json::json!(found)),
        None => measure(&arguments),
    }
}

fn measure(names: &[String]) {
    let wants =
        |id: &str| names.is_empty() || names.iter().any(|name| name.eq_ignore_ascii_case(id));
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    // On the disk that people use, not in memory: durability is what is measured.
    let room = tempfile::Builder::new().prefix("bench-").tempdir_in(&target);
    let room = room.expect("the target folder can be written");
    let mut results: Vec<Measure> = Vec::new();
    if ["P1", "P2", "P3", "P4", "P7", "P8"].into_iter().any(wants) {
        of_homes(room.path(), wants, &mut results);
    }
    if wants("P5") {
        results.extend(bench::relay::measure(room.path()));
    }
    if wants("P6") {
        results.extend(bench::live::measure(room.path()));
    }
    print(&results);
    let json = serde_json::json!({ "results": results });
    std::fs::write(target.join("bench.json"), format!("{json:#}\n"))
        .expect("the target folder can be written");
    println!("\nwritten to target/bench.json");
}

fn of_homes(room: &Path, wants: impl Fn(&str) -> bool, results: &mut Vec<Measure>) {
    let config = RelayConfig::in_directory(room.join("relay")).with_limits(Limits::without_rates());
    let relay = Relay::spawn(config).expect("a relay starts");
    let sessions = seeded_home::years(1, 5);
    let begun = Instant::now();
    let (full, _) = seeded_home::make(&room.join("years"), &sessions, Some(relay.url()));
    results.push(Measure::told("P0", "import five years", begun.elapsed().as_secs_f64(), "s"));
    if wants("P1") {
        let account = NewAccount { name: "New".into(), device_name: "first".into(), relay: None };
        let (empty, _) = Engine::create(Config::command_line(room.join("empty")), account)
            .expect("a home is made");
        results.extend(homes::logging(&empty, &full));
    }
    if wants("P2") || wants("P7") {
        let month = seeded_home::days(&sessions, 30);
        drop(seeded_home::make(&room.join("month"), month, None));
    }
    if wants("P2") {
        results.extend(homes::opening(&room.join("month"), &room.join("years")));
    }
    if wants("P7") {
        results.extend(homes::progress(&room.join("month"), &room.join("years")));
    }
    if ["P3", "P4", "P8"].into_iter().any(&wants) {
        let begun = Instant::now();
        let report = syncing::push_everything(&full);
        results.push(Measure::told("P0a", "push five years", begun.elapsed().as_secs_f64(), "s"));
        #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
        let sent = report.bytes_sent as f64 / 1e6;
        results.push(Measure::told("P0b", "push five years, bytes of bodies", sent, "MB"));
    }
    if wants("P3") {
        results.extend(syncing::silence(&full));
    }
    if wants("P4") {
        results.extend(syncing::catching_up(&full, room));
    }
    if wants("P8") {
        drop(full);
        results.extend(syncing::evening(&room.join("years")));
    }
}

fn print(results: &[Measure]) {
    println!("{:<5} {:<48} {:>12} {:<5} {:<9} met", "id", "measure", "value", "unit", "goal");
    for Measure { id, name, value, unit, goal, met } in results {
        let met = met.map_or("", |met| if met { "yes" } else { "NO" });
        println!("{id:<5} {name:<48} {value:>12.3} {unit:<5} {goal:<9} {met}");
    }
}
