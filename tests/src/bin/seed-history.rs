//! Makes a home with years of holds, for trying things at the prompt and for the benches.

use std::path::PathBuf;

use clap::Parser;
use holdfast_tests::seeded_home;

/// A home with years of holds from a seed.
#[derive(Parser)]
#[command(name = "cargo xtask seed-history")]
struct Asked {
    /// The home to make. Nothing may be there yet.
    #[arg(long)]
    home: PathBuf,
    /// How many years.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=40))]
    years: u16,
    /// The same seed gives the same history.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The relay's address, where there is one.
    #[arg(long)]
    relay: Option<String>,
}

fn main() {
    let Asked { home, years, seed, relay } = Asked::parse();
    let sessions = seeded_home::years(seed, years);
    let holds: usize = sessions.iter().map(|s| s.holds.len()).sum();
    let begun = std::time::Instant::now();
    let (engine, _) = seeded_home::make(&home, &sessions, relay);
    drop(engine);
    println!(
        "{} sessions with {holds} holds in {} ({:.1} s). Look at them with:\n  \
         cargo run -p holdfast-cli -- --home {} history",
        sessions.len(),
        home.display(),
        begun.elapsed().as_secs_f64(),
        home.display()
    );
}
