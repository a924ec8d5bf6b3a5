//! The record as a whole: `export`, `import`, `erase`, `doctor`.

use holdfast::ExportFormat;
use serde_json::json;

use crate::args::data::{Doctor, Erase, Export, Format, Import};
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome, sentence};
use crate::output::layout::{hanging, wrapped};
use crate::output::{Output, words};

/// Answers `export`.
pub fn export(args: &Export, context: &Context, output: &Output) -> Outcome {
    let engine = context.open()?;
    let format = match args.format {
        Format::Json => ExportFormat::Json,
        Format::Automerge => ExportFormat::Automerge,
    };
    output.progress("Writing the record …");
    let done = engine.export(format, &args.out);
    output.progress("");
    let done = done?;
    output.confirm(&done, |o| {
        let count = |n: usize, one, many| words::number_of(n as u64, one, many);
        let text = format!(
            "{} and {} with {} are in {}. They are not encrypted there: keep them where only you \
             can read them.",
            count(done.routines, "routine", "routines"),
            count(done.sessions, "session", "sessions"),
            count(done.observations, "recorded hold", "recorded holds"),
            done.path.display()
        );
        wrapped(&text, o.width, 0)
    });
    Ok(())
}

/// Answers `import`.
pub fn import(args: &Import, context: &Context, output: &Output) -> Outcome {
    let engine = context.open()?;
    output.progress("Reading the record …");
    let done = engine.import(&args.path, args.dry_run);
    output.progress("");
    let done = done?;
    output.answer(&done, |o| {
        let verb = if args.dry_run { "would be added" } else { "added" };
        let mut lines = vec![format!(
            "{} {verb}, {} here already.",
            words::number_of(done.added as u64, "record", "records"),
            done.unchanged
        )];
        lines.extend(done.refused.iter().map(|refused| {
            let text = format!("{} {}: {}", refused.what, refused.id, sentence(&refused.why));
            hanging("- not taken: ", &text, o.width)
        }));
        lines.join("\n")
    });
    Ok(())
}

/// Answers `erase`.
pub fn erase(args: &Erase, context: &Context, output: &Output) -> Outcome {
    let engine = context.open()?;
    if !args.yes {
        let waiting = engine.relay()?.map_or(0, |relay| relay.queued);
        let lost = match (engine.relay()?, waiting) {
            (None, _) => "there is no relay, so no second copy",
            (Some(_), 0) => "the relay has a copy",
            (Some(_), _) => "some of it is not on the relay yet",
        };
        let message = format!(
            "this removes the record and its keys from {}, and cannot be undone; {lost}",
            context.home.display()
        );
        return Err(Failure::state("needs_confirmation", message)
            .field("yes")
            .hint("--yes does it"));
    }
    engine.erase()?;
    output.confirm(json!({ "erased": context.home.display().to_string() }), |o| {
        let text = "Everything here is erased. Other devices and the relay keep what they have.";
        wrapped(text, o.width, 0)
    });
    Ok(())
}

/// Answers `doctor`. A home that is not sound ends with 1.
pub fn doctor(args: &Doctor, context: &Context, output: &Output) -> Outcome<Exit> {
    let engine = context.open()?;
    output.progress("Looking the home over …");
    let report = engine.doctor(args.repair);
    output.progress("");
    let report = report?;
    output.answer(&report, |o| {
        let mut lines: Vec<String> = report
            .findings
            .iter()
            .map(|finding| {
                let repaired = if finding.repaired { " Repaired." } else { "" };
                hanging("- ", &format!("{}{repaired}", sentence(&finding.sentence)), o.width)
            })
            .collect();
        lines.push(if report.ok { "All is in order." } else { "Not all is in order." }.to_owned());
        lines.join("\n")
    });
    Ok(if report.ok { Exit::Done } else { Exit::Failed })
}
