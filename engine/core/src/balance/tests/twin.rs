//! A second ledger, written from the words alone: it adds everything up again at every question, and keeps the venue's figures as
//! they came instead of their differences.

use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Event {
    Place {
        side: Side,
        price: i64,
        lots: i64,
    },
    /// Of an order placed before (open or not), by place in the row; as a share of 8 of its size, so far below its limit.
    Fill {
        order: usize,
        eighths: i64,
        better: i64,
        fee: (AssetId, i64),
    },
    Foreign {
        side: Side,
        price: i64,
        lots: i64,
    },
    End(usize),
    Reduce(usize, i64),
    Lost(usize),
    Told {
        asset: AssetId,
        free: i128,
        locked: i128,
    },
    Explained {
        asset: AssetId,
        amount: i128,
    },
}

fn events() -> impl Strategy<Value = Event> {
    let side = || prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    let asset = || prop::sample::select([BASE, QUOTE].as_slice());
    let fee = || (prop::sample::select([BASE, QUOTE, TOKEN].as_slice()), prop_oneof![Just(0i64), -1..3i64]);
    let any_order = any::<usize>;
    prop_oneof![
        6 => (side(), 1..120i64, 1..50i64).prop_map(|(side, price, lots)| Event::Place { side, price, lots }),
        6 => (any_order(), 1..=9i64, 0..20i64, fee())
            .prop_map(|(order, eighths, better, fee)| Event::Fill { order, eighths, better, fee }),
        1 => (side(), 1..120i64, 1..20i64).prop_map(|(side, price, lots)| Event::Foreign { side, price, lots }),
        3 => any_order().prop_map(Event::End),
        1 => (any_order(), 0..50i64).prop_map(|(order, lots)| Event::Reduce(order, lots)),
        1 => any_order().prop_map(Event::Lost),
        2 => (asset(), 0..12_000i128, 0..6_000i128)
            .prop_map(|(asset, free, locked)| Event::Told { asset, free, locked }),
        1 => (asset(), -900..900i128).prop_map(|(asset, amount)| Event::Explained { asset, amount }),
    ]
}

/// Units an asset is dealt in: quote in single ones, base in lots.
fn unit(asset: AssetId) -> i128 {
    if asset == BASE { base(1).0 } else { 1 }
}

#[derive(Clone, Copy)]
struct Placed {
    side: Side,
    price: i64,
    /// What is left to trade.
    open: i64,
    lost: bool,
}

impl Placed {
    const fn asset(&self) -> AssetId {
        match self.side {
            Side::Bid => QUOTE,
            Side::Ask => BASE,
        }
    }

    fn held(&self) -> i128 {
        let (price, open) = (i128::from(self.price), i128::from(self.open));
        match self.side {
            Side::Ask => open * 1_000_000_000,
            Side::Bid => {
                let fee = price * open * i128::from(ALLOWANCE.0);
                price * open + fee / 100_000_000 + i128::from(fee % 100_000_000 != 0)
            }
        }
    }
}

/// By asset: base, quote, token.
#[derive(Default)]
struct Twin {
    /// Everything there is, by our count.
    total: [i128; 3],
    /// The venue's free and total as if both had moved with us since; `None` before the first.
    told: [Option<(i128, i128)>; 3],
    orders: Vec<Placed>,
}

fn slot(asset: AssetId) -> usize {
    usize::from(asset.0)
}

impl Twin {
    fn held(&self, asset: AssetId) -> i128 {
        self.orders.iter().filter(|order| order.asset() == asset).map(Placed::held).sum()
    }

    fn free(&self, asset: AssetId) -> i128 {
        self.total[slot(asset)] - self.held(asset)
    }

    fn available(&self, asset: AssetId) -> Option<i128> {
        let (free, total) = self.told[slot(asset)]?;
        Some(self.free(asset).min(free).min(total - self.held(asset)))
    }

    /// Does something to our side that the venue's free and total follow.
    fn together(&mut self, change: impl FnOnce(&mut Self)) {
        let before = [BASE, QUOTE, TOKEN].map(|asset| (self.free(asset), self.total[slot(asset)]));
        change(self);
        for (asset, (free, total)) in [BASE, QUOTE, TOKEN].into_iter().zip(before) {
            let (free_now, total_now) = (self.free(asset), self.total[slot(asset)]);
            if let Some(told) = &mut self.told[slot(asset)] {
                *told = (told.0 + free_now - free, told.1 + total_now - total);
            }
        }
    }

    fn traded(&mut self, side: Side, price: i64, lots: i64, fee: (AssetId, i64)) {
        let signed = i128::from(side.sign() * lots);
        self.total[slot(BASE)] += signed * 1_000_000_000;
        self.total[slot(QUOTE)] -= signed * i128::from(price);
        self.total[slot(fee.0)] -= i128::from(fee.1) * 10i128.pow(10);
    }
}

