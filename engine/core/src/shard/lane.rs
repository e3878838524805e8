//! One instrument of a shard: its market, orders, ledger and quoting.

use alloc::vec::Vec;

use ballast_model::{
    Digest, Fill, FundingPayment, HalfTicks, InstrumentId, InstrumentSpec, LostReason, Lots, MarkPrice,
    Nanos, OrderUpdate, Trade,
};

use super::blending::BlendReading;
use super::calling::Calling;
use super::closing::Closer;
use super::doubt::Doubt;
use super::exits::Exits;
use super::lane_error::LaneError;
use super::orders::OrderDesk;
use super::payments::{self, Payments};
use super::quoter::{Exposure, Quoter};
use super::risk::{Risk, profit_of};
use super::told::Told;
use super::waiting::Wanting;
use super::{LaneSpec, Turn, earliest};
use crate::gate::{Controls, Gate, GateState, Halt, Rule};
use crate::id_window::Admitted;
use crate::ledger::Ledger;
use crate::market::{Market, MarketChange};
use crate::model::{HedgePrices, Hold, OwnFill, Scales};
use crate::oms::{FillOutcome, UpdateOutcome};
use crate::outbox::Note;
use crate::trigger::{Seen, Watched};

/// One instrument.
#[derive(Debug)]
pub(super) struct Lane {
    id: InstrumentId,
    pub(super) spec: InstrumentSpec,
    pub(super) scales: Scales,
    pub(super) market: Market,
    pub(super) ledger: Ledger,
    pub(super) payments: Payments,
    pub(super) orders: OrderDesk,
    pub(super) quoter: Option<Quoter>,
    pub(super) exits: Option<Exits>,
    /// `None` where its inventory asks for nothing beside quotes.
    pub(super) calling: Option<Calling>,
    pub(super) closer: Closer,
    /// Instruments whose quotes are priced from this one's market.
    pub(super) followers: Vec<InstrumentId>,
    /// Nothing depends on its market: no quotes, no hedge, no limit. Nothing is decided when it changes.
    pub(super) only_followed: bool,
    /// Why the ledger is not to be believed until it is reconciled.
    pub(super) doubt: Doubt,
    /// Up to when its fills are on record.
    pub(super) told: Told,
    /// A decision on quotes waits for the end of a book batch.
    pub(super) put_off: bool,
    /// Whether the gate has optional controls, and among them a limit of losses.
    controlled: bool,
    limits_loss: bool,
    /// How far the gate was open when quotes were last decided.
    posture: GateState,
    /// The last trusted midpoint, at which profit is counted.
    mid: Option<HalfTicks>,
    /// When the mark that the portfolio was told is too old, unless it is confirmed again.
    mark_until: Option<Nanos>,
    /// When orders of a killed instrument are to be cancelled that could not be before; `None` where nothing is left.
    pub(super) pull_at: Option<Nanos>,
}

/// What quotes whose fills are hedged on another instrument read of that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Elsewhere {
    /// See [`crate::model::QuoteInputs::hedge`].
    pub(super) prices: Option<HedgePrices>,
    /// When the prices are too old; `None` where no market is read.
    pub(super) stale_at: Option<Nanos>,
    /// What is not hedged yet, in lots of the quoted instrument; `None` where nothing is hedged elsewhere.
    pub(super) unhedged: Option<Lots>,
    /// Sides on which orders of the hedge stand, by [`ballast_model::Side::index`]; none where its inventory asks for nothing beside quotes.
    pub(super) hedging: [bool; 2],
}

impl Elsewhere {
    pub(super) const NOTHING: Self =
        Self { prices: None, stale_at: None, unhedged: None, hedging: [false; 2] };
}

