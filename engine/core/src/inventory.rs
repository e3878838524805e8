//! The inventory ladder: hold, skew, reduce, hedge, liquidate.
//!
//! Exposure is an interval, because orders whose fate is unknown may or may not have filled. What we may still quote is
//! judged at the worse end; what is traded away is judged at the better end, so that no phantom is hedged. Every stage is
//! entered at one exposure and left at a smaller one.
//!
//! Never here: a reducing side stopped for its inventory, a stage that flaps inside its band, an unknown taken for flat.

use ballast_model::{Digest, LOTS_MAX, Lots, Rate, Side};

/// The least and the greatest position we may have: long > 0, short < 0. Any unit, as long as the limit has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure {
    lo: Lots,
    hi: Lots,
}

impl Exposure {
    /// Nothing is known: it may be anything, so nothing may be added on either side and nothing is hedged.
    pub const UNKNOWN: Self = Self { lo: Lots(-LOTS_MAX), hi: Lots(LOTS_MAX) };

    /// Known without doubt. A position beyond [`LOTS_MAX`] counts as that much.
    #[must_use]
    #[inline]
    pub fn exact(position: Lots) -> Self {
        Self::spanning(position, position)
    }

    /// Anywhere between the two, whichever is greater. Ends beyond [`LOTS_MAX`] count as that much.
    #[must_use]
    #[inline]
    pub fn spanning(one: Lots, other: Lots) -> Self {
        let bounded = |end: Lots| Lots(end.0.clamp(-LOTS_MAX, LOTS_MAX));
        let (one, other) = (bounded(one), bounded(other));
        Self { lo: one.min(other), hi: one.max(other) }
    }

    /// The least position.
    #[must_use]
    pub const fn lo(&self) -> Lots {
        self.lo
    }

    /// The greatest position.
    #[must_use]
    pub const fn hi(&self) -> Lots {
        self.hi
    }

    /// The same seen from the other side of the market.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        Self { lo: -self.hi, hi: -self.lo }
    }

    /// What fills on `side` add to, at the worse end: below zero where they can only reduce.
    #[must_use]
    #[inline]
    pub fn held_for(&self, side: Side) -> Lots {
        match side {
            Side::Bid => self.hi,
            Side::Ask => -self.lo,
        }
    }

    /// The part of the exposure on the side of `side` (long for a bid) that is there without doubt; zero or more.
    #[inline]
    fn certain_for(&self, side: Side) -> Lots {
        match side {
            Side::Bid => self.lo.max(Lots::ZERO),
            Side::Ask => (-self.hi).max(Lots::ZERO),
        }
    }
}

/// How far inventory has escalated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Stage {
    /// Quotes stand as the model wants them.
    Hold = 0,
    /// Quotes are moved against the inventory.
    Skew = 1,
    /// The adding side stops.
    Reduce = 2,
    /// The hedger trades the excess away.
    Hedge = 3,
    /// The position is to be closed without waiting for passive fills.
    Liquidate = 4,
}

impl Stage {
    /// The stage's name in messages and configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Skew => "skew",
            Self::Reduce => "reduce",
            Self::Hedge => "hedge",
            Self::Liquidate => "liquidate",
        }
    }
}

/// Where a stage begins and ends, as shares of the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// The stage is entered at or above this. Above `leave`.
    pub enter: Rate,
    /// The stage is left at or below this. Not negative.
    pub leave: Rate,
}

/// What an [`InventoryLadder`] is built from. Both ends of the bands rise from stage to stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InventoryParams {
    /// The exposure all shares are shares of. In `1..=`[`LOTS_MAX`].
    pub limit: Lots,
    /// When quotes are moved. The skew is zero at `enter` and grows in proportion, to all of it at the limit; so `enter` is
    /// below the whole.
    pub skew: Band,
    /// When the adding side stops; `enter` is at most the whole limit.
    pub reduce: Band,
    /// When the hedger acts; `None` where nobody is called.
    pub hedge: Option<Band>,
    /// When the position is closed; `None` for never.
    pub liquidate: Option<Band>,
}

/// Which parameter of [`InventoryParams`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InventoryParamError {
    /// The limit is not above zero, or beyond [`LOTS_MAX`].
    Limit,
    /// The stage is left below zero, or not below where it is entered, or entered beyond [`SHARE_MAX`].
    Band(Stage),
    /// The stage is entered or left below the one before it.
    Order(Stage),
    /// The skew begins at or beyond the limit.
    SkewEnter,
    /// The adding side stops beyond the limit only.
    ReduceEnter,
}

