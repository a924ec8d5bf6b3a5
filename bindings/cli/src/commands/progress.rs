//! `progress`: how it goes, as figures and as charts of characters.

use holdfast::ProgressQuery;
use holdfast::sharing::Class;

use crate::args::progress::Progress;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::charts::Glyphs;
use crate::output::{Output, progress};

/// Answers `progress`.
pub fn run(args: &Progress, context: &Context, output: &Output) -> Outcome {
    let engine = context.open_for(Class::Log)?;
    let here = context.here_by(&engine)?;
    let until = args.until.as_ref().map(|until| here.local_day(until)).transpose();
    let until = until.map_err(|refused| Failure::bad_value("until", refused))?;
    let query = ProgressQuery { days: Some(args.days), until };
    let found = engine.progress(&query)?;
    output.answer(&found, |o| progress::text(&found, Glyphs::of_the_terminal(), o));
    Ok(())
}
