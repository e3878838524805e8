//! What a recording says of itself: nothing is inferred.

use ballast_journal::Said;

use super::super::stamp::TimeUnit;
use super::{FileSurvey, Form};
use crate::journal::recording::Recording;
use crate::journal::{JournalError, Step};

/// The instruments as the venue told of them. It is read up to the first snapshot only; damage is told when it is read whole.
pub(in crate::capture) fn survey_recording(recording: &Recording) -> FileSurvey {
    let (mut begins_at, mut has_snapshot) = (None, false);
    let walked: Result<_, JournalError> = recording.walk(|_, frame| {
        begins_at.get_or_insert(frame.now);
        has_snapshot = matches!(frame.said, Said::Answer { status: 200, .. });
        Ok(if has_snapshot { Step::Stop } else { Step::On })
    });
    // What is not there is not seen.
    let _ = walked;
    FileSurvey {
        form: Form::Frames,
        unit: Some(TimeUnit::Nanos),
        begins_at,
        instruments: recording.instruments().to_vec(),
        has_snapshot,
    }
}
