//! `ballast book check`.

use ballast_core::book::BookLimits;
use ballast_model::InstrumentId;
use ballast_runtime::book_check::{BookCheck, check as check_tape};
use ballast_runtime::job::Prepared;
use serde_json::json;
use std::path::Path;

use crate::cli::CheckArgs;
use crate::data;
use crate::exit::Code;
use crate::output::{self, Form};
use crate::progress::Progress;

/// Levels one side of a checked book is certain to hold.
const LEVELS_MAX: usize = 1 << 16;

/// Rebuilds the books and compares.
///
/// # Errors
/// Where the files cannot be opened or standard output cannot be written.
pub(crate) fn check(arguments: &CheckArgs) -> anyhow::Result<Code> {
    let config = data::default_config()?;
    let mut progress = Progress::new("reading");
    let path = Path::new(data::DEFAULT_CONFIG_NAME);
    let prepared = Prepared::from_files(&config, path, &arguments.files, |bytes| progress.add(bytes))?;
    drop(progress);
    data::tell(&prepared);
    let result = check_all(&prepared);
    let gaps = prepared.total(|counters| counters.gaps);
    if let Some(first) = result.first_mismatch {
        let (book, venue) = (first.book, first.venue);
        output::tell(&format!(
            "first difference: update {} {:?}: the book has {} ticks {} lots, the venue says {} ticks {} lots",
            first.update_id.0, first.side, book.0.0, book.1, venue.0.0, venue.1
        ));
    }
    let sound = result.mismatches == 0 && result.crossed == 0 && gaps == 0;
    let text = format!(
        "{} frames, {} level updates, {} gaps, {} comparisons, {} mismatches, {} crossed\n",
        prepared.total(|counters| counters.frames),
        prepared.total(ballast_venue::Counters::level_updates),
        gaps,
        result.comparisons,
        result.mismatches,
        result.crossed,
    );
    output::text(&text, Form::asked(arguments.json))?;
    if arguments.json {
        let mut object = data::counts(&prepared);
        object.insert("comparisons".to_owned(), json!(result.comparisons));
        object.insert("mismatches".to_owned(), json!(result.mismatches));
        object.insert("crossed".to_owned(), json!(result.crossed));
        object.insert("has_book".to_owned(), json!(!prepared.has_no_book()));
        output::json(&object.into())?;
    }
    Ok(match (prepared.has_no_book(), sound) {
        (true, _) => Code::NoBook,
        (false, true) => Code::Done,
        (false, false) => Code::Mismatch,
    })
}

fn check_all(prepared: &Prepared<'_>) -> BookCheck {
    let mut total = BookCheck::default();
    for (index, one) in prepared.instruments.iter().enumerate() {
        let Ok(id) = u16::try_from(index).map(InstrumentId) else { continue };
        let limits = BookLimits { price_ticks_max: one.found.spec.price_max.0, levels_max: LEVELS_MAX };
        for tape in &prepared.tapes {
            let one = check_tape(tape, &[(id, limits)]);
            total.comparisons += one.comparisons;
            total.mismatches += one.mismatches;
            total.crossed += one.crossed;
            total.first_mismatch = total.first_mismatch.or(one.first_mismatch);
        }
    }
    total
}
