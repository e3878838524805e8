//! What a session counted. Nothing it leaves out is left out silently: it is in here.

use ballast_json::{DecodeError, DecodeErrorKind};

/// Totals since the session was built. They saturate nowhere: 64 bits outlast the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames and REST bodies handed to the session.
    pub frames: u64,
    /// Levels in the diffs that were decoded, whatever became of them.
    pub diff_levels: u64,
    /// Levels in the snapshots that were decoded, whatever became of them.
    pub snapshot_levels: u64,
    /// Levels in the diffs and snapshots that reached the sink.
    pub levels_delivered: u64,
    /// Diffs that reached the sink.
    pub diffs: u64,
    /// Snapshots that reached the sink: books synchronised.
    pub snapshots: u64,
    /// Best-price updates that reached the sink.
    pub tickers: u64,
    /// Best-price updates with a price or size of zero; told all the same.
    pub empty_tickers: u64,
    /// Best-price updates whose bid is not below their ask; told all the same.
    pub crossed_tickers: u64,
    /// Trades that reached the sink.
    pub trades: u64,
    /// Mark prices that reached the sink.
    pub marks: u64,
    /// Market-data messages that the fast decoder left to its scalar twin.
    pub fallbacks: u64,
    /// Levels of diffs and snapshots passed over because they lie between the points of the grid
    /// ([`MarketSession::pass_over_strays`](crate::binance::MarketSession::pass_over_strays)).
    pub stray_levels: u64,
    /// Frames that could not be decoded, by cause.
    pub decode_errors: DecodeErrorCounts,
    /// Diffs and snapshots with more levels than a batch holds; their books were lost.
    pub oversized: u64,
    /// Frames with a number that the engine's words cannot hold.
    pub out_of_range: u64,
    /// Frames on a channel that the session does not read.
    pub wrong_channel: u64,
    /// Well-formed frames of a kind or stream that the session does not follow, partial depth among them.
    pub unknown_stream: u64,
    /// Holes found in a venue's sequence of diffs, in live and in waiting books. Of several connections those that none filled.
    pub gaps: u64,
    /// Holes in the diffs of one of several connections, whether or not another filled them.
    pub holes: u64,
    /// Messages that another connection had brought before.
    pub known: u64,
    /// Times a live book was lost, for whatever reason.
    pub books_lost: u64,
    /// Diffs ignored because the book was already there: duplicates, and what a snapshot had overtaken.
    pub stale_diffs_ignored: u64,
    /// Buffered diffs thrown away: by a hole, a full buffer, a lost connection, a full ring.
    pub buffered_dropped: u64,
    /// Times a buffer of diffs was full before a snapshot came.
    pub buffer_overflows: u64,
    /// Snapshots that did not reach up to the diffs at hand; another was wanted.
    pub snapshots_refused: u64,
    /// Snapshots that nobody waited for: the book was live, its stream down, or the request given up.
    pub snapshots_ignored: u64,
    /// Snapshot requests handed out.
    pub snapshot_requests: u64,
    /// Snapshot requests that were refused, answered with something else, or not answered in time.
    pub snapshot_requests_failed: u64,
    /// Trades left out because price or size is zero (USD-M prints consumed trade ids so).
    pub dropped_zero_trades: u64,
    /// Of these, the ones that claim to be market matches, which none can be.
    pub zero_matches: u64,
    /// Trades left out because they are no market matches: insurance fund, auto-deleveraging.
    pub dropped_other_trades: u64,
    /// Trades left out because the other trade stream is the configured source.
    pub unused_trades: u64,
    /// Batches that the sink refused, other than repeated news of a loss.
    pub refused_batches: u64,
    /// Control requests that the venue accepted.
    pub replies_accepted: u64,
    /// Control requests that the venue refused.
    pub replies_refused: u64,
}

impl Counters {
    /// Levels in diffs and snapshots, decoded.
    #[must_use]
    pub const fn level_updates(&self) -> u64 {
        self.diff_levels + self.snapshot_levels
    }
}

/// Frames that could not be decoded, by [`DecodeErrorKind`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeErrorCounts {
    /// Longer than a frame may be.
    pub frame_too_long: u64,
    /// Not UTF-8.
    pub utf8: u64,
    /// Ends inside a value.
    pub truncated: u64,
    /// Not JSON.
    pub syntax: u64,
    /// Nested too deep.
    pub too_deep: u64,
    /// Something after the value.
    pub trailing_bytes: u64,
    /// A field is absent.
    pub missing_field: u64,
    /// A field occurs twice.
    pub duplicate_field: u64,
    /// A field of another JSON type.
    pub wrong_type: u64,
    /// A number that is none.
    pub bad_number: u64,
    /// A price or size between the grid's points.
    pub off_grid: u64,
    /// A number beyond its range.
    pub too_large: u64,
    /// A number below zero.
    pub negative: u64,
    /// A symbol that the session does not follow.
    pub unknown_symbol: u64,
    /// A level beyond the range of the engine's words.
    pub level_refused: u64,
}

impl DecodeErrorCounts {
    pub(crate) const fn count(&mut self, error: DecodeError) {
        let count = match error.kind {
            DecodeErrorKind::FrameTooLong => &mut self.frame_too_long,
            DecodeErrorKind::Utf8 => &mut self.utf8,
            DecodeErrorKind::Truncated => &mut self.truncated,
            DecodeErrorKind::Syntax => &mut self.syntax,
            DecodeErrorKind::TooDeep => &mut self.too_deep,
            DecodeErrorKind::TrailingBytes => &mut self.trailing_bytes,
            DecodeErrorKind::MissingField(_) => &mut self.missing_field,
            DecodeErrorKind::DuplicateField(_) => &mut self.duplicate_field,
            DecodeErrorKind::WrongType(_) => &mut self.wrong_type,
            DecodeErrorKind::BadNumber(_) => &mut self.bad_number,
            DecodeErrorKind::OffGrid(_) => &mut self.off_grid,
            DecodeErrorKind::TooLarge(_) => &mut self.too_large,
            DecodeErrorKind::Negative(_) => &mut self.negative,
            DecodeErrorKind::UnknownSymbol => &mut self.unknown_symbol,
            DecodeErrorKind::SinkFull => &mut self.level_refused,
        };
        *count += 1;
    }

    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.frame_too_long
            + self.utf8
            + self.truncated
            + self.syntax
            + self.too_deep
            + self.trailing_bytes
            + self.missing_field
            + self.duplicate_field
            + self.wrong_type
            + self.bad_number
            + self.off_grid
            + self.too_large
            + self.negative
            + self.unknown_symbol
            + self.level_refused
    }
}
