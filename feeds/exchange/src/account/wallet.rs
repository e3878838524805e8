//! Spot balances of the account: what orders bind and trades move.
//!
//! An accepted order binds what it may take: an ask its size in base, a bid its value in quote and the highest fee it may be
//! charged on that. A trade pays out of what is bound; what is bound no more comes free with it. Every change is reported, after
//! the report of what caused it.
//!
//! Fees are whole units of 10⁻⁸, rounded up: a trade may cost so little more than was bound, and free then falls by that, below
//! zero where nothing else is there.
//!
//! Never here: margin, funding.

use alloc::vec::Vec;

use ballast_model::{
    AssetId, BalanceUpdate, Digest, Event, InstrumentId, InstrumentSpec, Lots, Money, Nanos, NewOrder,
    PackedMoney, Price, Rate, Side, SubAccountId,
};

use super::{Account, Holding, OpenOrder};
use crate::spec::{InstrumentRules, WalletSpec};

/// One balance.
#[derive(Clone, Copy, Debug)]
struct Line {
    asset: AssetId,
    free: Money,
    locked: Money,
}

/// All balances.
#[derive(Debug)]
pub(super) struct Wallet {
    /// One for each asset that a spot instrument trades.
    lines: Vec<Line>,
    /// By instrument: whether it is spot.
    spot: Vec<bool>,
    /// Whether the account holder knows what there was to begin with.
    told: bool,
}

impl Wallet {
    pub(super) fn new(spec: &WalletSpec, instruments: &[InstrumentRules]) -> Self {
        let is_spot = |id: InstrumentId| spec.instruments.contains(&id);
        let spot: Vec<_> = (0..).map(InstrumentId).map(is_spot).take(instruments.len()).collect();
        let mut lines: Vec<Line> = Vec::new();
        let traded = instruments.iter().zip(&spot).filter(|(_, spot)| **spot);
        for asset in traded.flat_map(|(rules, _)| [rules.spec.base, rules.spec.quote]) {
            if lines.iter().all(|line| line.asset != asset) {
                let own = spec.balances.iter().find(|(of, _)| *of == asset);
                let free = own.map_or(Money::ZERO, |(_, amount)| *amount);
                lines.push(Line { asset, free, locked: Money::ZERO });
            }
        }
        Self { lines, spot, told: false }
    }

    fn is_spot(&self, instrument: InstrumentId) -> bool {
        self.spot.get(instrument.index()).copied().unwrap_or(false)
    }

    fn line(&self, asset: AssetId) -> Option<&Line> {
        self.lines.iter().find(|line| line.asset == asset)
    }

    fn change(&mut self, asset: AssetId, free: Money, locked: Money) {
        if let Some(line) = self.lines.iter_mut().find(|line| line.asset == asset) {
            line.free += free;
            line.locked += locked;
        }
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.word(u64::from(self.told));
        for line in &self.lines {
            for money in [line.free, line.locked] {
                digest.bytes(&money.0.to_le_bytes());
            }
        }
    }
}

impl Holding {
    /// What lots of an order at this limit may take, charged the highest rate there is; `None` where that does not fit.
    fn needs(&self, rate_max: Rate, side: Side, limit: Price, lots: Lots) -> Option<Money> {
        let lots_max = i128::from(lots.0);
        match side {
            Side::Ask => self.spec.lot_amount()?.0.checked_mul(lots_max).map(Money),
            Side::Bid => {
                let value = self.spec.value_floor(limit, lots).0;
                let fee = -value.checked_mul(-i128::from(rate_max.0))?.div_euclid(Rate::ONE.0.into());
                value.checked_add(fee).map(Money)
            }
        }
    }
}

/// What an order on this side is paid with.
const fn paid_in(spec: &InstrumentSpec, side: Side) -> AssetId {
    match side {
        Side::Bid => spec.quote,
        Side::Ask => spec.base,
    }
}

impl Account {
    /// Whether there is enough free for an order; for ever where orders need no funds.
    pub(crate) fn affords(&self, new: &NewOrder) -> bool {
        self.affords_instead((new.price, Lots::ZERO), new)
    }