impl Lane {
    pub(super) fn new(id: InstrumentId, lane: &LaneSpec) -> Result<Self, LaneError> {
        if !lane.book.valid() {
            return Err(LaneError::Book);
        }
        let exits = lane.quoting.as_ref().and_then(|quoting| {
            quoting.exits.map(|exits| Exits::new(exits, quoting.limits.collar_through_max))
        });
        Ok(Self {
            id,
            spec: lane.spec,
            scales: Scales::new(&lane.spec),
            market: Market::new(lane.book),
            ledger: Ledger::new(&lane.spec),
            payments: Payments::new(),
            orders: OrderDesk::new(id, lane)?,
            quoter: lane.quoting.as_ref().map(|quoting| Quoter::new(quoting, &lane.spec)).transpose()?,
            exits: exits.transpose().map_err(LaneError::Exits)?,
            calling: calling(lane)?,
            closer: Closer::default(),
            followers: Vec::new(),
            only_followed: false,
            doubt: Doubt::None,
            told: Told::default(),
            put_off: false,
            controlled: lane.controls != Controls::NONE,
            limits_loss: lane.controls.loss.is_some(),
            posture: GateState::Active,
            mid: None,
            mark_until: None,
            pull_at: None,
        })
    }

    pub(super) const fn gate(&self) -> Option<&Gate> {
        self.orders.gate.as_ref()
    }

    pub(super) const fn id(&self) -> InstrumentId {
        self.id
    }

    #[inline]
    pub(super) fn deadline(&self, now: Nanos) -> Option<Nanos> {
        // What waits for the end of a batch is decided then.
        let quoter = self.quoter.as_ref().filter(|_| !self.put_off).and_then(Quoter::deadline);
        let thaw = if self.controlled { self.gate().and_then(|gate| gate.thaws_at(now)) } else { None };
        let closing = if self.closes() && !self.put_off { self.closing_deadline() } else { None };
        earliest([quoter, self.orders.ask_at(), thaw, self.mark_until, self.pull_at, closing])
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.market.digest(digest);
        self.ledger.digest(digest);
        payments::digest(&self.payments, digest);
        self.orders.digest(digest);
        self.told.digest(digest);
        let damaged = u64::from(self.doubt == Doubt::Record);
        digest.word(u64::from(self.in_doubt()) | u64::from(self.put_off) << 1 | damaged << 2);
        digest.word(self.posture as u64);
        digest.signed(self.mid.map_or(0, |mid| mid.0));
        digest.signed(self.mark_until.map_or(i64::MIN, |at| at.0));
        if let Some(at) = self.pull_at {
            digest.signed(at.0);
        }
        if let Some(quoter) = &self.quoter {
            quoter.digest(digest);
        }
        if let Some(exits) = &self.exits {
            exits.digest(digest);
        }
        if let Some(calling) = &self.calling {
            calling.digest(digest);
        }
        if self.closes() {
            self.closer.digest(digest);
        }
    }

    /// Learns what the market did; tells whether quotes are to be reconsidered.
    pub(super) fn on_market_change(&mut self, change: MarketChange, turn: &mut Turn<'_>) -> bool {
        let lost = if let MarketChange::Lost(reason) = change {
            turn.out.note(Note::BookLost(self.id, reason));
            true
        } else {
            false
        };
        let moved = self.observe(turn);
        let exits = self.exits.is_some() && {
            let seen = self.market.touch().map(|touch| Seen::mid(touch.mid()));
            self.watch(Watched::Mid, seen, turn)
        };
        let Some(quoter) = &mut self.quoter else { return false };
        if let MarketChange::Lost(LostReason::Disconnected | LostReason::RingFull) = change {
            quoter.on_trades_lost();
        }
        quoter.on_touch(self.market.touch(), turn.now);
        // A lost book cannot wait for an interval, nor can a halt.
        quoter.wants_touch(turn.now) || lost || moved || exits
    }

    #[inline]
    pub(super) fn on_trade(&mut self, trade: &Trade, now: Nanos) {
        if let Some(quoter) = &mut self.quoter {
            quoter.on_trade(trade, now);
        }
    }

