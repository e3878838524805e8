//! Dense and opaque identifiers.

/// An instrument known at boot: a dense index into per-instrument tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstrumentId(pub u16);

impl InstrumentId {
    /// Dense index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An asset (coin or currency) known at boot. Stablecoins are assets like any other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetId(pub u16);

/// A venue of the book: a dense index into per-venue tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VenueId(pub u8);

/// A strategy of the book: a dense index into per-strategy tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StrategyId(pub u8);

/// A sub-account at a venue: what holds cash and margin. Numbered over all venues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubAccountId(pub u16);

/// Our own order id: session epoch in the high 24 bits, counter in the low 40. Monotonic, never reused, and recognisable
/// as ours after a restart even where the journal has never seen it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientOrderId(pub u64);

impl ClientOrderId {
    /// Stands for every order on our account that was not sent with an id of ours: by hand, by another program, or by the
    /// venue itself (liquidation, auto-deleveraging). No order of ours has it: counters begin at one.
    pub const FOREIGN: Self = Self(0);

    /// Bits of the counter.
    pub const COUNTER_BITS: u32 = 40;

    /// The id with this session epoch (24 bits used) and counter (40 bits used).
    #[must_use]
    pub const fn new(epoch: u32, counter: u64) -> Self {
        Self(((epoch as u64) << Self::COUNTER_BITS) | (counter & ((1 << Self::COUNTER_BITS) - 1)))
    }

    /// The session epoch; zero of what is not ours.
    #[must_use]
    pub const fn epoch(self) -> u32 {
        // Twenty-four bits are left.
        let [.., low, middle, high] = self.0.to_le_bytes();
        u32::from_le_bytes([low, middle, high, 0])
    }

    /// The counter part.
    #[must_use]
    pub const fn counter(self) -> u64 {
        self.0 & ((1 << Self::COUNTER_BITS) - 1)
    }
}

/// The venue's own order id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VenueOrderId(pub u64);

/// The venue's trade id; a fill is booked once by (instrument, trade id).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TradeId(pub u64);

/// The venue's id of a payment; one of funding is booked once by (instrument, payment id), and ids grow with time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaymentId(pub u64);

/// The venue's sequence number of a book state; diffs and best-price updates of one market share one sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UpdateId(pub u64);
