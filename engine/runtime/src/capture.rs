//! Recorded market data: files of `<local time> <raw json>` lines, or of order events by id; plain, gzip or zstd.
//!
//! A bad line is counted and named with file and line; it is never fatal and never silent.

mod by_order;
mod decoder;
mod ids;
mod lines;
mod load;
mod order;
mod problems;
mod stamp;
mod survey;
mod venue_clock;

pub use lines::{LINE_BYTES_MAX, Line, LineReader, Source};
pub use load::{Feed, Instrument, LoadError, Loaded, SurveyedFile, load, survey_files};
pub use problems::{PROBLEMS_NAMED_MAX, Problem, ProblemKind, Problems};
pub use stamp::{StampError, TimeUnit, split_stamp};
pub use survey::{FileSurvey, Form, SeenInstrument, survey};
