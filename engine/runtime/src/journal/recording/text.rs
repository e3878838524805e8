//! A recording as lines of a capture, for whoever plays those: `<local time in ns> <frame>`. Requests, connections and answers that
//! refuse have no line.

use std::io::{self, Read, Write as _};

use ballast_journal::{EncoderEnd, Frame, Said};

use super::super::JournalError;
use super::super::history::Step;
use super::reader::{Ended, Recording};

/// Lines of a recording, a segment at a time.
#[derive(Debug)]
pub(crate) struct RecordedText {
    recording: Recording,
    /// The segment that comes next; `None` after the last, and after damage.
    next: Option<usize>,
    before: Option<EncoderEnd>,
    text: Vec<u8>,
    /// Bytes of it that were handed out.
    read: usize,
    /// What ended it, to be told after what came before.
    damage: Option<JournalError>,
}

impl RecordedText {
    pub(crate) fn new(recording: &Recording) -> Self {
        Self {
            recording: recording.clone(),
            next: Some(0),
            before: None,
            text: Vec::new(),
            read: 0,
            damage: None,
        }
    }

    fn fill(&mut self, number: usize) {
        self.read = 0;
        self.text.clear();
        let Self { recording, before, text, .. } = self;
        let walked = recording.walk_segment(number, *before, &mut |_, frame| {
            line(frame, text);
            Ok::<_, JournalError>(Step::On)
        });
        (self.next, self.before) = match walked {
            Ok(Ended::Whole(end)) => (Some(number + 1), Some(end)),
            Ok(Ended::Here(_)) => (None, None),
            Err(error) => {
                self.damage = Some(error);
                (None, None)
            }
        };
    }
}

impl Read for RecordedText {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.read == self.text.len() {
            let Some(number) = self.next else {
                return self.damage.take().map_or(Ok(0), |error| Err(io::Error::other(error.to_string())));
            };
            self.fill(number);
        }
        let mut rest = self.text.get(self.read..).unwrap_or_default();
        let count = rest.read(to)?;
        self.read += count;
        Ok(count)
    }
}

fn line(frame: &Frame<'_>, text: &mut Vec<u8>) {
    let (Said::Text(said) | Said::Answer { status: 200, body: said }) = frame.said else { return };
    // A vector refuses nothing.
    let _ = write!(text, "{} ", frame.now.0);
    // A newline in JSON is as good as a space: inside of a string there is none.
    text.extend(said.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }));
    text.push(b'\n');
}
