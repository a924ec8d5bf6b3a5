//! Writes docs/catalogue.md from the catalogue: one row a record, with mode, dose and source.

use std::fmt::Write as _;

use holdfast_domain::catalogue::{Catalogue, Exercise};
use holdfast_domain::vocabulary::Mode;
use holdfast_domain::words::Words;

const HEAD: &str = "\
# The catalogue

Every exercise of the catalogue with its mode, its dose and where that comes from. Made from
`core/domain/data` by `cargo xtask docs`; a test keeps it so. Information, not diagnosis.

A dose is a range wherever a source gives one, and *not stated* where none does. Sources go by their
short ids, which are listed below; **ours** marks what is our choice, an extension or an inference.

";

/// The whole page.
pub fn page() -> String {
    let (catalogue, words) = (Catalogue::built_in(), Words::english());
    let mut page = HEAD.to_owned();
    let count = catalogue.exercises().len();
    let _ = writeln!(page, "{count} records.\n");
    let _ = writeln!(
        page,
        "| id | name | kind | mode | dose | how often | source of the dose | sources of the record |"
    );
    let _ = writeln!(page, "|---|---|---|---|---|---|---|---|");
    for exercise in catalogue.exercises() {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} | {} | {} | {} |",
            exercise.id,
            cell(&exercise.name(words)),
            exercise.kind,
            exercise.dose.mode,
            cell(&dose(exercise, words)),
            cell(&often(exercise, words)),
            dose_sources(exercise),
            sources(exercise),
        );
    }
    page.push_str("\n## Sources\n\n| id | file | what it is |\n|---|---|---|\n");
    for source in catalogue.sources() {
        let nature = words.plain(source.nature.as_str());
        let _ = writeln!(page, "| {} | {} | {} |", source.id, cell(&source.file), cell(&nature));
    }
    page
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn dose(exercise: &Exercise, words: &Words) -> String {
    match exercise.dose.mode {
        Mode::Tick | Mode::Slot | Mode::Test => "—".to_owned(),
        _ => words.dose(&exercise.dose),
    }
}

fn often(exercise: &Exercise, words: &Words) -> String {
    let frequency = exercise.frequency.as_ref();
    frequency.and_then(|frequency| frequency.describe(words)).unwrap_or_default()
}

/// The sources of every part of the dose that is stated, and whether any of it is ours.
fn dose_sources(exercise: &Exercise) -> String {
    let dose = &exercise.dose;
    if matches!(dose.mode, Mode::Tick | Mode::Slot | Mode::Test) {
        return "—".to_owned();
    }
    let mut parts = Vec::new();
    for (field, range) in
        [("hold_s", dose.hold_s), ("reps", dose.reps), ("sets", dose.sets), ("rest_s", dose.rest_s)]
    {
        let ends = [("min", range.min()), ("default", range.default()), ("max", range.max())];
        let stated = ends.iter().filter(|(_, end)| end.is_some());
        parts.extend(stated.map(|(end, _)| format!("{field}.{end}")));
    }
    if !dose.tempo.is_empty() {
        parts.push("tempo".to_owned());
    }
    let ours = parts.iter().any(|part| exercise.is_ours(part));
    let of = parts.iter().filter(|part| !exercise.is_ours(part));
    let mut ids: Vec<&str> =
        of.flat_map(|part| exercise.sources_of(part)).map(|id| id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ours {
        ids.push("**ours**");
    }
    if ids.is_empty() { "—".to_owned() } else { ids.join(", ") }
}

fn sources(exercise: &Exercise) -> String {
    let all = exercise.provenance.sources.all();
    let mut ids: Vec<&str> = all.iter().map(|id| id.as_str()).collect();
    if ids.is_empty() || exercise.is_ours("*") {
        ids.push("**ours**");
    }
    ids.join(", ")
}
