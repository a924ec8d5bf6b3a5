//! `device`: which devices share this record, and how one more joins or one goes.

use holdfast::views::rfc3339;
use holdfast::{DeviceStanding, Engine, Pairing};
use serde_json::json;

use super::in_force;
use crate::args::account::Device;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::{Align, Table, wrapped};
use crate::output::{Output, qr, record, words};

/// Answers `device`.
pub fn run(args: &Device, context: &Context, output: &Output) -> Outcome {
    let engine = context.open_account()?;
    match args {
        Device::List => list(&engine, output),
        Device::Pair { minutes } => {
            output.progress(&words::plain("prompt.device.asking"));
            let pairing = engine.pair(u64::from(*minutes) * 60_000);
            output.progress("");
            pair(&pairing?, *minutes, context, output);
            Ok(())
        }
        Device::Name { device, name } => {
            engine.name_device(device, name)?;
            output.confirm(json!({ "name": name }), |_| {
                words::say("prompt.device.named", &[("name", name.as_str().into())])
            });
            Ok(())
        }
        Device::Revoke { device, yes } => {
            let found = engine.device(device)?;
            if !yes {
                let args = [
                    ("name", found.name.as_str().into()),
                    ("id", record::short(&found.device).into()),
                ];
                let message = words::say("prompt.device.shuts_out", &args);
                let failure = Failure::state("needs_confirmation", message);
                return Err(failure.field("yes").hint(words::plain("prompt.yes_does_it")));
            }
            engine.revoke_device(&found.device)?;
            let gone = || Ok(engine.device(&found.device)?.standing == DeviceStanding::Removed);
            let told = in_force::tell(&engine, output, &gone)?;
            let body = json!({ "revoked": found.device, "in_force": told.in_force });
            output.confirm(body, |o| {
                let code = match told.in_force {
                    true => "prompt.device.is_out",
                    false => "prompt.device.revoked",
                };
                wrapped(&words::plain(code), o.width, 0)
            });
            Ok(())
        }
    }
}

fn list(engine: &Engine, output: &Output) -> Outcome {
    let devices = engine.devices()?;
    output.answer(json!({ "devices": devices }), |o| {
        let mut table = Table::new([
            ("prompt.field.id", Align::Left),
            ("prompt.field.name", Align::Left),
            ("", Align::Left),
        ]);
        for device in &devices {
            let mut remarks = Vec::new();
            if device.this {
                remarks.push("prompt.device.this_one");
            }
            if device.paper {
                remarks.push("prompt.device.on_paper");
            }
            match device.standing {
                DeviceStanding::Active => {}
                DeviceStanding::RemovalPending => remarks.push("prompt.device.going"),
                DeviceStanding::Removed => remarks.push("prompt.device.removed"),
            }
            let id = record::short(&device.device).to_owned();
            let remarks: Vec<String> = remarks.into_iter().map(words::plain).collect();
            let name = match device.paper {
                true => words::plain("prompt.device.phrase"),
                false => device.name.clone(),
            };
            table.row([id, name, remarks.join(", ")]);
        }
        table.text(o.width)
    });
    Ok(())
}

fn pair(pairing: &Pairing, minutes: u16, context: &Context, output: &Output) {
    let ends = i64::try_from(pairing.expires_at_ms).unwrap_or(i64::MAX);
    let ends = rfc3339(&holdfast::clock::moment(ends, &context.clock.zone()));
    output.answer(json!({ "link": pairing.link.as_str(), "expires_at": ends }), |o| {
        let code = qr::code(&pairing.to_scan(), o.styled).unwrap_or_default();
        let minutes = words::counted("prompt.count.minutes", u64::from(minutes));
        let how = words::say("prompt.device.pairing", &[("minutes", minutes.into())]);
        format!("{code}\n{}\n\n{}", pairing.link.as_str(), wrapped(&how, o.width, 0))
    });
}
