//! `device`: which devices share this record, and how one more joins or one goes.

use holdfast::views::rfc3339;
use holdfast::{DeviceStanding, Engine, Pairing};
use serde_json::json;

use crate::args::account::Device;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::{Align, Table, wrapped};
use crate::output::{Output, qr, record, words};

/// Answers `device`.
pub fn run(args: &Device, context: &Context, output: &Output) -> Outcome {
    let engine = context.open()?;
    match args {
        Device::List => list(&engine, output),
        Device::Pair { minutes } => {
            output.progress("Asking the relay …");
            let pairing = engine.pair(u64::from(*minutes) * 60_000);
            output.progress("");
            pair(&pairing?, *minutes, context, output);
            Ok(())
        }
        Device::Name { device, name } => {
            engine.name_device(device, name)?;
            output.confirm(json!({ "name": name }), |_| {
                format!("It is called {name} from now on, here and after the next sync elsewhere.")
            });
            Ok(())
        }
        Device::Revoke { device, yes } => {
            let known = engine.devices()?;
            let found =
                known.iter().find(|one| one.name == *device || one.device.starts_with(device));
            if let (Some(found), false) = (found, yes) {
                let message = format!(
                    "this shuts {} ({}) out for good; what it has not sent is lost to the others",
                    found.name,
                    record::short(&found.device)
                );
                let failure = Failure::state("needs_confirmation", message);
                return Err(failure.field("yes").hint("--yes does it"));
            }
            engine.revoke_device(device)?;
            output.confirm(json!({ "revoked": device }), |o| {
                let text = "It is out once the next sync has told the relay. What it has read \
                            cannot be taken back.";
                wrapped(text, o.width, 0)
            });
            Ok(())
        }
    }
}

fn list(engine: &Engine, output: &Output) -> Outcome {
    let devices = engine.devices()?;
    output.answer(json!({ "devices": devices }), |o| {
        let mut table = Table::new([("id", Align::Left), ("name", Align::Left), ("", Align::Left)]);
        for device in &devices {
            let mut remarks = Vec::new();
            if device.this {
                remarks.push("this one");
            }
            if device.paper {
                remarks.push("on paper");
            }
            match device.standing {
                DeviceStanding::Active => {}
                DeviceStanding::RemovalPending => remarks.push("goes with the next sync"),
                DeviceStanding::Removed => remarks.push("removed"),
            }
            let id = record::short(&device.device).to_owned();
            table.row([id, device.name.clone(), remarks.join(", ")]);
        }
        table.text(o.width)
    });
    Ok(())
}

fn pair(pairing: &Pairing, minutes: u32, context: &Context, output: &Output) {
    let ends = i64::try_from(pairing.expires_at_ms).unwrap_or(i64::MAX);
    let ends = rfc3339(&holdfast::clock::moment(ends, &context.clock.zone()));
    output.answer(json!({ "link": pairing.link.as_str(), "expires_at": ends }), |o| {
        let code = qr::code(&pairing.to_scan(), o.styled).unwrap_or_default();
        let how = format!(
            "On the other device: `holdfast init --pair LINK`, or scan the code. It works once, \
             for {}. Whoever has it can read the record, so send it to nobody.",
            words::number_of(u64::from(minutes), "minute", "minutes")
        );
        format!("{code}\n{}\n\n{}", pairing.link.as_str(), wrapped(&how, o.width, 0))
    });
}