    /// Learns what became of an order; tells whether quotes are to be reconsidered.
    pub(super) fn on_order(&mut self, update: &OrderUpdate, turn: &mut Turn<'_>) -> bool {
        let (outcome, missing_moved) = self.orders.on_update(update, turn.now);
        self.orders.follow_hold(update.client_id, turn);
        self.orders.settle(turn);
        if self.quoter.is_none() {
            self.pull(turn);
        }
        match outcome {
            UpdateOutcome::Moved { .. } => self.wants_own(turn.now) || missing_moved || self.wants_close(),
            UpdateOutcome::Unchanged => missing_moved,
            // What comes late of an order of ours that has ended is no stranger's.
            UpdateOutcome::Foreign if turn.ids.made(update.client_id) => false,
            UpdateOutcome::Foreign => {
                turn.out.note(Note::ForeignOrder(self.id));
                false
            }
        }
    }

    /// Books a fill; tells whether quotes are to be reconsidered.
    pub(super) fn on_fill(&mut self, fill: &Fill, turn: &mut Turn<'_>) -> bool {
        let missed = self.orders.misses_fills();
        let own = self.book_fill(fill, turn);
        if let Some(quoter) = self.quoter.as_mut().filter(|_| own) {
            let (price, lots) = (fill.level.price(), fill.level.lots());
            quoter.on_fill(&OwnFill { side: fill.side, price, lots, now: turn.now });
        }
        if let Some(gate) = self.orders.gate.as_mut().filter(|_| own && self.controlled)
            && gate.on_fill(fill.side, fill.level.lots(), turn.now)
        {
            turn.out.latch();
        }
        if let Some(risk) = turn.risk.as_deref_mut() {
            risk.portfolio.on_position(self.id, self.ledger.position());
        }
        self.orders.settle(turn);
        self.tell_profit(turn);
        self.halts(turn) || missed || self.wants_own(turn.now) || self.wants_close()
    }

    /// Books a fill; tells whether it is one of our own orders'.
    pub(super) fn book_fill(&mut self, fill: &Fill, turn: &mut Turn<'_>) -> bool {
        let outcome = self.orders.on_fill(fill, turn.now);
        let booked = !outcome.must_book() || self.ledger.on_fill(fill).is_ok() & self.orders.pay(fill, turn);
        if !booked {
            turn.out.note(Note::UnbookableFill(self.id));
            self.doubt(Doubt::Fills);
        }
        if booked
            && outcome.must_book()
            && let Some(books) = turn.books.as_deref_mut()
            && !books.on_fill(fill)
        {
            turn.out.note(Note::UnbookableBook(self.id));
        }
        let own = match outcome {
            FillOutcome::Partial | FillOutcome::Complete | FillOutcome::Late => true,
            FillOutcome::Overfilled { .. } => {
                turn.out.note(Note::Overfilled(self.id));
                true
            }
            FillOutcome::Duplicate => false,
            FillOutcome::Foreign => {
                turn.out.note(Note::ForeignFill(self.id));
                false
            }
            FillOutcome::Forced => {
                turn.out.note(Note::ForcedFill(self.id));
                self.reduce_only();
                false
            }
            FillOutcome::Unverifiable => {
                turn.out.note(Note::UnverifiableFill(self.id));
                self.doubt(Doubt::Fills);
                false
            }
        };
        if self.exits.as_mut().is_some_and(|exits| exits.on_position(&self.ledger)) {
            self.closer.forget();
        }
        own
    }

    /// Tells all that follow the position that it was set right.
    pub(super) fn on_adjusted(&mut self, turn: &mut Turn<'_>) {
        if let Some(exits) = &mut self.exits {
            exits.on_position(&self.ledger);
        }
        if let Some(risk) = turn.risk.as_deref_mut() {
            risk.portfolio.on_position(self.id, self.ledger.position());
        }
        self.tell_profit(turn);
    }

    /// Learns the venue's mark and index price; tells whether quotes are to be reconsidered.
    pub(super) fn on_mark(&mut self, mark: &MarkPrice, turn: &mut Turn<'_>) -> bool {
        let exits = self.exits.is_some() && self.watch_mark(mark, turn);
        if !self.controlled {
            return exits;
        }
        if let Some(gate) = &mut self.orders.gate {
            gate.on_oracle(mark, turn.now);
        }
        self.halts(turn) || exits
    }

