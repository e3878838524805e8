//! What we sent lately: by which ids the venue knows our orders, and how they rest.
//!
//! Never here: whether an order is alive, which the core keeps.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{ClientOrderId, InstrumentId, Lots, NewOrder, Price, VenueOrderId};

use super::recent::Recent;

/// Orders that are remembered: the last so many of ours.
pub const ORDERS_REMEMBERED: usize = 4_096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) instrument: InstrumentId,
    pub(super) client_id: ClientOrderId,
    pub(super) venue_id: Option<VenueOrderId>,
    pub(super) price: Price,
    /// Total size.
    pub(super) lots: Lots,
}

/// Orders by our id, whose counter says where they are. Allocated once.
#[derive(Debug)]
pub(super) struct Orders {
    ours: Vec<Option<Placed>>,
    /// The venue's ids of orders that are not ours.
    foreign: Recent,
}

impl Orders {
    pub(super) fn new() -> Self {
        Self { ours: vec![None; ORDERS_REMEMBERED], foreign: Recent::new() }
    }

    fn place(&mut self, id: ClientOrderId) -> Option<&mut Option<Placed>> {
        self.ours.get_mut(index(id))
    }

    /// One goes out.
    pub(super) fn placed(&mut self, order: &NewOrder) {
        let NewOrder { instrument, client_id, price, lots, .. } = *order;
        if let Some(place) = self.place(client_id) {
            *place = Some(Placed { instrument, client_id, venue_id: None, price, lots });
        }
    }

    /// The venue told how an order rests, or an old one of ours turned up.
    pub(super) fn rests(&mut self, placed: Placed) {
        if placed.client_id == ClientOrderId::FOREIGN {
            if let Some(id) = placed.venue_id {
                self.foreign.note(id.0);
            }
        } else if let Some(place) = self.place(placed.client_id) {
            *place = Some(placed);
        }
    }

    /// The venue told its id of an order.
    pub(super) fn named(&mut self, instrument: InstrumentId, client_id: ClientOrderId, id: VenueOrderId) {
        if client_id == ClientOrderId::FOREIGN {
            self.foreign.note(id.0);
        } else if let Some(Some(placed)) = self.place(client_id)
            && (placed.client_id, placed.instrument) == (client_id, instrument)
        {
            placed.venue_id = Some(id);
        }
    }

    /// An order of ours.
    pub(super) fn of(&self, id: ClientOrderId) -> Option<&Placed> {
        self.ours.get(index(id))?.as_ref().filter(|placed| placed.client_id == id)
    }

    /// Whose the order is that the venue calls so; `None` where nobody knows.
    pub(super) fn whose(&self, instrument: InstrumentId, id: VenueOrderId) -> Option<ClientOrderId> {
        let found = self
            .ours
            .iter()
            .flatten()
            .find(|placed| placed.venue_id == Some(id) && placed.instrument == instrument);
        let foreign = self.foreign.contains(id.0).then_some(ClientOrderId::FOREIGN);
        found.map(|placed| placed.client_id).or(foreign)
    }
}

fn index(id: ClientOrderId) -> usize {
    usize::try_from(id.counter()).unwrap_or_default() % ORDERS_REMEMBERED
}
