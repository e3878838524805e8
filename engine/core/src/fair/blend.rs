//! One fair value from several venues or instruments.
//!
//! Never here: an average of values that contradict each other, a missing input taken for zero or for another, a weight
//! that an old value keeps.

use alloc::vec::Vec;

use ballast_model::{Digest, Nanos, Span};

use super::{
    Basis, BasisParamError, BasisParams, FairValue, StaleCurve, TooUncertain, WidenCurve, WidenParamError,
};

/// Most inputs a [`Blend`] weighs.
pub const BLEND_INPUTS_MAX: usize = 8;

/// Largest weight of an input.
pub const BLEND_WEIGHT_MAX: f64 = 1e6;

/// Whether there can be a blend without an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// No: without it there is none.
    Required,
    /// Yes.
    Optional,
}

/// One input as configured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlendInput {
    /// Its weight while fresh and of full confidence, relative to the others. In `(0, BLEND_WEIGHT_MAX]`.
    pub weight: f64,
    /// Whether there can be a blend without it.
    pub need: Need,
    /// The basis to take off; `None` for an input that is worth what the quoted instrument is.
    pub basis: Option<BasisSpec>,
}

/// Against what, and how, an input's basis is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasisSpec {
    /// Index of the input it is measured against; one without a basis of its own.
    pub reference: usize,
    /// How it is averaged.
    pub params: BasisParams,
}

/// What all inputs share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlendParams {
    /// What an input counts for by its age.
    pub stale: StaleCurve,
    /// Inputs that count may lie apart by this many ticks at the most, their bases taken off. Finite, not negative.
    pub apart_max_ticks: f64,
    /// Deviations of the fair value's own movement by which to widen as the freshest input ages: [`WidenCurve`], which
    /// begins where the stale curve does. Finite, above zero.
    pub widen_sigmas: f64,
    /// Most ticks to widen by. Finite, not negative.
    pub widen_max_ticks: f64,
}

/// Why a [`Blend`] cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlendParamError {
    /// No input or more than [`BLEND_INPUTS_MAX`].
    Inputs,
    /// The weight of the input of this index is outside its range.
    Weight(usize),
    /// The reference of this input does not exist, is the input itself or has a basis of its own.
    Reference(usize),
    /// The basis parameters of this input.
    Basis(usize, BasisParamError),
    /// The bound on how far inputs may lie apart is negative or not finite.
    ApartMax,
    /// The widening.
    Widen(WidenParamError),
}

impl core::fmt::Display for BlendParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Inputs => f.write_str("there must be 1 to 8 inputs"),
            Self::Weight(index) => write!(f, "input {index}: the weight must be above 0 and at most 1000000"),
            Self::Reference(index) => {
                write!(f, "input {index}: the basis needs another input, one without a basis of its own")
            }
            Self::Basis(index, error) => write!(f, "input {index}: {error}"),
            Self::ApartMax => {
                f.write_str("the bound on the distance of inputs must be finite and not negative")
            }
            Self::Widen(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for BlendParamError {}

/// Why there is no blended value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlendRefusal {
    /// No input is known, young enough and past its basis' warm-up.
    NoInput,
    /// The required input of this index is not.
    RequiredMissing(usize),
    /// The input of this index claims to be of a later time than now.
    FromTheFuture(usize),
    /// Inputs lie further apart than they may: at least one is wrong, and which one is not known.
    Contradiction,
    /// The value is too uncertain to quote around.
    TooUncertain(TooUncertain),
}

/// A blended value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blended {
    /// The weighted mean, of the time of the freshest input. Its confidence is the weight that counted over the whole
    /// weight configured.
    pub fair: FairValue,
    /// Ticks to add to each half spread for the age of the freshest input; not negative.
    pub widen_ticks: f64,
}

/// Weighs fair values of one asset against each other.
///
/// All inputs are in ticks of the quoted instrument ([`FairValue::rescaled`]). With the basis `b_i` of an input and `s`
/// the weight by age ([`StaleCurve`]), the value is `Σ u_i·(v_i − b_i) / Σ u_i` with
/// `u_i = weight_i · confidence_i · s(age_i)`, over the inputs that are known and not stale. It lies between the smallest
/// and the largest of them.
#[derive(Clone, Debug)]
pub struct Blend {
    params: BlendParams,
    widen: WidenCurve,
    /// Σ weight.
    weight: f64,
    slots: Vec<Slot>,
}