impl core::fmt::Display for InventoryParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Limit => {
                f.write_str("the inventory limit must be above zero and a size the engine handles")
            }
            Self::Band(stage) => {
                write!(f, "stage {} must be left at zero or above and entered above that", stage.name())
            }
            Self::Order(stage) => {
                write!(f, "stage {} must not begin or end below the stage before it", stage.name())
            }
            Self::SkewEnter => f.write_str("the skew must begin below the inventory limit"),
            Self::ReduceEnter => f.write_str("the adding side must stop at or below the inventory limit"),
        }
    }
}

impl core::error::Error for InventoryParamError {}

/// Largest share of the limit a stage may begin at: a hundred limits.
pub const SHARE_MAX: Rate = Rate(100 * Rate::ONE.0);

/// Which sides may be quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoting {
    /// Bid and ask.
    Both,
    /// This side alone: the one that reduces.
    Only(Side),
    /// None: the exposure is so uncertain that either side could add beyond the limit.
    Neither,
}

impl Quoting {
    /// True where `side` may be quoted.
    #[must_use]
    #[inline]
    pub fn permits(self, side: Side) -> bool {
        match self {
            Self::Both => true,
            Self::Only(only) => only == side,
            Self::Neither => false,
        }
    }
}

/// What the hedger is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HedgeCall {
    /// Nothing to do.
    Rest,
    /// Trade the excess away on this side, as its own policy sees fit.
    Hedge(Side),
    /// Close the position on this side, now.
    Liquidate(Side),
}

impl HedgeCall {
    /// The stage that calls; `None` where nobody does.
    #[must_use]
    pub const fn stage(self) -> Option<Stage> {
        match self {
            Self::Rest => None,
            Self::Hedge(_) => Some(Stage::Hedge),
            Self::Liquidate(_) => Some(Stage::Liquidate),
        }
    }

    /// Takes the call into a digest.
    pub fn digest(self, digest: &mut Digest) {
        digest.word(match self {
            Self::Rest => 0,
            Self::Hedge(side) => 2 + side as u64,
            Self::Liquidate(side) => 4 + side as u64,
        });
    }
}

/// What the inventory asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InventoryPlan {
    /// The stage at the worse end of the exposure.
    pub stage: Stage,
    /// Which sides may be quoted.
    pub quoting: Quoting,
    /// How far quotes move, as a share of the largest skew, in `-Rate::ONE..=Rate::ONE`: below zero (down) when long.
    pub skew: Rate,
    /// What the hedger is told.
    pub hedge: HedgeCall,
}

/// The ladder for one limit.
#[derive(Clone, Copy, Debug)]
pub struct InventoryLadder {
    params: InventoryParams,
    /// In the order of the stages; `None` for those left out.
    marks: [Option<Marks>; 4],
    /// Stage of what each side's fills add to, at the worse end, by [`Side::index`].
    worse: [Stage; 2],
    /// Stage of what is there without doubt, by [`Side::index`]: long for a bid.
    certain: [Stage; 2],
}

