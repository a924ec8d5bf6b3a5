//! The record as a whole: `export`, `import`, `erase`, `doctor`.

use holdfast::{ChartStanding, Engine, ExportFormat};
use serde_json::json;

use super::ending;
use crate::args::data::{Doctor, Erase, Export, Format, Import};
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome, sentence};
use crate::output::layout::{hanging, wrapped};
use crate::output::{Output, words};

/// Answers `export`.
pub fn export(args: &Export, context: &Context, output: &Output) -> Outcome {
    let engine = context.open()?;
    if args.overwrite && args.format != Format::Csv {
        return Err(Failure::usage(words::plain("prompt.own.tables.only_csv")));
    }
    if args.unsent && args.format != Format::Json {
        return Err(Failure::usage(words::plain("prompt.ending.unsent_is_json")));
    }
    let format = match args.format {
        Format::Csv => return tables(&engine, args, output),
        Format::Json => ExportFormat::Json,
        Format::Automerge => ExportFormat::Automerge,
    };
    output.progress(&words::plain("prompt.data.writing"));
    let done = match args.unsent {
        true => engine.export_unsent(&args.out),
        false => engine.export(format, &args.out),
    };
    output.progress("");
    let done = done?;
    output.confirm(&done, |o| {
        let count = |code, n: usize| words::counted(code, n as u64).into();
        let text = words::say(
            "prompt.data.exported",
            &[
                ("routines", count("prompt.count.routines", done.routines)),
                ("sessions", count("prompt.count.sessions", done.sessions)),
                ("holds", count("prompt.count.recorded", done.observations)),
                ("path", done.path.display().to_string().into()),
            ],
        );
        wrapped(&text, o.width, 0)
    });
    Ok(())
}

/// Answers `export --format csv`.
fn tables(engine: &Engine, args: &Export, output: &Output) -> Outcome {
    let done = engine.export_tables(&args.out, args.overwrite)?;
    output.confirm(&done, |o| {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX).into();
        let args = [
            ("holds", count(done.holds)),
            ("sessions", count(done.sessions)),
            ("tests", count(done.tests)),
            ("habits", count(done.habits)),
            ("events", count(done.events)),
            ("plan", count(done.plan)),
            ("path", done.path.display().to_string().into()),
        ];
        wrapped(&words::say("prompt.own.tables.written", &args), o.width, 0)
    });
    Ok(())
}

/// Answers `import`.
pub fn import(args: &Import, context: &Context, output: &Output) -> Outcome {
    let engine = context.open()?;
    output.progress(&words::plain("prompt.data.reading"));
    let done = engine.import(&args.path, args.dry_run);
    output.progress("");
    let done = done?;
    output.answer(&done, |o| {
        let code = if args.dry_run { "prompt.data.would_import" } else { "prompt.data.imported" };
        let there = ("unchanged", (done.unchanged as u64).into());
        let added = ("records", words::counted("prompt.count.records", done.added as u64).into());
        let mut lines = vec![words::say(code, &[added, there])];
        lines.extend(done.refused.iter().map(|refused| {
            let why = sentence(&words::reader().say(&refused.why));
            let text = format!("{} {}: {why}", kind(refused.what), refused.id);
            hanging(&format!("- {} ", words::plain("prompt.data.not_taken")), &text, o.width)
        }));
        lines.join("\n")
    });
    Ok(())
}

/// What a record is called.
fn kind(what: &str) -> String {
    words::plain(match what {
        "answer" => "import.what.answer",
        "routine" => "import.what.routine",
        "pause" => "import.what.pause",
        "slot" => "import.what.slot",
        "exercise" => "import.what.exercise",
        "observation" => "import.what.observation",
        "correction" => "import.what.correction",
        "habit" => "import.what.habit",
        "test" => "import.what.test",
        "tick" => "import.what.tick",
        "event" => "import.what.event",
        "prescription" => "import.what.prescription",
        "settled" => "import.what.settled",
        _ => "import.what.session",
    })
}

/// Answers `erase`.
pub fn erase(args: &Erase, context: &Context, output: &Output) -> Outcome {
    let engine = context.open_account()?;
    if !args.yes {
        let waiting = engine.relay()?.map_or(0, |relay| relay.queued);
        let lost = match (engine.relay()?, waiting) {
            (None, _) => "prompt.data.lost_no_relay",
            (Some(_), 0) => "prompt.data.lost_copy",
            (Some(_), _) => "prompt.data.lost_some",
        };
        let message = words::say(
            "prompt.data.erases",
            &[
                ("home", context.home.display().to_string().into()),
                ("lost", words::plain(lost).into()),
            ],
        );
        let message = shared_with(&engine)?
            .into_iter()
            .fold(message, |all, one| format!("{} {one}", all.trim_end()));
        return Err(Failure::state("needs_confirmation", message)
            .field("yes")
            .hint(words::plain("prompt.yes_does_it")));
    }
    engine.erase()?;
    output.confirm(json!({ "erased": context.home.display().to_string() }), |o| {
        wrapped(&words::plain("prompt.data.erased"), o.width, 0)
    });
    Ok(())
}

/// What others keep of the charts here: erasing this home takes nothing away from them.
fn shared_with(engine: &Engine) -> Outcome<Vec<String>> {
    let mut said = Vec::new();
    for view in engine.charts()? {
        let others = match view.standing {
            ChartStanding::Active => ending::others(&engine.chart(&view.id)?)?,
            _ => Vec::new(),
        };
        if others.is_empty() {
            continue;
        }
        let code = if view.own { "prompt.ending.own_with" } else { "prompt.ending.chart_with" };
        let args = [("chart", view.name.into()), ("others", others.join(", ").into())];
        said.push(words::say(code, &args));
    }
    Ok(said)
}

/// Answers `doctor`. A home that is not sound ends with 1.
pub fn doctor(args: &Doctor, context: &Context, output: &Output) -> Outcome<Exit> {
    let engine = context.open()?;
    output.progress(&words::plain("prompt.data.looking"));
    let report = engine.doctor(args.repair);
    output.progress("");
    let report = report?;
    output.answer(&report, |o| {
        let mut lines: Vec<String> = report
            .findings
            .iter()
            .map(|finding| {
                let repaired = if finding.repaired {
                    words::plain("prompt.data.repaired")
                } else {
                    String::new()
                };
                hanging(
                    "- ",
                    &format!("{} {repaired}", sentence(&words::reader().say(&finding.sentence))),
                    o.width,
                )
            })
            .collect();
        lines.push(words::plain(if report.ok {
            "prompt.data.in_order"
        } else {
            "prompt.data.not_in_order"
        }));
        lines.join("\n")
    });
    Ok(if report.ok { Exit::Done } else { Exit::Failed })
}
