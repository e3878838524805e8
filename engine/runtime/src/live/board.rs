//! What a shard shows of itself to whoever looks: newest figures, no history.

use ballast_core::gate::{GateState, Halt, Rule};
use ballast_core::ledger::Ledger;
use ballast_core::model::Hold;
use ballast_core::shard::{Doubt, Shard};
use ballast_model::{HalfTicks, InstrumentId, Liquidity, Money, Nanos, Side, Span};
use ballast_sync::seqlock::{Reader, Writer, snapshot};

/// Instruments of a shard that are shown; of further ones only the report tells.
pub const SHOWN_MAX: usize = 16;

/// Words of one instrument.
const WORDS: usize = 22;
/// Words of the shard itself.
const HEAD: usize = 4;
const ALL: usize = HEAD + WORDS * SHOWN_MAX;

/// How often a shard writes at most.
const EVERY: Span = Span::from_millis(50);

/// One instrument as it is shown. Amounts are in 10⁻⁶ of the settlement currency, those beyond what that holds at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shown {
    /// Position in lots.
    pub position: i64,
    /// The largest position, long or short, in lots; 0 where it is not quoted.
    pub position_max: i64,
    /// Our best quotes in ticks, 0 where there is none: bid and ask.
    pub quotes: [i64; 2],
    /// The market's best prices in ticks, 0 where they are not trusted.
    pub touch: [i64; 2],
    /// The middle of the market in half ticks, 0 where it is not known.
    pub mid: i64,
    /// What it is taken to be worth, in ticks; `None` where that is not known, or blended from several markets.
    pub fair: Option<f64>,
    /// Orders that are open or in doubt.
    pub open: u64,
    /// The most that may be; 0 where it is not quoted.
    pub open_max: u64,
    /// Profit at the middle after fees and funding; `None` where it is not known.
    pub net_e6: Option<i64>,
    /// Profit of what was closed, before fees.
    pub realised_e6: i64,
    /// Profit of the position at the middle; `None` where that is not known.
    pub unrealised_e6: Option<i64>,
    /// Fees paid in the settlement currency, not below zero.
    pub fees_e6: i64,
    /// Rebates received in it, not below zero.
    pub rebates_e6: i64,
    /// Value of all fills.
    pub turnover_e6: i64,
    /// Fills as maker and as taker.
    pub fills: [u64; 2],
    /// Whether an operator or a limit has stopped it, and which rule speaks for that.
    pub halt: Option<Halt>,
    /// Why nothing was quoted at the last decision.
    pub held: Option<Hold>,
    /// Why nobody can say that the position is what it seems.
    pub doubt: Doubt,
}

/// A shard as it is shown.
#[derive(Clone, Debug, Default, PartialEq)]
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
            let Some(shown) = shown(shard, id) else { break };
            words.copy_from_slice(&shown.words());
        }
        self.writer.write(&words);
    }
}

/// An instrument as it stands; `None` where there is none of this number.
fn shown(shard: &Shard, id: InstrumentId) -> Option<Shown> {
    let (orders, ledger) = (shard.orders(id)?, shard.ledger(id)?);
    let (mid, touch) = (shard.mid(id), shard.market(id)?.touch());
    let limits = shard.gate(id).map(ballast_core::gate::Gate::limits);
    let at_mid = |of: fn(&Ledger, HalfTicks) -> Money| mid.map(|mid| micro(of(ledger, mid)));
    let quote = |side| shard.best_quote(id, side).map_or(0, |price| price.0);
    let (fees, rebates) = ledger.fee_lines().next().map_or_else(Default::default, |line| {
        // Of the settlement asset, which is the first.
        (micro(line.fees), micro(line.rebates))
    });
    Some(Shown {
        position: shard.position(id).0,
        position_max: limits.map_or(0, |limits| limits.position_lots_max.0),
        quotes: [quote(Side::Bid), quote(Side::Ask)],
        touch: touch.map_or([0; 2], |touch| [touch.bid.price.0, touch.ask.price.0]),
        mid: mid.map_or(0, |mid| mid.0),
        fair: shard.fair_ticks(id),
        open: orders.open_count() as u64,
        open_max: limits.map_or(0, |limits| u64::from(limits.open_orders_max)),
        net_e6: at_mid(Ledger::net),
        realised_e6: micro(ledger.realised()),
        unrealised_e6: at_mid(Ledger::unrealised),
        fees_e6: fees,
        rebates_e6: rebates,
        turnover_e6: micro(ledger.turnover()),
        fills: [Liquidity::Maker, Liquidity::Taker].map(|liquidity| ledger.fills(liquidity)),
        halt: shard.halt(id).filter(|halt| halt.state != GateState::Active),
        held: shard.held(id),
        doubt: shard.doubt_of(id),
    })
}