impl InventoryLadder {
    /// A ladder at [`Stage::Hold`].
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: InventoryParams) -> Result<Self, InventoryParamError> {
        if !(1..=LOTS_MAX).contains(&params.limit.0) {
            return Err(InventoryParamError::Limit);
        }
        let mut before = Band { enter: Rate(0), leave: Rate(0) };
        for (stage, band) in params.bands().into_iter().flatten() {
            if band.leave.0 < 0 || band.leave >= band.enter || band.enter > SHARE_MAX {
                return Err(InventoryParamError::Band(stage));
            }
            if band.enter < before.enter || band.leave < before.leave {
                return Err(InventoryParamError::Order(stage));
            }
            before = band;
        }
        if params.skew.enter >= Rate::ONE {
            return Err(InventoryParamError::SkewEnter);
        }
        if params.reduce.enter > Rate::ONE {
            return Err(InventoryParamError::ReduceEnter);
        }
        let marks = params.bands().map(|one| one.map(|(stage, band)| Marks::new(stage, band, params.limit)));
        Ok(Self { params, marks, worse: [Stage::Hold; 2], certain: [Stage::Hold; 2] })
    }

    /// Takes the exposure as it is now.
    ///
    /// Each side is judged by what its fills add to: the bid by the long end, the ask by the short end. A side that can
    /// only reduce is never stopped. The hedger is called for what is there without doubt, that is when the whole interval
    /// lies beyond the band.
    #[inline]
    pub fn update(&mut self, exposure: Exposure) -> InventoryPlan {
        let [worse_bid, worse_ask] = &mut self.worse;
        let [certain_bid, certain_ask] = &mut self.certain;
        for (side, worse, certain) in
            [(Side::Bid, worse_bid, certain_bid), (Side::Ask, worse_ask, certain_ask)]
        {
            *worse = moved(&self.marks, *worse, exposure.held_for(side).max(Lots::ZERO));
            *certain = moved(&self.marks, *certain, exposure.certain_for(side));
        }
        self.plan(exposure)
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        for stage in self.worse.into_iter().chain(self.certain) {
            digest.word(u64::from(stage as u8));
        }
    }

    #[inline]
    fn plan(&self, exposure: Exposure) -> InventoryPlan {
        let [bid, ask] = self.worse;
        let quoting = match (bid < Stage::Reduce, ask < Stage::Reduce) {
            (true, true) => Quoting::Both,
            (true, false) => Quoting::Only(Side::Bid),
            (false, true) => Quoting::Only(Side::Ask),
            (false, false) => Quoting::Neither,
        };
        let pull = |side| self.params.pull(exposure.held_for(side).max(Lots::ZERO));
        InventoryPlan {
            stage: bid.max(ask),
            quoting,
            skew: Rate(pull(Side::Ask).0 - pull(Side::Bid).0),
            hedge: self.hedge_call(),
        }
    }

    /// At most one side holds something without doubt, so at most one is escalated.
    #[inline]
    fn hedge_call(&self) -> HedgeCall {
        let [long, short] = self.certain;
        let (stage, side) = if long >= short { (long, Side::Ask) } else { (short, Side::Bid) };
        match stage {
            Stage::Hold | Stage::Skew | Stage::Reduce => HedgeCall::Rest,
            Stage::Hedge => HedgeCall::Hedge(side),
            Stage::Liquidate => HedgeCall::Liquidate(side),
        }
    }
}

/// The exposures at which one stage begins and ends.
#[derive(Clone, Copy, Debug)]
struct Marks {
    stage: Stage,
    /// Entered at or above this.
    enter: Lots,
    /// Left at or below this.
    leave: Lots,
}

impl Marks {
    /// A band in lots of `limit`: positions are whole, so rounding what is entered up and what is left down changes nothing.
    fn new(stage: Stage, band: Band, limit: Lots) -> Self {
        let one = i128::from(Rate::ONE.0);
        let scaled = |share: Rate| i128::from(share.0) * i128::from(limit.0);
        // No exposure is that large where it does not fit.
        let lots = |whole| Lots(i64::try_from(whole).unwrap_or(i64::MAX));
        Self {
            stage,
            enter: lots((scaled(band.enter) + one - 1) / one),
            leave: lots(scaled(band.leave) / one),
        }
    }
}

/// The highest stage whose band has been entered, counting those up to `stage` as entered until they are left. Bands rise
/// from stage to stage, so that no stage is on without the ones below it.
#[inline]
fn moved(marks: &[Option<Marks>; 4], stage: Stage, held: Lots) -> Stage {
    let on = |mark: &&Marks| if mark.stage <= stage { held > mark.leave } else { held >= mark.enter };
    marks.iter().flatten().take_while(on).last().map_or(Stage::Hold, |mark| mark.stage)
}

impl InventoryParams {
    /// The bands in the order of their stages; `None` for those left out.
    fn bands(&self) -> [Option<(Stage, Band)>; 4] {
        [
            Some((Stage::Skew, self.skew)),
            Some((Stage::Reduce, self.reduce)),
            self.hedge.map(|band| (Stage::Hedge, band)),
            self.liquidate.map(|band| (Stage::Liquidate, band)),
        ]
    }

    /// Whether anything but the quotes is asked for: a hedge, or the end of a position.
    #[must_use]
    pub const fn calls(&self) -> bool {
        self.hedge.is_some() || self.liquidate.is_some()
    }

    /// The share of the largest skew that `held` (zero or more) asks for: nothing up to where the skew begins, all of it at
    /// the limit, linear in between, rounded down.
    #[inline]
    fn pull(&self, held: Lots) -> Rate {
        let (one, limit) = (i128::from(Rate::ONE.0), i128::from(self.limit.0));
        let enter = i128::from(self.skew.enter.0);
        // Below 2^83, and 2^110 once scaled: sizes are below 2^56 and the whole is below 2^27.
        let beyond = (i128::from(held.0) * one - enter * limit).max(0);
        let share = (beyond * one / ((one - enter) * limit)).min(one);
        i64::try_from(share).map_or(Rate::ONE, Rate)
    }
}

#[cfg(test)]
mod tests;
