//! The latent fair price that informed traders know and makers guess: phases, mean-reverting volatility, jumps.

use super::rng::Rng;
use super::shape::Shape;

/// Volatility of the diffusion, in reference ticks per square root of a second.
const SIGMA: f64 = 10.0;
/// The log of volatility is an Ornstein–Uhlenbeck process: its relaxation time in seconds and its stationary deviation.
const LOG_VOL_TAU_S: f64 = 25.0;
const LOG_VOL_SIGMA: f64 = 0.35;
/// How often the slow parts (volatility, phase) are looked at, in seconds.
const SLOW_STEP_S: f64 = 0.05;
/// Mean length of a ranging and of a trending phase, in seconds.
const RANGE_S: f64 = 30.0;
const TREND_S: f64 = 12.0;
/// Rate at which a ranging price returns to the middle of its range, per second.
const RANGE_PULL: f64 = 0.12;
/// Drift of a trend, in reference ticks per second: the least, and the width of the uniform law above it.
const TREND_DRIFT: (f64, f64) = (2.0, 5.0);
/// Jumps: scale of the Lomax law of their size in reference ticks, its shape, and the cut.
const JUMP_SCALE: f64 = 55.0;
const JUMP_SHAPE: f64 = 3.5;
const JUMP_MAX: f64 = 150.0;
/// What an uninformed trade teaches, as parts of the move it makes: one stays, one is believed at first and fades with this
/// relaxation time in seconds. The rest comes back at once.
const IMPACT_KEPT: f64 = 0.1;
const IMPACT_FADING: f64 = 0.5;
const FADE_TAU_S: f64 = 1.5;
/// The price never falls below this part of where it began.
const FLOOR_PART: f64 = 0.5;

/// What the fair price is doing at large.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Returning to `anchor` (ticks).
    Range { anchor: f64 },
    /// Moving at `drift` ticks per second.
    Trend { drift: f64 },
}

/// The fair price, in ticks.
#[derive(Debug)]
pub(crate) struct Fair {
    /// The lasting part of the price.
    lasting: f64,
    /// The part that fades: what recent trades made the market believe.
    fading: f64,
    /// The least the lasting part may be.
    floor: f64,
    /// Ticks per reference tick.
    unit: f64,
    /// The Ornstein–Uhlenbeck process.
    log_vol: f64,
    /// exp of `log_vol`: 1 in an ordinary market.
    vol_ratio: f64,
    phase: Phase,
    phase_left_s: f64,
    /// Time since the slow parts were looked at.
    slow_s: f64,
}

impl Fair {
    /// Starts at `value` ticks, ranging, in a market as excited as chance has it.
    pub(crate) fn new(value: f64, shape: &Shape, rng: &mut Rng) -> Self {
        let log_vol = LOG_VOL_SIGMA * rng.normal();
        Self {
            lasting: value,
            fading: 0.0,
            floor: value * FLOOR_PART,
            unit: shape.unit,
            log_vol,
            vol_ratio: libm::exp(log_vol),
            phase: Phase::Range { anchor: value },
            phase_left_s: rng.exponential(RANGE_S),
            slow_s: 0.0,
        }
    }

    /// The fair price now, in ticks.
    pub(crate) fn value(&self) -> f64 {
        self.lasting + self.fading
    }

    /// Volatility relative to its ordinary level.
    pub(super) fn vol_ratio(&self) -> f64 {
        self.vol_ratio
    }

    /// Lets `dt_s` seconds pass.
    pub(crate) fn advance(&mut self, dt_s: f64, rng: &mut Rng) {
        let drift = match self.phase {
            Phase::Range { anchor } => RANGE_PULL * (anchor - self.lasting),
            Phase::Trend { drift } => drift,
        };
        let sigma = SIGMA * self.unit * self.vol_ratio;
        self.shift(drift * dt_s + sigma * libm::sqrt(dt_s) * rng.normal());
        self.fading *= libm::exp(-dt_s / FADE_TAU_S);
        self.slow_s += dt_s;
        if self.slow_s >= SLOW_STEP_S {
            self.advance_slow(rng);
        }
    }

    /// News: jumps by a heavy-tailed distance to either side.
    pub(crate) fn jump(&mut self, rng: &mut Rng) {
        let size = rng.lomax(JUMP_SCALE, JUMP_SHAPE).min(JUMP_MAX) * self.unit;
        self.shift(if rng.chance(0.5) { size } else { -size });
    }

    /// Learns from an uninformed trade that moved the middle of the book by `distance` ticks.
    pub(super) fn learn(&mut self, distance: f64) {
        self.shift(IMPACT_KEPT * distance);
        self.fading += IMPACT_FADING * distance;
    }

    fn shift(&mut self, distance: f64) {
        self.lasting = (self.lasting + distance).max(self.floor);
    }

    fn advance_slow(&mut self, rng: &mut Rng) {
        let decay = libm::exp(-self.slow_s / LOG_VOL_TAU_S);
        let noise = LOG_VOL_SIGMA * libm::sqrt(1.0 - decay * decay);
        self.log_vol = self.log_vol * decay + noise * rng.normal();
        self.vol_ratio = libm::exp(self.log_vol);
        self.phase_left_s -= self.slow_s;
        self.slow_s = 0.0;
        if self.phase_left_s <= 0.0 {
            self.next_phase(rng);
        }
    }

    fn next_phase(&mut self, rng: &mut Rng) {
        let (phase, mean_s) = match self.phase {
            Phase::Range { .. } => {
                let (least, width) = TREND_DRIFT;
                let speed = (least + width * rng.unit()) * self.unit;
                (Phase::Trend { drift: if rng.chance(0.5) { speed } else { -speed } }, TREND_S)
            }
            Phase::Trend { .. } => (Phase::Range { anchor: self.lasting }, RANGE_S),
        };
        self.phase = phase;
        self.phase_left_s = rng.exponential(mean_s);
    }
}