/// One input.
#[derive(Clone, Copy, Debug)]
struct Slot {
    input: BlendInput,
    value: Option<FairValue>,
    /// There where `input.basis` is.
    basis: Option<Basis>,
}

impl Slot {
    /// The value with the basis taken off; `None` where either is not known.
    fn net(&self, now: Nanos) -> Option<FairValue> {
        let value = self.value?;
        match &self.basis {
            None => Some(value),
            Some(basis) => value.shifted(-basis.ticks(now)?),
        }
    }
}

/// The sums of a weighted mean.
#[derive(Clone, Copy, Debug)]
struct Mean {
    /// The first value: the others are summed as distances from it, which keeps their digits.
    origin: f64,
    moment: f64,
    weight: f64,
    low: f64,
    high: f64,
    newest: Nanos,
}

impl Mean {
    const fn new(first: &FairValue) -> Self {
        let ticks = first.ticks();
        Self { origin: ticks, moment: 0.0, weight: 0.0, low: ticks, high: ticks, newest: first.as_of() }
    }

    fn add(&mut self, value: &FairValue, weight: f64) {
        self.moment += weight * (value.ticks() - self.origin);
        self.weight += weight;
        self.low = self.low.min(value.ticks());
        self.high = self.high.max(value.ticks());
        self.newest = self.newest.max(value.as_of());
    }

    fn ticks(&self) -> f64 {
        (self.origin + self.moment / self.weight).clamp(self.low, self.high)
    }
}

