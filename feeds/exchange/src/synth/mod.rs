//! A synthetic market: a seeded stream of raw frames in Binance's format, with the local time at which each is received.
//!
//! It needs no file and no network, so a demonstration, a test or a bench has a market wherever it runs. The frames obey
//! the venue's rules: diffs chain, a snapshot falls inside the chain, a bookTicker equals the book at its update id, trades
//! happen at prices that rest in the book, and the book is never crossed.
//!
//! From the truth to the bytes: a latent fair price (`fair`), a market around it (`market`, `flow`, `book`, its measures in
//! `shape`), what the venue publishes about it (`feed`), as text (`wire`), after a journey to us (`link`).
//!
//! Never here: a clock, a file, randomness without a seed, a maths function of the host.

mod book;
pub(crate) mod fair;
mod feed;
mod flow;
mod link;
mod market;
pub(crate) mod rng;
pub(crate) mod shape;
mod spec;
#[cfg(test)]
mod tests;
mod wire;

use ballast_model::{Nanos, Span};

use self::feed::Feed;
use self::link::Link;
use self::market::{Market, Print};
use self::rng::Rng;
use self::shape::Shape;
use self::wire::Wire;

pub use self::spec::{Dialect, Layout, SpecFault, SynthSpec};

/// A synthetic market that is being generated, frame by frame.
#[derive(Debug)]
pub struct SynthMarket {
    market: Market,
    feed: Feed,
    link: Link,
    wire: Wire,
    clock_offset: Span,
    end: Nanos,
    /// What the last change traded; kept for its memory.
    prints: Vec<Print>,
}

impl SynthMarket {
    /// A market at its first moment.
    ///
    /// # Errors
    /// Names the field of `spec` that is out of its range.
    pub fn new(spec: &SynthSpec) -> Result<Self, SpecFault> {
        spec.validate()?;
        let venue_start_ns = spec.start.0 + spec.clock_offset.0;
        let mut seeds = Rng::new(spec.seed);
        // Each part has a generator of its own, so that a change of one does not change the draws of another.
        let mut part = || Rng::new(seeds.next_u64());
        Ok(Self {
            market: Market::new(Shape::new(spec), part(), spec.start_price, venue_start_ns),
            feed: Feed::new(spec.dialect, part(), venue_start_ns),
            link: Link::new(part()),
            wire: Wire::new(spec),
            clock_offset: spec.clock_offset,
            end: spec.start + spec.duration,
            prints: Vec::new(),
        })
    }

    /// Replaces `out` by the next raw frame and returns the local time at which it is received: above the time of the
    /// frame before. `None`, for ever, once the market's duration is over; `out` is empty then.
    ///
    /// Every frame is a combined-stream envelope (`@depth@0ms` or `@depth@100ms`, `@bookTicker`, `@trade`), except the REST
    /// snapshot: it comes bare, once, about 0.3 s after the start, and its id falls inside a diff. It holds the best 1 000
    /// levels of each side, as the venue's does; a deeper level comes in a diff when the touch nears it, if not before.
    pub fn next_frame(&mut self, out: &mut Vec<u8>) -> Option<Nanos> {
        out.clear();
        let published = loop {
            match self.feed.pop(self.market.now_ns()) {
                Some(published) => break published,
                None => self.step(),
            }
        };
        let received = Nanos(self.link.receive(published.at_ns)) - self.clock_offset;
        if received > self.end {
            return None;
        }
        self.wire.write(&published, out);
        Some(received)
    }

    /// One happening in the market, and its publication.
    fn step(&mut self) {
        let now_ns = self.market.wait();
        self.feed.on_time(now_ns, &mut self.market.book);
        let changes = self.market.act(&mut self.prints);
        if changes > 0 {
            self.feed.on_change(now_ns, changes, &self.prints, &mut self.market.book);
        }
    }
}