fn send(
    ledger: &mut HoldLedger,
    twin: &mut Twin,
    side: Side,
    price: i64,
    lots: i64,
) -> Result<(), TestCaseError> {
    let placed = Placed { side, price, open: lots, lost: false };
    let (asset, needed) = (placed.asset(), placed.held());
    let id = twin.orders.len() as u64;
    let expected = match twin.available(asset) {
        None => Err(HoldRefusal::Unknown { asset }),
        Some(available) if available < needed => {
            Err(HoldRefusal::Available { asset, needed: Money(needed), available: Money(available) })
        }
        Some(_) => Ok(Money(needed)),
    };
    prop_assert_eq!(place(ledger, &order(id, side, price, lots)), expected);
    let open = if expected.is_ok() { lots } else { 0 };
    twin.together(|twin| twin.orders.push(Placed { open, ..placed }));
    Ok(())
}

fn both(ledger: &mut HoldLedger, twin: &mut Twin, event: Event) -> Result<(), TestCaseError> {
    let at = |order: usize| order.checked_rem(twin.orders.len());
    match event {
        Event::Place { side, price, lots } => send(ledger, twin, side, price, lots)?,
        Event::Fill { order, eighths, better, fee } => {
            let Some(place) = at(order) else { return Ok(()) };
            let Placed { side, price, open, .. } = twin.orders[place];
            // Nine eighths are more than there is; what has ended may still fill.
            let lots = (open * eighths / 8).max(1);
            let price = (price - side.sign() * better).max(1);
            let (fee_asset, fee_e8) = fee;
            filled(ledger, &Fill { fee_asset, fee_e8, ..fill(place as u64, side, price, lots) });
            twin.together(|twin| {
                twin.orders[place].open = (open - lots).max(0);
                twin.traded(side, price, lots, fee);
            });
        }
        Event::Foreign { side, price, lots } => {
            filled(ledger, &fill(u64::MAX, side, price, lots));
            twin.together(|twin| twin.traded(side, price, lots, (QUOTE, 0)));
        }
        Event::End(order) => {
            let Some(place) = at(order) else { return Ok(()) };
            let held =
                Some(twin.orders[place]).filter(|order| order.open > 0).map(|order| Money(order.held()));
            prop_assert_eq!(ledger.end(ClientOrderId(place as u64)), held);
            twin.together(|twin| twin.orders[place].open = 0);
        }
        Event::Reduce(order, lots) => {
            let Some(place) = at(order) else { return Ok(()) };
            let smaller = (1..twin.orders[place].open).contains(&lots);
            prop_assert_eq!(ledger.reduce(ClientOrderId(place as u64), Lots(lots)).is_some(), smaller);
            if smaller {
                twin.together(|twin| twin.orders[place].open = lots);
            }
        }
        Event::Lost(order) => {
            let Some(place) = at(order) else { return Ok(()) };
            ledger.set_fate(ClientOrderId(place as u64), Fate::Unknown);
            twin.orders[place].lost = true;
        }
        Event::Told { asset, free, locked } => {
            let (free, locked) = (free * unit(asset), locked * unit(asset));
            let seen = ledger.true_up(ME, asset, Money(free), Money(locked)).unwrap();
            if twin.told[slot(asset)].is_none() {
                twin.total[slot(asset)] = free + locked;
            }
            twin.told[slot(asset)] = Some((free, free + locked));
            prop_assert_eq!(seen.drift.0, free + locked - twin.total[slot(asset)]);
        }
        Event::Explained { asset, amount } => {
            let amount = amount * unit(asset);
            let known = twin.told[slot(asset)].is_some();
            prop_assert_eq!(ledger.explain(ME, asset, Money(amount)).is_ok(), known);
            // The venue's figures had it already.
            if known {
                twin.total[slot(asset)] += amount;
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_ledger_is_its_twin(history in prop::collection::vec(events(), 1..40)) {
        let mut ledger = HoldLedger::new(ALLOWANCE).unwrap();
        let mut twin = Twin::default();
        let told = |asset, free| Event::Told { asset, free, locked: 0 };
        for event in [told(BASE, 100), told(QUOTE, 10_000)].into_iter().chain(history) {
            both(&mut ledger, &mut twin, event)?;
            for asset in [BASE, QUOTE, TOKEN] {
                let (free, held) = ledger.balance(ME, asset).map_or((0, 0), |line| (line.free.0, line.held.0));
                prop_assert_eq!((free, held), (twin.free(asset), twin.held(asset)));
                prop_assert_eq!(ledger.available(ME, asset).map(|money| money.0), twin.available(asset));
                let lost = twin.orders.iter().filter(|order| order.lost && order.asset() == asset);
                prop_assert_eq!(ledger.unknown(ME, asset).0, lost.map(Placed::held).sum::<i128>());
            }
        }
    }
}