    /// Books a payment of funding once; tells whether quotes are to be reconsidered. One that may be booked already, or that
    /// the ledger cannot hold, is noted and left out: the position is not in doubt for it.
    pub(super) fn on_funding(&mut self, payment: &FundingPayment, turn: &mut Turn<'_>) -> bool {
        let paid = self.payments.admit(payment.payment_id.0);
        let foreign = payment.asset != self.spec.settlement();
        let booked = match paid {
            Admitted::New if foreign => false,
            Admitted::New => self.ledger.on_funding(payment.amount.money()).is_ok(),
            Admitted::Before => return false,
            Admitted::Forgotten => false,
        };
        if !booked {
            turn.out.note(Note::UnbookableFunding(self.id));
            return false;
        }
        if turn.books.as_deref_mut().is_some_and(|books| !books.on_funding(payment)) {
            turn.out.note(Note::UnbookableBook(self.id));
        }
        self.tell_profit(turn);
        self.halts(turn)
    }

    /// Tells whatever watches the touch; whether that has halted quotes or freed them.
    #[inline]
    fn observe(&mut self, turn: &mut Turn<'_>) -> bool {
        if !self.controlled && turn.risk.is_none() {
            return false;
        }
        let mid = self.market.touch().map(|touch| touch.mid());
        self.mid = mid.or(self.mid);
        if let (Some(gate), Some(mid)) = (&mut self.orders.gate, mid) {
            gate.on_reference(mid, turn.now);
        }
        if let Some(risk) = turn.risk.as_deref_mut() {
            risk.on_mark(self.id, mid);
            let until = self.market.confirmed_at() + risk.mark_age_max;
            self.mark_until = mid.map(|_| self.mark_until.unwrap_or(until));
        }
        self.tell_profit(turn);
        self.halts(turn)
    }

    /// Tells the profit where a loss is limited.
    fn tell_profit(&mut self, turn: &mut Turn<'_>) {
        let Some(mid) = self.mid else { return };
        if let Some(gate) = self.orders.gate.as_mut().filter(|_| self.limits_loss) {
            let (realised, unrealised) = profit_of(&self.ledger, mid);
            if gate.on_profit(realised, unrealised) {
                turn.out.latch();
            }
        }
        if let Some(risk) = turn.risk.as_deref_mut()
            && risk.on_profit(self.id, &self.spec, &self.ledger, mid)
        {
            turn.out.latch();
        }
    }

    /// Tells what the position's account is worth, where that is followed.
    #[inline]
    pub(super) fn tell_margin(&self, turn: &mut Turn<'_>) {
        let Some(risk) = turn.risk.as_deref_mut().filter(|risk| risk.has_margins()) else { return };
        let doubtful = self.in_doubt() || self.orders.misses_fills();
        risk.tell_margin(self.id, (!doubtful).then_some(&self.ledger));
    }

    /// How far the gate is open, and what it is part of; in the middle of a batch by the last trusted midpoint.
    pub(super) fn stance(&self, turn: &Turn<'_>) -> GateState {
        self.halt(turn.risk.as_deref(), turn.now).state
    }

    /// The same with the rule that speaks for it.
    pub(super) fn halt(&self, risk: Option<&Risk>, now: Nanos) -> Halt {
        let shown = || self.market.touch().map(|touch| touch.mid());
        let mid = if self.market.mid_batch() { self.mid } else { shown() };
        let killed = Halt { state: GateState::Killed, cause: Rule::Killed };
        let own = self.gate().map_or(killed, |gate| gate.halt(mid, now));
        risk.map_or(own, |risk| own.or_worse(risk.portfolio.halt(self.id)))
    }

    /// Whether the gate is open another way than when quotes were last decided.
    pub(super) fn halts(&self, turn: &Turn<'_>) -> bool {
        (self.controlled || turn.risk.is_some()) && self.is_moved(turn)
    }

    /// The same, where it is known that something may have moved it.
    pub(super) fn is_moved(&self, turn: &Turn<'_>) -> bool {
        self.quoter.is_some() && self.stance(turn) != self.posture
    }