impl Blend {
    /// A blend of these inputs, none of them known yet.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: BlendParams, inputs: &[BlendInput]) -> Result<Self, BlendParamError> {
        if inputs.is_empty() || inputs.len() > BLEND_INPUTS_MAX {
            return Err(BlendParamError::Inputs);
        }
        if !params.apart_max_ticks.is_finite() || params.apart_max_ticks < 0.0 {
            return Err(BlendParamError::ApartMax);
        }
        let widen = WidenCurve::new(params.stale.fresh(), params.widen_sigmas, params.widen_max_ticks)
            .map_err(BlendParamError::Widen)?;
        let mut slots = Vec::with_capacity(inputs.len());
        for (index, input) in inputs.iter().enumerate() {
            if !(input.weight > 0.0 && input.weight <= BLEND_WEIGHT_MAX) {
                return Err(BlendParamError::Weight(index));
            }
            let basis = match &input.basis {
                None => None,
                Some(spec) => {
                    let plain = inputs.get(spec.reference).is_some_and(|other| other.basis.is_none());
                    if !plain {
                        return Err(BlendParamError::Reference(index));
                    }
                    Some(Basis::new(spec.params).map_err(|error| BlendParamError::Basis(index, error))?)
                }
            };
            slots.push(Slot { input: *input, value: None, basis });
        }
        let weight = inputs.iter().map(|input| input.weight).sum();
        Ok(Self { params, widen, weight, slots })
    }

    /// Takes the value of an input, in ticks of the quoted instrument; `None` while it is not known. The bases it takes
    /// part in follow it, as long as both of their values are fresh.
    ///
    /// # Panics
    /// Where there is no such input, or `now` is before an earlier call: the driver is wrong.
    pub fn set(&mut self, index: usize, value: Option<FairValue>, now: Nanos) {
        assert!(index < self.slots.len(), "an input this blend does not have");
        if let Some(slot) = self.slots.get_mut(index) {
            slot.value = value;
        }
        for other in 0..self.slots.len() {
            self.follow(other, index, now);
        }
    }

    /// Updates the basis of the input `index` where `changed` takes part in it.
    fn follow(&mut self, index: usize, changed: usize, now: Nanos) {
        let fresh = self.params.stale.fresh();
        let fresh_ticks = |slot: &Slot| {
            let value = slot.value.filter(|value| value.as_of() <= now && now - value.as_of() <= fresh);
            value.map(|value| value.ticks())
        };
        let Some(slot) = self.slots.get(index) else { return };
        let Some(spec) = slot.input.basis else { return };
        if index != changed && spec.reference != changed {
            return;
        }
        let reference = self.slots.get(spec.reference).and_then(fresh_ticks);
        let difference = fresh_ticks(slot).zip(reference).map(|(ours, theirs)| ours - theirs);
        if let Some(basis) = self.slots.get_mut(index).and_then(|slot| slot.basis.as_mut()) {
            basis.update(difference, now);
        }
    }

    /// The basis of an input in ticks; `None` where it has none or none is known at `now`.
    #[must_use]
    pub fn basis_ticks(&self, index: usize, now: Nanos) -> Option<f64> {
        self.slots.get(index)?.basis.as_ref()?.ticks(now)
    }

    /// The blended value at `now`. `sigma` is the volatility of the fair value in ticks per square root of a second.
    ///
    /// # Errors
    /// [`BlendRefusal`] where there is no value that can be quoted around.
    pub fn value(&self, now: Nanos, sigma: Option<f64>) -> Result<Blended, BlendRefusal> {
        let fair = self.value_among(now, |_| true)?;
        let widen_ticks =
            self.widen.extra_ticks(now - fair.as_of(), sigma).map_err(BlendRefusal::TooUncertain)?;
        Ok(Blended { fair, widen_ticks })
    }

    /// The blended value at `now` of those inputs that `among` says by their index, as if there were no others; their bases
    /// are measured against all. Not widened and never too uncertain.
    ///
    /// # Errors
    /// [`BlendRefusal`] where these inputs have no value together.
    pub fn value_among(&self, now: Nanos, among: impl Fn(usize) -> bool) -> Result<FairValue, BlendRefusal> {
        let mut mean: Option<Mean> = None;
        for (index, slot) in self.slots.iter().enumerate().filter(|(index, _)| among(*index)) {
            let net = slot.net(now);
            let age = net.map_or(Span::ZERO, |net| now - net.as_of());
            if age < Span::ZERO {
                return Err(BlendRefusal::FromTheFuture(index));
            }
            let stale = self.params.stale.weight(age);
            if let Some(net) = net.filter(|_| stale > 0.0) {
                let weight = slot.input.weight * net.confidence() * stale;
                mean.get_or_insert_with(|| Mean::new(&net)).add(&net, weight);
            } else if slot.input.need == Need::Required {
                return Err(BlendRefusal::RequiredMissing(index));
            }
        }
        let mean = mean.ok_or(BlendRefusal::NoInput)?;
        if mean.high - mean.low > self.params.apart_max_ticks {
            return Err(BlendRefusal::Contradiction);
        }
        let confidence = (mean.weight / self.weight).min(1.0);
        FairValue::new(mean.ticks(), confidence, mean.newest).ok_or(BlendRefusal::NoInput)
    }

    /// When next after `now` to ask for the value again although no input is told anew; `None` where time alone changes
    /// nothing any more. `sigma` as for [`Blend::value`].
    ///
    /// Weights and widening change with every moment from fresh to stale: that way is followed in steps
    /// ([`StaleCurve::next_age`]). Where an input stops counting, a basis is forgotten or the widening passes its bound, the
    /// moment itself is among the times.
    #[must_use]
    pub fn changes_at(&self, now: Nanos, sigma: Option<f64>) -> Option<Nanos> {
        let after = |from: Nanos, span: Span| Nanos(from.0.saturating_add(span.0));
        let mut next = Nanos::MAX;
        let mut newest: Option<Nanos> = None;
        for slot in &self.slots {
            let Some(net) = slot.net(now) else { continue };
            let as_of = net.as_of();
            if as_of > now {
                next = next.min(as_of);
                continue;
            }
            let Some(age) = self.params.stale.next_age(now - as_of) else { continue };
            newest = newest.max(Some(as_of));
            let forgotten = slot.basis.and_then(|basis| basis.known_until());
            next = next.min(after(as_of, age));
            next = next.min(forgotten.map_or(Nanos::MAX, |until| after(until, Span(1))));
        }
        let refused = newest.zip(self.widen.refuses_from(sigma)).map(|(newest, age)| after(newest, age));
        next = next.min(refused.filter(|at| *at > now).unwrap_or(Nanos::MAX));
        (next < Nanos::MAX).then_some(next)
    }

    /// The age up to which an input is fresh.
    #[must_use]
    pub const fn fresh(&self) -> Span {
        self.params.stale.fresh()
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        for slot in &self.slots {
            digest.word(u64::from(slot.value.is_some()));
            if let Some(value) = &slot.value {
                value.digest(digest);
            }
            if let Some(basis) = &slot.basis {
                basis.digest(digest);
            }
        }
    }
}

#[cfg(test)]
mod tests;
