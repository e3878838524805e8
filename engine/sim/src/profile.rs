//! How hostile a world is: how fast its network, how busy its market, and what goes wrong how often.

use ballast_model::Span;
use ballast_simulator::matching::Flow;

use crate::dice::Dice;

/// How long what is sent is on its way, each way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// At least so long.
    pub least: Span,
    /// At most so long, but for spikes.
    pub most: Span,
    /// How many of a million are spikes.
    pub spikes_per_million: u32,
    /// How long a spike is at most.
    pub spike: Span,
}

impl Latency {
    pub(crate) const fn draw(&self, dice: &mut Dice) -> Span {
        if dice.falls(self.spikes_per_million as u64) {
            dice.span(self.most, self.spike)
        } else {
            dice.span(self.least, self.most)
        }
    }
}

/// How hostile a world is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What it is called.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// The network.
    pub latency: Latency,
    /// The market.
    pub flow: Flow,
    /// Faults that a run has at least, and at most.
    pub faults: (u64, u64),
    /// How many of a million worlds hedge what they trade at a second market.
    pub hedged_per_million: u64,
}

/// A market in which our orders are a good part of what happens: what others do costs most of the time of a run.
const SPARSE: Flow = Flow { symbols: 1, requests_per_second: 6, orders: 60 };

const QUICK: Latency = Latency {
    least: Span::from_micros(150),
    most: Span::from_micros(600),
    spikes_per_million: 0,
    spike: Span::from_micros(600),
};

/// The profiles there are.
pub const PROFILES: [Profile; 3] = [
    Profile {
        name: "calm",
        about: "nothing goes wrong: what the oracles say here is said of the world itself",
        latency: QUICK,
        flow: SPARSE,
        faults: (0, 0),
        hedged_per_million: 300_000,
    },
    Profile {
        name: "mixed",
        about: "some of everything, never all at once",
        latency: Latency { spikes_per_million: 2_000, spike: Span::from_millis(300), ..QUICK },
        flow: SPARSE,
        faults: (8, 14),
        hedged_per_million: 250_000,
    },
    Profile {
        name: "storm",
        about: "much of everything, one fault into the other",
        latency: Latency { spikes_per_million: 20_000, spike: Span::from_millis(1_500), ..QUICK },
        flow: SPARSE,
        faults: (25, 50),
        hedged_per_million: 300_000,
    },
];

impl Profile {
    /// The profile of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        PROFILES.iter().find(|profile| profile.name == name)
    }
}
