//! What every decoder must deliver: the same integers from the same bytes.

/// Which message a frame holds. Contenders are told, so that none is charged for finding out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Best bid and ask.
    BookTicker,
    /// Changed levels.
    Depth,
    /// One match.
    Trade,
    /// The REST depth snapshot, without an envelope.
    Snapshot,
}

/// Decimals of a market's prices and sizes: one tick is `10^-price`, one lot `10^-size`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grid {
    /// Decimals of a price.
    pub price: u8,
    /// Decimals of a size.
    pub size: u8,
}

/// A price in ticks and a size in lots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Level {
    /// Ticks.
    pub price: u64,
    /// Lots.
    pub size: u64,
}

/// A decoded frame; fields that its kind or market lacks are 0. Reused from frame to frame.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    /// `u`, `lastUpdateId`, or the trade id `t`.
    pub id: u64,
    /// `U` of a diff.
    pub first_id: u64,
    /// `pu` of a diff.
    pub previous_id: u64,
    /// `E`, as sent.
    pub event_time: u64,
    /// `T`, as sent.
    pub transaction_time: u64,
    /// `m` of a trade.
    pub buyer_is_maker: bool,
    /// Best bid of a book ticker, or the trade.
    pub bid: Level,
    /// Best ask of a book ticker.
    pub ask: Level,
    /// Bid levels of a diff or snapshot.
    pub bids: Vec<Level>,
    /// Ask levels of a diff or snapshot.
    pub asks: Vec<Level>,
}

/// A contender.
pub(crate) trait Decode {
    /// Shown in tables and keyed in JSON.
    fn name(&self) -> &'static str;

    /// Decodes one frame; `None` when it is not what `kind` promises. Fields that the kind lacks may be left
    /// stale.
    fn decode(&mut self, kind: Kind, grid: Grid, frame: &[u8], out: &mut Fields) -> Option<()>;
}

impl Grid {
    /// A level from two decimals.
    pub(crate) fn level(self, price: &[u8], size: &[u8]) -> Option<Level> {
        Some(Level { price: decimal(price, self.price)?, size: decimal(size, self.size)? })
    }
}

/// A decimal as a whole number of `10^-decimals`, by the plain digit loop; further decimals must be zeros.
pub(crate) fn decimal(text: &[u8], decimals: u8) -> Option<u64> {
    const DIGITS_MAX: usize = 18;
    if text.is_empty() || text.len() > DIGITS_MAX {
        return None;
    }
    let mut value = 0_u64;
    let mut bytes = text.iter();
    for byte in bytes.by_ref().take_while(|&&byte| byte != b'.') {
        value = value * 10 + digit(*byte)?;
    }
    let mut left = decimals;
    for byte in bytes {
        match (digit(*byte)?, left) {
            (0, 0) => {}
            (_, 0) => return None,
            (digit, _) => {
                value = value * 10 + digit;
                left -= 1;
            }
        }
    }
    value.checked_mul(10_u64.pow(u32::from(left)))
}

fn digit(byte: u8) -> Option<u64> {
    byte.is_ascii_digit().then(|| u64::from(byte - b'0'))
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn decimals_are_whole_or_refused() {
        assert_eq!(decimal(b"2683.80000000", 2), Some(268_380));
        assert_eq!(decimal(b"0.001", 3), Some(1));
        assert_eq!(decimal(b"17", 3), Some(17_000));
        assert_eq!(decimal(b"2683.805", 2), None);
        assert_eq!(decimal(b"-1", 2), None);
        assert_eq!(decimal(b"1e3", 2), None);
    }
}
