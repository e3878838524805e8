//! One session fed from a recording: told what the recording's own session was told, it gives the same events.

use ballast_journal::{Frame, Said};
use ballast_model::{Nanos, Span};
use ballast_venue::{Channel, Now};

use super::super::problems::{ProblemKind, Problems};
use super::{Decoder, End, Notes, Timed};
use crate::journal::recording::{Recording, channel_of};
use crate::journal::{JournalError, Step};

impl Decoder {
    /// Reads a recording to its end, or to the first damage; returns its number of frames. Its times are proved, and believed.
    pub(in crate::capture) fn read_recording(
        &mut self,
        recording: &Recording,
        problems: &mut Problems,
        progress: &mut impl FnMut(usize),
    ) -> u64 {
        // Its grid is the one that the venue declared, and the session that was recorded read so too.
        self.session.pass_over_strays();
        let name = recording.folder().file_name();
        let name = name.map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut notes = Notes { file: &name, problems };
        let (mut count, mut last) = (0, recording.first_seq());
        if last > 1 {
            notes.add(0, ProblemKind::Unreadable, || {
                format!("begins with record {last}: segments are missing")
            });
        }
        let walked = recording.walk(|seq, frame| {
            (count, last) = (count + 1, seq);
            if count == 1 {
                self.end_connections(self.raised(frame.now));
            }
            self.recorded(seq, frame, &mut notes, progress);
            Ok::<_, JournalError>(Step::On)
        });
        if let Err(error) = walked {
            notes.add(last, ProblemKind::Unreadable, || format!("cannot be read past this record: {error}"));
        }
        self.settle_streams(&mut notes);
        count
    }

    fn recorded(
        &mut self,
        number: u64,
        frame: &Frame<'_>,
        notes: &mut Notes<'_>,
        progress: &mut impl FnMut(usize),
    ) {
        let channel = channel_of(frame.way);
        let now = self.raised(frame.now);
        match frame.said {
            Said::Text(text) | Said::Answer { body: text, .. } => {
                progress(text.len());
                let ahead: Span = frame.wall - frame.now;
                let (time, end) = (frame.now, End::Newline);
                return self
                    .frame(&Timed { number, time, written: time, frame: text, end, channel, ahead }, notes);
            }
            Said::Opened => self.session.on_connected(channel, now),
            Said::Closed => self.disconnect(channel, now),
            Said::Asked(target) if channel == Channel::Rest => self.session.on_asked(target, now),
            Said::Asked(_) => {}
            Said::Due => {
                self.sink.now = now.mono;
                self.session.on_deadline(now, &mut self.sink);
            }
            Said::Lost { records, bytes } => {
                notes.add(number, ProblemKind::Lost, || {
                    format!("{records} records of {bytes} bytes found no room and are missing here")
                });
                self.end_connections(now);
            }
        }
        self.now = Some(now.mono);
    }

    /// A time that does not fall.
    fn raised(&self, time: Nanos) -> Now {
        let mono = self.now.map_or(time, |now| now.max(time));
        Now { mono, wall: mono }
    }

    fn disconnect(&mut self, channel: Channel, now: Now) {
        self.sink.now = now.mono;
        self.session.on_disconnected(channel, now, &mut self.sink);
    }

    /// What comes next does not go on from what came before: no book is known until its next snapshot.
    fn end_connections(&mut self, now: Now) {
        for (channel, _) in self.session.connections() {
            self.disconnect(channel, now);
        }
        self.disconnect(Channel::Rest, now);
    }
}