    /// Whether there is enough free for an order in place of `left` lots of one at that limit.
    pub(crate) fn affords_instead(&self, (limit, left): (Price, Lots), new: &NewOrder) -> bool {
        let Some((wallet, holding, rate)) = self.spot(new.instrument) else { return true };
        let line = wallet.line(paid_in(&holding.spec, new.side));
        let more = || {
            let bound = holding.needs(rate, new.side, limit, left)?;
            holding.needs(rate, new.side, new.price, new.lots)?.0.checked_sub(bound.0)
        };
        line.zip(more()).is_some_and(|(line, more)| more <= line.free.0.max(0))
    }

    /// What the venue has of an asset for us: free, and bound by orders. `None` where it keeps no such balance.
    pub(crate) fn balance(&self, asset: AssetId) -> Option<(Money, Money)> {
        self.wallet.as_ref()?.line(asset).map(|line| (line.free, line.locked))
    }

    /// True where the account holder knows its balances as they were to begin with.
    pub(crate) fn has_told(&self) -> bool {
        self.wallet.as_ref().is_none_or(|wallet| wallet.told)
    }

    /// Tells all balances, once.
    pub(super) fn tell_wallet(&mut self, now: Nanos) {
        let Some(wallet) = self.wallet.as_mut().filter(|wallet| !wallet.told) else { return };
        wallet.told = true;
        self.now = now;
        let assets: Vec<_> =
            self.wallet.iter().flat_map(|wallet| &wallet.lines).map(|line| line.asset).collect();
        assets.into_iter().for_each(|asset| self.report_balance(asset));
    }

    /// An order binds what its last `after` lots may take, where it bound what `before` lots may.
    pub(super) fn bind(&mut self, order: &OpenOrder, before: Lots, after: Lots) {
        self.move_bound(order, (order.price, before), (order.price, after));
    }

    /// An amended order binds what it may take as it is now.
    pub(super) fn rebind(&mut self, before: &OpenOrder, after: &OpenOrder) {
        self.move_bound(after, (before.price, before.left), (after.price, after.left));
    }

    fn move_bound(&mut self, order: &OpenOrder, from: (Price, Lots), to: (Price, Lots)) {
        let Some((_, holding, rate)) = self.spot(order.instrument) else { return };
        let needs = |(limit, lots)| holding.needs(rate, order.side, limit, lots).unwrap_or(Money::ZERO);
        let (asset, more) = (paid_in(&holding.spec, order.side), needs(to) - needs(from));
        if more != Money::ZERO {
            self.change(asset, -more, more);
            self.report_balance(asset);
        }
    }

    /// A trade of an order, which has `left` lots less the trade's now, moves both assets and the fee.
    pub(super) fn pay_fill(&mut self, order: &OpenOrder, price: Price, lots: Lots, fee_e8: i64) {
        let Some((_, holding, rate)) = self.spot(order.instrument) else { return };
        let spec = holding.spec;
        let needs = |lots| holding.needs(rate, order.side, order.price, lots).unwrap_or(Money::ZERO);
        let freed = needs(order.left + lots) - needs(order.left);
        let value = spec.value_floor(price, lots);
        let coins = Money(spec.lot_amount().unwrap_or_default().0 * i128::from(lots.0));
        let (base, quote) = match order.side {
            Side::Bid => (coins, -value),
            Side::Ask => (-coins, value),
        };
        self.change(paid_in(&spec, order.side), freed, -freed);
        self.change(spec.base, base, Money::ZERO);
        self.change(spec.quote, quote - Money::from_e8(fee_e8), Money::ZERO);
        self.report_balance(spec.base);
        self.report_balance(spec.quote);
    }

    fn spot(&self, instrument: InstrumentId) -> Option<(&Wallet, &Holding, Rate)> {
        let wallet = self.wallet.as_ref().filter(|wallet| wallet.is_spot(instrument))?;
        let holding = self.holdings.get(instrument.index())?;
        Some((wallet, holding, self.tiers.rate_max(instrument).unwrap_or(holding.fees.rate_max())))
    }

    fn change(&mut self, asset: AssetId, free: Money, locked: Money) {
        if let Some(wallet) = &mut self.wallet {
            wallet.change(asset, free, locked);
        }
    }

    fn report_balance(&mut self, asset: AssetId) {
        if let Some((free, locked)) = self.balance(asset) {
            self.report(Event::Balance(BalanceUpdate {
                account: SubAccountId::default(),
                asset,
                free: PackedMoney::new(free),
                locked: PackedMoney::new(locked),
                venue_time: self.now,
            }));
        }
    }
}