/// In 10⁻⁶; at the end of what that holds where it is beyond.
fn micro(amount: Money) -> i64 {
    let amount = amount.0 / (Money::ONE.0 / 1_000_000);
    i64::try_from(amount).unwrap_or(if amount < 0 { i64::MIN } else { i64::MAX })
}

/// States that a gate may be in.
const STATES: [GateState; 4] =
    [GateState::Active, GateState::ReduceOnly, GateState::Paused, GateState::Killed];

/// Why a position may be in doubt.
const DOUBTS: [Doubt; 3] = [Doubt::None, Doubt::Record, Doubt::Fills];

/// A name's number in words: one more than its place, so that zero is none.
fn coded<T: PartialEq>(all: &[T], one: Option<T>) -> u64 {
    let place = one.and_then(|one| all.iter().position(|known| *known == one));
    place.map_or(0, |place| place as u64 + 1)
}

fn decoded<T: Copy>(all: &[T], code: u64) -> Option<T> {
    all.get(usize::try_from(code.checked_sub(1)?).ok()?).copied()
}

impl Shown {
    /// What it is as words; [`Shown::of`] reads them.
    fn words(&self) -> [u64; WORDS] {
        let known = u64::from(self.net_e6.is_some())
            | u64::from(self.unrealised_e6.is_some()) << 1
            | u64::from(self.fair.is_some()) << 2
            | coded(&DOUBTS, Some(self.doubt)) << 3;
        let halt = self
            .halt
            .map_or([0; 2], |halt| [coded(&STATES, Some(halt.state)), coded(&Rule::ALL, Some(halt.cause))]);
        let signed = [
            self.position,
            self.position_max,
            self.quotes[0],
            self.quotes[1],
            self.touch[0],
            self.touch[1],
            self.mid,
            self.net_e6.unwrap_or_default(),
            self.realised_e6,
            self.unrealised_e6.unwrap_or_default(),
            self.fees_e6,
            self.rebates_e6,
            self.turnover_e6,
        ];
        let rest = [
            known,
            self.fair.unwrap_or_default().to_bits(),
            self.open,
            self.open_max,
            self.fills[0],
            self.fills[1],
            halt[0],
            halt[1],
            coded(&Hold::ALL, self.held),
        ];
        let mut words = [0; WORDS];
        let all = signed.into_iter().map(i64::cast_unsigned).chain(rest);
        words.iter_mut().zip(all).for_each(|(word, value)| *word = value);
        words
    }

    fn of(words: [u64; WORDS]) -> Self {
        let [
            position,
            position_max,
            bid,
            ask,
            best_bid,
            best_ask,
            mid,
            net,
            realised,
            unrealised,
            fees,
            rebates,
            turnover,
            known,
            fair,
            open,
            open_max,
            makers,
            takers,
            state,
            cause,
            held,
        ] = words;
        Self {
            position: position.cast_signed(),
            position_max: position_max.cast_signed(),
            quotes: [bid.cast_signed(), ask.cast_signed()],
            touch: [best_bid.cast_signed(), best_ask.cast_signed()],
            mid: mid.cast_signed(),
            fair: (known & 4 != 0).then_some(f64::from_bits(fair)),
            open,
            open_max,
            net_e6: (known & 1 != 0).then_some(net.cast_signed()),
            realised_e6: realised.cast_signed(),
            unrealised_e6: (known & 2 != 0).then_some(unrealised.cast_signed()),
            fees_e6: fees.cast_signed(),
            rebates_e6: rebates.cast_signed(),
            turnover_e6: turnover.cast_signed(),
            fills: [makers, takers],
            halt: decoded(&STATES, state)
                .zip(decoded(&Rule::ALL, cause))
                .map(|(state, cause)| Halt { state, cause }),
            held: decoded(&Hold::ALL, held),
            doubt: decoded(&DOUBTS, known >> 3).unwrap_or_default(),
        }
    }
}

impl Window {
    /// The newest figures; empty before there are any.
    pub fn look(&mut self) -> View {
        self.reader.look();
        let Some(words) = self.reader.value() else { return View::default() };
        let (head, rest) = words.split_at(HEAD);
        let &[at, orders, fills, messages] = head else { return View::default() };
        let words = rest.as_chunks::<WORDS>().0.iter().take(self.instruments);
        let instruments = words.map(|words| Shown::of(*words));
        View { at: Nanos(at.cast_signed()), orders, fills, messages, instruments: instruments.collect() }
    }
}

#[cfg(test)]
mod tests;
