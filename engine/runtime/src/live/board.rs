//! What a shard shows of itself to whoever looks: newest figures, no history.

use ballast_core::gate::GateState;
use ballast_core::shard::Shard;
use ballast_model::{InstrumentId, Money, Nanos, Side, Span};
use ballast_sync::seqlock::{Reader, Writer, snapshot};

/// Instruments of a shard that are shown; of further ones only the report tells.
pub const SHOWN_MAX: usize = 16;

/// Words of one instrument.
const WORDS: usize = 8;
/// Words of the shard itself.
const HEAD: usize = 4;
const ALL: usize = HEAD + WORDS * SHOWN_MAX;

/// How often a shard writes at most.
const EVERY: Span = Span::from_millis(50);

/// One instrument as it is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Position in lots.
    pub position: i64,
    /// Our best quotes in ticks, 0 where there is none: bid and ask.
    pub quotes: [i64; 2],
    /// The middle of the market in half ticks, 0 where it is not known.
    pub mid: i64,
    /// Orders that are open or in doubt.
    pub open: u64,
    /// Profit at the middle after fees, in 10⁻⁶ of the settlement currency; `None` where it is not known.
    pub net_e6: Option<i64>,
    /// Whether an operator or a limit has stopped it.
    pub halted: bool,
}

/// A shard as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// When it was.
    pub at: Nanos,
    /// Orders sent.
    pub orders: u64,
    /// Fills heard of.
    pub fills: u64,
    /// Messages of markets.
    pub messages: u64,
    /// By instrument.
    pub instruments: Vec<Shown>,
}

/// The shard's end.
#[derive(Debug)]
pub struct Board {
    writer: Writer<ALL>,
    next: Nanos,
}

/// The end of whoever looks.
#[derive(Clone, Debug)]
pub struct Window {
    reader: Reader<ALL>,
    instruments: usize,
}

/// Both ends, for a shard of so many instruments.
#[must_use]
pub fn board(instruments: usize) -> (Board, Window) {
    let (writer, reader) = snapshot();
    (Board { writer, next: Nanos::MIN }, Window { reader, instruments: instruments.min(SHOWN_MAX) })
}

impl Board {
    /// Shows the shard where it is time to.
    #[inline]
    pub(super) fn show(&mut self, now: Nanos, shard: &Shard, counts: [u64; 3]) {
        if now >= self.next {
            self.next = now + EVERY;
            self.write(now, shard, counts);
        }
    }

    fn write(&mut self, now: Nanos, shard: &Shard, counts: [u64; 3]) {
        let mut words = [0; ALL];
        let (head, rest) = words.split_at_mut(HEAD);
        let [orders, fills, messages] = counts;
        head.copy_from_slice(&[now.0.cast_unsigned(), orders, fills, messages]);
        for (words, id) in rest.chunks_exact_mut(WORDS).zip((0..=u16::MAX).map(InstrumentId)) {
            let Some(orders) = shard.orders(id) else { break };
            let mid = shard.mid(id);
            let net = mid.and_then(|mid| shard.ledger(id).map(|ledger| ledger.net(mid)));
            let quote = |side| shard.best_quote(id, side).map_or(0, |price| price.0.cast_unsigned());
            words.copy_from_slice(&[
                shard.position(id).0.cast_unsigned(),
                quote(Side::Bid),
                quote(Side::Ask),
                mid.map_or(0, |mid| mid.0.cast_unsigned()),
                orders.open_count() as u64,
                micro(net).cast_unsigned(),
                u64::from(net.is_some()),
                u64::from(shard.halt(id).is_some_and(|halt| halt.state != GateState::Active)),
            ]);
        }
        self.writer.write(&words);
    }
}

/// In 10⁻⁶, as far as it fits.
fn micro(amount: Option<Money>) -> i64 {
    amount.map_or(0, |amount| i64::try_from(amount.0 / (Money::ONE.0 / 1_000_000)).unwrap_or_default())
}

impl Window {
    /// The newest figures; empty before there are any.
    pub fn look(&mut self) -> View {
        self.reader.look();
        let Some(words) = self.reader.value() else { return View::default() };
        let (head, rest) = words.split_at(HEAD);
        let &[at, orders, fills, messages] = head else { return View::default() };
        let instruments = rest.chunks_exact(WORDS).take(self.instruments).map(|words| {
            let &[position, bid, ask, mid, open, net, known, halted] = words else { return Shown::default() };
            Shown {
                position: position.cast_signed(),
                quotes: [bid.cast_signed(), ask.cast_signed()],
                mid: mid.cast_signed(),
                open,
                net_e6: (known == 1).then_some(net.cast_signed()),
                halted: halted == 1,
            }
        });
        View { at: Nanos(at.cast_signed()), orders, fills, messages, instruments: instruments.collect() }
    }
}
