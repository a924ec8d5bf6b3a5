//! `share`: a copy of a routine, or a link that lets one person into the chart.

use std::path::Path;

use holdfast::{Engine, GrantRequest, Invitation, Invited, RoutineCopy};
use serde_json::json;

use super::sync;
use crate::args::sharing::{Share, ShareChart, parted};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::wrapped;
use crate::output::people::{grants, role, time};
use crate::output::{Output, qr, words};

/// Answers `share`.
pub fn run(args: Share, context: &Context, output: &Output) -> Outcome {
    let engine = context.open()?;
    match args {
        Share::Routine { routine, out } => {
            let copy = engine.share_routine(&routine)?;
            match out {
                None => copied(&copy, output),
                Some(path) => return written(&copy, &path, output),
            }
            Ok(())
        }
        Share::Chart(args) => chart(args, &engine, context, output),
    }
}

fn copied(copy: &RoutineCopy, output: &Output) {
    let body = json!({
        "link": copy.link, "expires_at": null, "role": null, "name": copy.name, "bytes": copy.bytes,
    });
    output.answer(body, |o| {
        let how = words::say("prompt.sharing.copy", &[("name", copy.name.as_str().into())]);
        match qr::code(&copy.scan, o.styled).filter(|code| fits(code, o.width)) {
            Some(code) => format!("{code}\n{}\n\n{}", copy.link, wrapped(&how, o.width, 0)),
            None => format!("{}\n\n{}", copy.link, wrapped(&how, o.width, 0)),
        }
    });
}

/// Whether a code is shown whole: half of one is of no use.
fn fits(code: &str, width: usize) -> bool {
    let lines = code.lines().map(|line| line.trim_start_matches("\x1b[30;47m"));
    lines.map(|line| line.trim_end_matches("\x1b[0m").chars().count()).max().unwrap_or(0) <= width
}

fn written(copy: &RoutineCopy, path: &Path, output: &Output) -> Outcome {
    use std::io::Write as _;
    let shown = path.display().to_string();
    let refused = |error: std::io::Error| {
        let args = [("path", shown.as_str().into()), ("why", error.to_string().into())];
        let message = match error.kind() {
            std::io::ErrorKind::AlreadyExists => words::say("prompt.sharing.exists", &args[..1]),
            _ => words::say("prompt.sharing.unwritable", &args),
        };
        Failure::bad_value("out", message)
    };
    let mut file = std::fs::File::create_new(path).map_err(refused)?;
    let done = file.write_all(copy.file.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = done {
        // What is left of a failed attempt is of no use to anybody.
        let _ = std::fs::remove_file(path);
        return Err(refused(error));
    }
    let body = json!({
        "path": shown, "link": copy.link, "expires_at": null, "role": null, "name": copy.name,
        "bytes": copy.bytes,
    });
    output.confirm(body, |o| {
        let args = [("name", copy.name.as_str().into()), ("path", shown.as_str().into())];
        wrapped(&words::say("prompt.sharing.written", &args), o.width, 0)
    });
    Ok(())
}

fn chart(args: ShareChart, engine: &Engine, context: &Context, output: &Output) -> Outcome {
    let here = context.here_by(engine)?;
    let until = args.until.as_ref().map(|until| here.end_of(until)).transpose();
    let until = until.map_err(|refused| Failure::bad_value("until", refused))?;
    let (with, exactly) = parted(&args.class);
    let grant = GrantRequest {
        role: args.role,
        without: args.without,
        with,
        exactly,
        until_ms: until.map(|at| u64::try_from(at.as_millisecond()).unwrap_or(0)),
    };
    let invitation = Invitation {
        name: args.guest,
        grant,
        valid_ms: args.valid,
        confirm_first: args.after_compare,
    };
    // Nobody can be let in without one.
    sync::needs_relay(engine)?;
    output.progress(&words::plain("prompt.device.asking"));
    let invited = engine.invite(&invitation);
    output.progress("");
    told(&invited?, engine, &here.zone(), output)
}

fn told(invited: &Invited, engine: &Engine, zone: &str, output: &Output) -> Outcome {
    let open = engine.invites()?.into_iter().find(|one| one.invite == invited.invite);
    let view = super::invite::body(open.as_ref(), zone);
    let ends = time(invited.expires_at_ms, zone);
    let mut body = json!({
        "link": invited.link.as_str(), "expires_at": ends, "role": null, "invite": invited.invite,
    });
    if let (Some(into), Some(from)) = (body.as_object_mut(), view.as_object()) {
        into.extend(from.clone());
    }
    output.answer(body, |o| {
        let Some(open) = &open else { return invited.link.as_str().to_owned() };
        let code = qr::code(&invited.scan, o.styled).filter(|code| fits(code, o.width));
        let code = code.map(|code| format!("{code}\n")).unwrap_or_default();
        let mut said = vec![words::say(
            "prompt.sharing.invited",
            &[
                ("role", role(open.role).into()),
                ("grants", grants(&open.grants).into()),
                ("ends", ends.as_str().into()),
            ],
        )];
        if let Some(until) = open.until_ms {
            let args = [("until", time(until, zone).into())];
            said.push(words::say("prompt.sharing.until", &args));
        }
        said.push(words::plain(match open.confirm_first {
            true => "prompt.sharing.compare_first",
            false => "prompt.sharing.compare_after",
        }));
        said.push(words::plain("prompt.sharing.keep_the_link"));
        format!("{code}{}\n\n{}", invited.link.as_str(), wrapped(&said.join(" "), o.width, 0))
    });
    Ok(())
}
