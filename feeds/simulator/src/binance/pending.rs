//! Requests that wait for the market behind.

use ballast_model::{Nanos, RejectReason, Side, Span};

use super::config::Market;
use super::connection::Unit;
use super::json::{Obj, list};
use super::limits::Door;
use super::params::Params;
use super::refusal::Refusal;
use super::venue::Venue;
use crate::back::{Back, ClientId};
use crate::seam::{CallId, ConnId};

/// After this long nobody can say what became of a request.
const PATIENCE: Span = Span::from_secs(10);

/// Who waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// The call, and the unit of the times it is told.
    Http(CallId, Unit),
    /// The id as it is repeated, and whether rate limits are told.
    Api(ConnId, String, bool),
}

impl Asker {
    /// Which way it came.
    pub(super) const fn door(&self) -> Door {
        match self {
            Self::Http(..) => Door::Rest,
            Self::Api(..) => Door::Api,
        }
    }
}

/// What an order was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    New,
    Cancel,
    Replace,
}

/// One order of a request.
#[derive(Clone, Debug)]
pub(super) struct Leg {
    pub(super) what: What,
    pub(super) order: u64,
    /// The response type of a new order; what the client called a cancel or an amendment.
    pub(super) word: String,
    /// What the order was called before an amendment.
    pub(super) was: String,
    /// `None` while nothing is known.
    pub(super) answer: Option<Result<(), Refusal>>,
}

impl Leg {
    pub(super) const fn new(what: What, order: u64, word: String) -> Self {
        Self { what, order, word, was: String::new(), answer: None }
    }

    pub(super) const fn refused(refusal: Refusal) -> Self {
        let answer = Some(Err(refusal));
        Self { what: What::New, order: 0, word: String::new(), was: String::new(), answer }
    }
}

/// How the legs make one answer.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// The answer of the only one.
    One,
    /// An array.
    Each,
    /// Futures' word that it was done.
    Done,
    /// Spot's cancel and then new: its parameters, whether the second goes on where the first fails, and whether it has been
    /// tried.
    CancelReplace { new: Box<Params>, anyway: bool, tried: bool },
}

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) asker: Asker,
    pub(super) client: ClientId,
    pub(super) shape: Shape,
    pub(super) legs: Vec<Leg>,
    pub(super) due: Nanos,
}

impl<B: Back> Venue<B> {
    pub(super) fn wait(&mut self, asker: Asker, client: ClientId, shape: Shape, legs: Vec<Leg>, now: Nanos) {
        self.pending.push(Pending { asker, client, shape, legs, due: now + PATIENCE });
    }

    /// The oldest that waits for this to be done to this order has its answer. Returns what the client called it.
    pub(super) fn resolve(
        &mut self,
        order: u64,
        what: What,
        answer: Result<(), RejectReason>,
    ) -> Option<String> {
        let (market, side) = (self.market(), self.side_of(order));
        let leg = self.waiting(order).find(|leg| leg.what == what)?;
        leg.answer = Some(answer.map_err(|reason| said(market, what, reason, side)));
        Some(leg.word.clone())
    }

    /// What the oldest request that waits for this order asked for.
    pub(super) fn waits(&mut self, order: u64) -> Option<What> {
        self.waiting(order).next().map(|leg| leg.what)
    }

    /// The order has ended: whatever waits for it still waits for nothing.
    pub(super) fn too_late(&mut self, order: u64) {
        let (market, side) = (self.market(), self.side_of(order));
        for leg in self.waiting(order) {
            leg.answer = Some(Err(said(market, leg.what, RejectReason::UnknownOrder, side)));
        }
    }

    fn side_of(&self, order: u64) -> Side {
        self.store.get(order).map_or(Side::Bid, |order| order.side)
    }

    fn waiting(&mut self, order: u64) -> impl Iterator<Item = &mut Leg> {
        let legs = self.pending.iter_mut().flat_map(|pending| &mut pending.legs);
        legs.filter(move |leg| leg.order == order && leg.answer.is_none())
    }

