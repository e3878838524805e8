//! A shard that follows what another decided: facts and commands as they are on record, folded into orders, ledgers, gates and
//! balances by the same parts that lived them, while nothing is decided.
//!
//! What only the market could tell (a loss beyond its limit, an exit) is not followed: whoever keeps the record stores what
//! carries over whenever [`Outbox::latched`] says that such a thing has happened.
//!
//! Never here: a market, a decision.

use ballast_model::{Command, Event, Fill, InstrumentId, Nanos, NewOrder, OperatorAct, OrderUpdate};

use super::lane::Lane;
use super::{Shard, Turn};
use crate::outbox::{Note, Outbox};

impl Shard {
    /// Takes an event as one that another shard has answered: books what it says, and decides nothing. What it notes goes to
    /// `out`; no command does.
    ///
    /// # Panics
    /// As [`Shard::on_event`].
    pub fn follow_event(&mut self, event: &Event, now: Nanos, out: &mut Outbox) {
        self.advance(now);
        match event {
            Event::Fill(fill) => self.follow_lane(fill.instrument, now, out, |lane, turn| {
                lane.follow_fill(fill, turn);
            }),
            Event::Order(update) => self.follow_lane(update.instrument, now, out, |lane, turn| {
                lane.follow_order(update, turn);
            }),
            Event::Funding(payment) => self.follow_lane(payment.instrument, now, out, |lane, turn| {
                lane.on_funding(payment, turn);
            }),
            Event::Balance(update) => {
                let purse = self.risk.as_mut().and_then(|risk| risk.purse.as_mut());
                if purse.is_some_and(|purse| purse.on_balance(update).is_err()) {
                    out.note(Note::UnbookableBalance(update.asset));
                }
            }
            Event::Operator(command) if command.act != OperatorAct::ClearLoss => {
                let outcome = self.obey(command, now, out);
                out.note(Note::Operator(*command, outcome));
            }
            // What was forgiven depends on a market: it is in what was stored after it, or still closed.
            Event::Operator(_) => {}
            Event::Carried(carried) => self.on_carried(carried, now, out),
            Event::Access(access) => self.follow_access(access, now),
            Event::BookBegin(_)
            | Event::BookLevels(_)
            | Event::BookLost(_)
            | Event::Ticker(_)
            | Event::Trade(_)
            | Event::Mark(_)
            | Event::Grant(_)
            // What carries over is the same under any configuration that may take the place of another.
            | Event::Config(_)
            | Event::Journal(_)
            | Event::Timer => {}
        }
    }

    /// Takes a command as one that another shard has given.
    ///
    /// # Panics
    /// As [`Shard::on_event`].
    pub fn follow_command(&mut self, command: &Command, now: Nanos, out: &mut Outbox) {
        self.advance(now);
        self.follow_lane(command.instrument(), now, out, |lane, turn| lane.follow_command(command, turn));
    }

    fn follow_lane(
        &mut self,
        instrument: InstrumentId,
        now: Nanos,
        out: &mut Outbox,
        follow: impl FnOnce(&mut Lane, &mut Turn<'_>),
    ) {
        self.hear(instrument, now, out, |lane, turn| {
            follow(lane, turn);
            false
        });
    }
}

impl Lane {
    fn follow_fill(&mut self, fill: &Fill, turn: &mut Turn<'_>) {
        let _ = self.book_fill(fill, turn);
        if let Some(risk) = turn.risk.as_deref_mut() {
            risk.portfolio.on_position(self.id(), self.ledger.position());
        }
        self.orders.settle(turn);
    }

    fn follow_order(&mut self, update: &OrderUpdate, turn: &mut Turn<'_>) {
        let _ = self.orders.on_update(update, turn.now);
        self.orders.follow_hold(update.client_id, turn);
        self.orders.settle(turn);
    }

    fn follow_command(&mut self, command: &Command, turn: &mut Turn<'_>) {
        let followed = match command {
            Command::New(order) => self.follow_new(order, turn),
            Command::Cancel(cancel) => self.orders.oms.request_cancel(cancel.client_id, turn.now).is_some(),
            Command::Replace(replace) => self.orders.oms.follow_replace(replace, turn.now).is_ok(),
            Command::Query(query) => self.orders.oms.request_query(query.client_id, turn.now).is_some(),
        };
        if !followed {
            turn.out.note(Note::ForeignOrder(self.id()));
        }
        self.orders.touch();
        self.orders.settle(turn);
    }

    fn follow_new(&mut self, order: &NewOrder, turn: &mut Turn<'_>) -> bool {
        // What was sent was held.
        let held = self.orders.hold(order, turn);
        held & self.orders.oms.follow_new(order, turn.now).is_ok()
    }
}
