//! Amendments in the place of cancels and new orders, where the venue takes them.
//!
//! The plan of [`crate::quotes::diff`] names orders that have to go and levels that miss one. Here they are brought together:
//! for each level the order whose place in the queue an amendment keeps, else the one nearest in price. What the gate
//! refuses is cancelled and placed anew, as without amendments.
//!
//! Never here: what to quote, a venue's rules ([`ReplaceRules`]), a limit (the gate's).

use alloc::vec::Vec;

use ballast_model::{ClientOrderId, InstrumentId, Nanos, Replace, Ticks};

use super::orders::{OrderDesk, Placed, Standing};
use super::{Turn, earliest};
use crate::book::Level;
use crate::oms::{Order, OrderState};
use crate::quotes::{Actions, CANCELS_MAX, PLACES_MAX, Place, Tolerance};
use crate::replace::{AmendKind, Decision, PlaceAfter, ReplaceRules};

/// An amendment of the plan.
#[derive(Clone, Copy, Debug)]
struct Amend {
    replace: Replace,
    /// What it stands for.
    place: Place,
    step: Step,
}

/// Where an amendment moves its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Away from the other side, or nowhere.
    Back,
    /// Towards it. Sent after the others, so that no order of ours meets another on its way.
    Forward,
}

/// Plans and sends the amendments of one instrument.
#[derive(Debug)]
pub(super) struct Amending {
    rules: ReplaceRules,
    /// Live orders that the plan cancels and no level has taken yet.
    candidates: Vec<Order>,
    /// Orders that are not to be cancelled after all.
    kept: Vec<ClientOrderId>,
    amends: Vec<Amend>,
}

impl Amending {
    /// `None` where nothing may be amended.
    pub(super) fn new(rules: ReplaceRules) -> Option<Self> {
        (rules.kind != AmendKind::Unsupported).then(|| Self {
            rules,
            candidates: Vec::with_capacity(CANCELS_MAX),
            kept: Vec::with_capacity(PLACES_MAX),
            amends: Vec::with_capacity(PLACES_MAX),
        })
    }

    /// Takes out of the plan the cancels and placements that amendments stand for.
    pub(super) fn plan(
        &mut self,
        id: InstrumentId,
        actions: &mut Actions,
        orders: &OrderDesk,
        tolerance: Tolerance,
        expires_at: Nanos,
    ) {
        self.candidates.clear();
        self.kept.clear();
        self.amends.clear();
        if actions.places().is_empty() {
            return;
        }
        let cancelled = actions.cancels().iter().filter_map(|client_id| orders.oms.order(*client_id));
        self.candidates.extend(cancelled.filter(|order| order.state == OrderState::Live));
        let Some(limits) = orders.gate.as_ref().map(|gate| *gate.limits()) else { return };
        let Self { rules, candidates, kept, amends } = self;
        // All that keep their place first, so that no level takes another's order from it.
        for after in [PlaceAfter::Kept, PlaceAfter::Lost] {
            actions.retain_places(|place| {
                let decide = |order: &Order| match rules.decide(id, order, *place, tolerance, expires_at) {
                    Decision::Keep => Some(None),
                    Decision::Amend(replace) => {
                        let fits = replace.lots <= limits.order_lots_max;
                        (fits && place_after(rules, order, &replace) == Some(after)).then_some(Some(replace))
                    }
                    Decision::Wait | Decision::CancelAndNew(..) => None,
                };
                let far = |order: &Order| (Ticks((order.price - place.price).0.abs()), order.client_id);
                let fitting = candidates.iter().enumerate();
                let fitting = fitting.filter_map(|(index, order)| Some((far(order), index, decide(order)?)));
                let Some((_, index, decision)) = fitting.min_by_key(|(far, ..)| *far) else { return true };
                let order = candidates.swap_remove(index);
                kept.push(order.client_id);
                if let Some(replace) = decision {
                    let forward = (replace.price - order.price).0 * order.side.sign() > 0;
                    let step = if forward { Step::Forward } else { Step::Back };
                    amends.push(Amend { replace, place: *place, step });
                }
                false
            });
        }
        actions.retain_cancels(|client_id| !kept.contains(client_id));
    }

    /// Sends the amendments. One that the gate refuses is a cancel, and what it stood for is placed with the others. Returns
    /// when what was refused may be asked for again.
    pub(super) fn send(
        &self,
        actions: &mut Actions,
        orders: &mut OrderDesk,
        standing: &Standing,
        turn: &mut Turn<'_>,
    ) -> Option<Nanos> {
        let mut retry_at = None;
        for step in [Step::Back, Step::Forward] {
            for amend in self.amends.iter().filter(|amend| amend.step == step) {
                if let Placed::Refused(until) = orders.amend(amend.replace, standing, turn) {
                    let again = orders.cancel(amend.replace.client_id, turn);
                    actions.place_after_all(amend.place);
                    retry_at = earliest([retry_at, until, again]);
                }
            }
        }
        retry_at
    }
}

/// Where an order stands after an amendment.
fn place_after(rules: &ReplaceRules, order: &Order, replace: &Replace) -> Option<PlaceAfter> {
    let standing = Level { price: order.price, lots: order.lots };
    let to = Level { price: replace.price, lots: replace.lots };
    rules.place_after((standing, order.filled.max(order.reported)), to)
}