    /// Answers those whose legs have all been answered; whether any went on to something new.
    pub(super) fn answer_pending(&mut self, now: Nanos) -> bool {
        let mut went_on = false;
        let whole = |pending: &Pending| pending.legs.iter().all(|leg| leg.answer.is_some());
        while let Some(at) = self.pending.iter().position(whole) {
            let mut pending = self.pending.remove(at);
            if let Shape::CancelReplace { new, anyway, tried: tried @ false } = &mut pending.shape {
                let done = pending.legs.iter().all(|leg| matches!(leg.answer, Some(Ok(()))));
                if done || *anyway {
                    *tried = true;
                    let params = new.clone();
                    pending.legs.push(match self.place(pending.client, &params, now) {
                        Ok(leg) => leg,
                        Err(refusal) => Leg::refused(refusal),
                    });
                    went_on = true;
                    self.pending.push(pending);
                    continue;
                }
            }
            let answer = self.rendered(&pending);
            // Since 2026-04-02 a spot order weighs nothing where it succeeds.
            let placed = matches!(pending.legs.as_slice(), [Leg { what: What::New, .. }]);
            if placed && answer.is_ok() && self.market() == Market::Spot {
                self.meter.give_back(pending.asker.door(), 1, now);
            }
            self.respond(&pending.asker, Some(pending.client), answer, now);
        }
        went_on
    }

    /// Those that have waited too long hear that nobody knows.
    pub(super) fn give_up(&mut self, now: Nanos) {
        for pending in self.pending.iter_mut().filter(|pending| pending.due <= now) {
            for leg in pending.legs.iter_mut().filter(|leg| leg.answer.is_none()) {
                leg.answer = Some(Err(Refusal::unknown_status()));
            }
        }
        self.answer_pending(now);
    }

    fn rendered(&self, pending: &Pending) -> Result<String, Refusal> {
        let legs = pending.legs.iter();
        match &pending.shape {
            Shape::One => legs.map(|leg| self.leg(leg)).next().unwrap_or_else(|| Ok("{}".to_owned())),
            Shape::Each => Ok(list(legs.map(|leg| self.leg(leg).unwrap_or_else(|refusal| refusal.body())))),
            Shape::Done => Ok(Obj::new()
                .put("code", 200)
                .text("msg", "The operation of cancel all open order is done.")
                .end()),
            Shape::CancelReplace { tried, .. } => self.cancel_replaced(&pending.legs, *tried),
        }
    }

    /// One leg's answer.
    fn leg(&self, leg: &Leg) -> Result<String, Refusal> {
        if let Some(Err(refusal)) = &leg.answer {
            return Err(refusal.clone());
        }
        let order = self.store.get(leg.order).ok_or_else(Refusal::no_such_order)?;
        let show = self.show(order).ok_or_else(Refusal::unknown_symbol)?;
        Ok(match leg.what {
            What::New if self.market() == Market::Spot => show.placed(&leg.word, &self.deals_of(order)),
            What::New if leg.word == "ACK" => show.acknowledged(),
            What::New => show.full(),
            What::Cancel => show.cancelled(&leg.word),
            What::Replace => show.amended(&leg.was),
        })
    }

    fn cancel_replaced(&self, legs: &[Leg], tried: bool) -> Result<String, Refusal> {
        let word = |leg: Option<&Leg>| match leg.map(|leg| self.leg(leg)) {
            Some(Ok(body)) => ("SUCCESS", body),
            Some(Err(refusal)) => ("FAILURE", refusal.body()),
            None => ("NOT_ATTEMPTED", "null".to_owned()),
        };
        let (cancel, cancelled) = word(legs.first());
        let (new, placed) = word(legs.get(1).filter(|_| tried));
        let data = Obj::new()
            .text("cancelResult", cancel)
            .text("newOrderResult", new)
            .put("cancelResponse", cancelled)
            .put("newOrderResponse", placed)
            .end();
        match (cancel, new) {
            ("SUCCESS", "SUCCESS") => Ok(data),
            ("SUCCESS", _) | (_, "SUCCESS") => Err(Refusal {
                status: 409,
                data: Some(data),
                ..Refusal::new(-2021, "Order cancel-replace partially failed.")
            }),
            _ => Err(Refusal { data: Some(data), ..Refusal::new(-2022, "Order cancel-replace failed.") }),
        }
    }
}

/// The venue's word for a reason of the market behind.
fn said(market: Market, what: What, reason: RejectReason, side: Side) -> Refusal {
    match (what, reason) {
        (What::New, _) => Refusal::of_order(market, reason, side),
        (What::Cancel, _) => Refusal::unknown_order(),
        (What::Replace, RejectReason::UnknownOrder) => Refusal::no_such_order(),
        (What::Replace, _) => Refusal::of_order(market, reason, side),
    }
}
