//! `ballast capture`: what a recording holds.

use std::io::{self, Write as _};

use ballast_journal::{Frame, Said};
use ballast_model::Nanos;
use ballast_runtime::journal::recording::{Recording, channel_of};
use ballast_runtime::journal::{Step, Walked};
use serde_json::{Value, json};

use crate::cli::{CaptureInspectArgs, RangeArgs};
use crate::exit::Code;
use crate::output::{self, Form};

/// Records of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    records: u64,
    bytes: u64,
}

/// What was read.
#[derive(Debug, Default)]
struct Counts {
    opened: u64,
    closed: u64,
    messages: Count,
    answers: Count,
    refusals: u64,
    requests: u64,
    lost: Count,
    times: Option<(Nanos, Nanos)>,
}

impl Counts {
    fn take(&mut self, frame: &Frame<'_>) {
        let (first, _) = self.times.unwrap_or((frame.now, frame.now));
        self.times = Some((first, frame.now));
        let add = |count: &mut Count, records: u64, bytes: u64| {
            count.records += records;
            count.bytes += bytes;
        };
        match frame.said {
            Said::Opened => self.opened += 1,
            Said::Closed => self.closed += 1,
            Said::Text(text) => add(&mut self.messages, 1, text.len() as u64),
            Said::Answer { status, body } => {
                self.refusals += u64::from(status != 200);
                add(&mut self.answers, 1, body.len() as u64);
            }
            Said::Asked(_) => self.requests += 1,
            Said::Due => {}
            Said::Lost { records, bytes } => add(&mut self.lost, records, bytes),
        }
    }

    fn seconds(&self) -> f64 {
        self.times.map_or(0.0, |(first, last)| (last - first).duration().as_secs_f64())
    }
}

/// Prints frames, and what each recording holds.
///
/// # Errors
/// Damage, or where standard output cannot be written.
pub(crate) fn inspect(arguments: &CaptureInspectArgs) -> anyhow::Result<Code> {
    let CaptureInspectArgs { folder, range, json } = arguments;
    let mut told = Vec::new();
    for recording in Recording::find(folder)? {
        let mut counts = Counts::default();
        let mut out = io::BufWriter::new(io::stdout().lock());
        let walked = recording.walk(|seq, frame| read(seq, frame, range, &mut counts, *json, &mut out));
        out.flush()?;
        drop(out);
        let walked = walked?;
        if let Some(warning) = warning(walked) {
            output::tell(&format!("{}: {warning}", recording.folder().display()));
        }
        output::text(&text(&recording, &counts), Form::asked(*json))?;
        told.push(object(&recording, &counts, walked)?);
    }
    if *json {
        output::json(&json!({ "recordings": told }))?;
    }
    Ok(Code::Done)
}

fn read(
    seq: u64,
    frame: &Frame<'_>,
    range: &RangeArgs,
    counts: &mut Counts,
    json: bool,
    out: &mut impl io::Write,
) -> anyhow::Result<Step> {
    if seq > range.to {
        return Ok(Step::Stop);
    }
    if seq >= range.from {
        counts.take(frame);
        if !json {
            writeln!(out, "{}", line(seq, frame))?;
        }
    }
    Ok(Step::On)
}

/// A frame as one line: number, times, way and what was said.
fn line(seq: u64, frame: &Frame<'_>) -> String {
    let said = match frame.said {
        Said::Opened => "opened".to_owned(),
        Said::Closed => "closed".to_owned(),
        Said::Text(text) => String::from_utf8_lossy(text).into_owned(),
        Said::Answer { status, body } => format!("answer {status} {}", String::from_utf8_lossy(body)),
        Said::Asked(asked) => format!("asked {}", String::from_utf8_lossy(asked)),
        Said::Due => "due".to_owned(),
        Said::Lost { records, bytes } => format!("LOST {records} records of {bytes} bytes"),
    };
    // What came in may hold anything, and a line is a line.
    let said = said.replace(char::is_control, " ");
    format!("{seq} {} wall {} {:?} {said}", frame.now.0, frame.wall.0, channel_of(frame.way))
}

/// What is to be told of a recording that does not end as it was meant to.
fn warning(walked: Walked) -> Option<String> {
    match walked {
        Walked::Stopped | Walked::Finished => None,
        Walked::Cut | Walked::CutShort | Walked::Open => Some(
            "no record ends it: its writer died or still writes, or what came after is missing".to_owned(),
        ),
        Walked::Torn(fault) => Some(format!("its writer died in the middle of a record: {fault}")),
    }
}

fn text(recording: &Recording, counts: &Counts) -> String {
    let Counts { opened, closed, messages, answers, refusals, requests, lost, .. } = counts;
    let names: Vec<_> = recording.instruments().iter().map(|one| one.symbol.as_str()).collect();
    let missing = match lost.records {
        0 => String::new(),
        count => format!("ALARM: {count} records of {} bytes were lost\n", lost.bytes),
    };
    format!(
        "{}: {}: {} segments, {:.1} s\n{} messages of {} bytes, {} answers of {} bytes ({refusals} refusals), {requests} requests, \
         {opened} connections opened, {closed} closed\n{missing}",
        recording.folder().display(),
        names.join(", "),
        recording.segments().len(),
        counts.seconds(),
        messages.records,
        messages.bytes,
        answers.records,
        answers.bytes,
    )
}

fn object(recording: &Recording, counts: &Counts, walked: Walked) -> anyhow::Result<Value> {
    let mut at_rest = 0;
    for segment in recording.segments() {
        at_rest += std::fs::metadata(segment)?.len();
    }
    Ok(json!({
        "folder": recording.folder().display().to_string(),
        "program": recording.meta().program,
        "instruments": recording.instruments().iter().map(|one| one.symbol.clone()).collect::<Vec<_>>(),
        "segments": recording.segments().len(),
        "first_record": recording.first_seq(),
        "messages": counts.messages.records,
        "message_bytes": counts.messages.bytes,
        "answers": counts.answers.records,
        "answer_bytes": counts.answers.bytes,
        "refusals": counts.refusals,
        "requests": counts.requests,
        "opened": counts.opened,
        "closed": counts.closed,
        "lost_records": counts.lost.records,
        "lost_bytes": counts.lost.bytes,
        "bytes_at_rest": at_rest,
        "begins_at": counts.times.map(|(first, _)| first.0),
        "ends_at": counts.times.map(|(_, last)| last.0),
        "finished": walked.finished(),
        "torn": walked.torn().map(|fault| fault.to_string()),
    }))
}
