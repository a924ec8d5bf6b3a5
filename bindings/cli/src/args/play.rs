//! Playing a routine.

use std::path::PathBuf;

use clap::Args;
use holdfast::domain::vocabulary::Side;

use super::values;

/// Play a routine: big time, side, cue, progress; a key for every input.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast play bedtime
  holdfast play bedtime --slot bedtime --side right
  holdfast play bedtime --resume
  holdfast play bedtime --inputs session.txt --fast 60 --json

Keys: space pause, enter go on, n skip, b back, + 15 s more, e easing, m move the
spot, l lighten, h it hurts, q end. Without a terminal, or with --json, there is
no screen: the answer is the session's summary.

An --inputs file has one input a line, milliseconds since the start and what is
pressed (`12000 pause`), with # for remarks.")]
pub struct Play {
    /// The routine: its name or id
    pub routine: String,
    /// The slot of the day: morning, midday, evening, bedtime or another name
    #[arg(long)]
    pub slot: Option<String>,
    /// Confirm a rule or gate that asks before it lets you play
    #[arg(long, value_name = "RULE")]
    pub ack: Vec<String>,
    /// Begin at this step
    #[arg(long, value_name = "STEP")]
    pub from: Option<String>,
    /// The side of the steps that ask for one
    #[arg(long, value_parser = values::side)]
    pub side: Option<Side>,
    /// Who presses or helps
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Go on where a session was broken off
    #[arg(long)]
    pub resume: bool,
    /// Close a session that was broken off, keeping what was held, and begin anew
    #[arg(long, conflicts_with = "resume")]
    pub discard: bool,
    /// Take the inputs from a file
    #[arg(long, value_name = "FILE")]
    pub inputs: Option<PathBuf>,
    /// Run so many times faster than the clock
    #[arg(long, value_name = "N", default_value = "1", value_parser = values::speed)]
    pub fast: u32,
    /// Lines instead of a screen
    #[arg(long)]
    pub plain: bool,
    /// Neither speech nor bell
    #[arg(long)]
    pub mute: bool,
    /// Let whoever shares the chart follow on another device
    #[arg(long)]
    pub with_partner: bool,
}

/// Follow a session that somebody plays on another device: the same second, and keys to pause, stop and answer.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  holdfast play bedtime --with-partner      (on one device)
  holdfast follow Ana                       (on the other)

Keys: space pause, enter go on, e easing, m move the spot, l lighten, h it hurts,
q end for everybody, t lead on when the other is gone, Ctrl-C leave. Whoever leads
logs; nothing of a live session is stored on the relay. Without a terminal, or
with --json, there is no screen: the answer is the session's summary.")]
pub struct Follow {
    /// Whose chart: its name or id
    pub whose: Option<String>,
    /// Go on by itself when whoever leads has vanished
    #[arg(long)]
    pub take_over: bool,
    /// Wait at most so many seconds for a session
    #[arg(long, value_name = "SECONDS", default_value = "3600")]
    pub wait: u64,
    /// Take the inputs from a file
    #[arg(long, value_name = "FILE")]
    pub inputs: Option<PathBuf>,
    /// Run as fast as whoever leads does
    #[arg(long, value_name = "N", default_value = "1", value_parser = values::speed)]
    pub fast: u32,
    /// Lines instead of a screen
    #[arg(long)]
    pub plain: bool,
    /// Neither speech nor bell
    #[arg(long)]
    pub mute: bool,
}