    /// Tells whether time alone makes a decision due.
    pub(super) fn on_timer(&mut self, turn: &mut Turn<'_>) -> bool {
        let now = turn.now;
        self.orders.ask(turn);
        self.orders.settle(turn);
        if self.pull_at.is_some_and(|at| at <= now) {
            self.pull(turn);
        }
        let due = self.quoter.as_mut().is_some_and(|quoter| quoter.wants_timer(&mut self.market, now));
        let exits = self.exits.as_mut().is_some_and(|exits| exits.wants_timer(now));
        let closer = self.closer.wants_timer(now);
        self.age_mark(turn) || due || exits || closer || self.halts(turn)
    }

    /// Takes back a mark that is too old; tells whether it did.
    fn age_mark(&mut self, turn: &mut Turn<'_>) -> bool {
        let Some(risk) = turn.risk.as_deref_mut() else { return false };
        let Some(until) = self.mark_until else { return false };
        let confirmed = self.market.confirmed_at() + risk.mark_age_max;
        let shown = self.market.touch().is_some() || self.market.mid_batch();
        if shown && until.max(confirmed) > turn.now {
            self.mark_until = Some(until.max(confirmed));
            return false;
        }
        self.market.expire_touch();
        risk.on_mark(self.id, None);
        self.mark_until = None;
        true
    }

    /// Whether a change of the market may move its deadlines even where no quotes are decided.
    #[inline]
    pub(super) fn keeps_time(&self) -> bool {
        let starts = self.quoter.as_ref().is_some_and(Quoter::waits_to_start);
        starts || self.controlled || self.exits.is_some() || !self.followers.is_empty()
    }

    /// Tells whether a change of the market its quotes are priced from is to be answered at once.
    pub(super) fn wants_touch(&mut self, now: Nanos) -> bool {
        self.quoter.as_mut().is_some_and(|quoter| quoter.wants_touch(now))
    }

    pub(super) fn wants_own(&self, now: Nanos) -> bool {
        self.quoter.as_ref().is_some_and(|quoter| quoter.wants_own(now))
    }

    /// True where quotes lean on what is not hedged elsewhere.
    pub(super) fn leans(&self) -> bool {
        self.quoter.as_ref().is_some_and(|quoter| quoter.hedged_on().is_some())
    }

    fn reduce_only(&mut self) {
        if let Some(gate) = &mut self.orders.gate {
            gate.tighten(GateState::ReduceOnly);
        }
    }

    /// Decides what quotes to have and does what leads there.
    pub(super) fn requote(
        &mut self,
        elsewhere: Elsewhere,
        blended: Option<&BlendReading>,
        turn: &mut Turn<'_>,
    ) {
        let posture = self.stance(turn);
        self.posture = posture;
        let stance = match posture {
            GateState::Paused | GateState::Killed => Err(Hold::Halted),
            GateState::Active | GateState::ReduceOnly if self.orders.misses_fills() => {
                Err(Hold::FillsMissing)
            }
            GateState::Active | GateState::ReduceOnly => Ok(posture),
        };
        let stance = self.beside_closing(stance);
        let Some(quoter) = &mut self.quoter else { return };
        self.orders.wanting = Wanting::default();
        let position = self.ledger.position();
        let inventory = elsewhere.unhedged.unwrap_or(position);
        let Elsewhere { prices: hedge, stale_at: hedge_stale_at, hedging, .. } = elsewhere;
        let exposure = Exposure { inventory, hedge, hedge_stale_at, blended, stance };
        quoter.requote(self.id, &self.market, &mut self.orders, position, &exposure, turn);
        self.close(hedging, turn);
        self.orders.settle(turn);
    }
}

/// What the inventory of an instrument asks for beside quotes.
fn calling(lane: &LaneSpec) -> Result<Option<Calling>, LaneError> {
    let shaping =
        lane.quoting.as_ref().and_then(|quoting| Some((quoting.shaping.as_ref()?, &quoting.limits)));
    shaping.map_or(Ok(None), |(shaping, limits)| Calling::new(shaping, limits))
}
