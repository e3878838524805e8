//! The accounts that positions are margined in: what they are worth, and where their positions would be liquidated.
//!
//! An account is worth its stated equity and the net profit of its instruments, after fees and funding; its maintenance margin is
//! that of their positions at their marks. Both are told to the portfolio whenever a fill, a payment, a mark or a doubt has
//! changed them, and with them the liquidation price of every position in the account. Where one of its positions is in doubt or
//! has no mark, nobody knows what the account is worth, nor where any of its positions would be liquidated.
//!
//! Never here: a formula, a limit.

use alloc::vec::Vec;

use ballast_model::{Contract, Digest, HalfTicks, InstrumentId, InstrumentSpec, Lots, Money, Rate};

use super::RiskSpec;
use crate::gate::VenueId;
use crate::gate::portfolio::{Account, Holding, Liquidation, MemberSpec, Portfolio};
use crate::ledger::Ledger;

/// Any mark: what is realised is the same at all of them.
const ANY: HalfTicks = HalfTicks(2);

/// Nothing earned, and nothing held.
const EMPTY: Account = Account { equity: Money::ZERO, maintenance: Money::ZERO };

/// An instrument's part of its account, as last told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    /// `None` where it is in doubt.
    position: Option<Lots>,
    mark: Option<HalfTicks>,
    /// Net profit and maintenance margin in the account currency; `None` where nobody knows.
    worth: Option<Account>,
}

/// One instrument.
#[derive(Clone, Copy, Debug)]
struct Margined {
    spec: InstrumentSpec,
    venue: VenueId,
    /// What one unit of the quote currency is worth in the account currency.
    conversion: Option<Rate>,
    /// `None` for an instrument that needs none, of which no liquidation is told.
    maintenance: Option<Rate>,
    mark: Option<HalfTicks>,
    part: Part,
}

/// The margined accounts of a shard.
#[derive(Debug)]
pub(super) struct Margins {
    /// By instrument; `None` at a venue where none needs a margin.
    members: Vec<Option<Margined>>,
    /// As stated, by venue.
    stated: Vec<Option<Account>>,
}

impl Margins {
    /// `None` where no instrument needs a maintenance margin.
    pub(super) fn new(spec: &RiskSpec) -> Option<Self> {
        let all = || spec.members.iter().zip(&spec.maintenance);
        let margined = |venue| all().any(|(member, rate)| member.venue == venue && rate.is_some());
        let member = |(member, maintenance): (&MemberSpec, &Option<Rate>)| {
            margined(member.venue).then(|| Margined {
                spec: member.spec,
                venue: member.venue,
                conversion: spec.conversions.get(usize::from(member.spec.quote.0)).copied().flatten(),
                maintenance: *maintenance,
                mark: None,
                part: Part { position: Some(Lots::ZERO), mark: None, worth: Some(EMPTY) },
            })
        };
        let members: Vec<_> = all().map(member).collect();
        members.iter().any(Option::is_some).then(|| Self { members, stated: spec.accounts.clone() })
    }

    /// Takes the mark an instrument is valued at; [`Margins::tell`] is to follow.
    pub(super) fn on_mark(&mut self, id: InstrumentId, mark: Option<HalfTicks>) {
        if let Some(Some(member)) = self.members.get_mut(id.index()) {
            member.mark = mark.filter(|mark| mark.0 > 0);
        }
    }

    /// Takes an instrument's ledger, `None` where it is in doubt, and tells the portfolio what that changes.
    pub(super) fn tell(&mut self, id: InstrumentId, ledger: Option<&Ledger>, portfolio: &mut Portfolio) {
        let Some(Some(member)) = self.members.get_mut(id.index()) else { return };
        let part = Part {
            position: ledger.map(Ledger::position),
            mark: member.mark,
            worth: ledger.and_then(|ledger| member.worth(ledger)),
        };
        if core::mem::replace(&mut member.part, part) == part {
            return;
        }
        let venue = member.venue;
        let account = self.account(venue);
        portfolio.on_account(venue, account);
        for (id, member) in (0..).map(InstrumentId).zip(&self.members) {
            let Some(member) = member.as_ref().filter(|member| member.venue == venue) else { continue };
            if let Some(rate) = member.maintenance {
                portfolio.on_liquidation(id, member.liquidation(rate, account));
            }
        }
    }

    /// What an account is worth with all that its instruments have earned.
    fn account(&self, venue: VenueId) -> Option<Account> {
        let stated = self.stated.get(usize::from(venue.0)).copied().flatten()?;
        let there = self.members.iter().flatten().filter(|member| member.venue == venue);
        there.map(|member| member.part.worth).try_fold(stated, |sum, part| {
            let part = part?;
            Some(Account {
                equity: Money(sum.equity.0.checked_add(part.equity.0)?),
                maintenance: Money(sum.maintenance.0.checked_add(part.maintenance.0)?),
            })
        })
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        for Margined { part, mark, .. } in self.members.iter().flatten() {
            digest.word(u64::from(part.position.is_some()) | u64::from(part.worth.is_some()) << 1);
            digest.signed(part.position.unwrap_or(Lots::ZERO).0);
            for mark in [*mark, part.mark] {
                digest.signed(mark.map_or(0, |mark| mark.0));
            }
            let worth = part.worth.unwrap_or(EMPTY);
            digest.bytes(&worth.equity.0.to_le_bytes());
            digest.bytes(&worth.maintenance.0.to_le_bytes());
        }
    }
}

impl Margined {
    fn holding(&self, position: Lots, mark: HalfTicks, maintenance: Rate) -> Option<Holding> {
        let conversion = self.conversion.filter(|rate| rate.0 > 0)?;
        Some(Holding { spec: self.spec, position, mark, conversion, maintenance })
    }

    /// Net profit and maintenance margin at the mark.
    fn worth(&self, ledger: &Ledger) -> Option<Account> {
        let position = ledger.position();
        let mark = if position.is_zero() {
            if ledger.net(ANY) == Money::ZERO {
                return Some(EMPTY);
            }
            // What is realised in coin is worth what the coin is.
            self.mark.or((self.spec.contract == Contract::Linear).then_some(ANY))?
        } else {
            self.mark?
        };
        let holding = self.holding(position, mark, self.maintenance.unwrap_or(Rate(0)))?;
        Some(Account { equity: holding.worth(ledger.net(mark))?, maintenance: holding.maintenance()? })
    }

    fn liquidation(&self, rate: Rate, account: Option<Account>) -> Liquidation {
        let Part { position, mark, .. } = self.part;
        let holding = position.zip(mark).and_then(|(position, mark)| self.holding(position, mark, rate));
        holding.zip(account).map_or(Liquidation::Unknown, |(holding, account)| holding.liquidation(&account))
    }
}
