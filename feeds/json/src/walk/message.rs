//! The members of a message object: what they say, once the kind of message is known.

use super::members::Members;
use super::{Context, Place, Unfit};
use crate::kernels::{Kernels, LANE};
use crate::keys::{Key, Keys};
use crate::symbols::{Name, Symbol};
use crate::{DecodeError, Decoded, E8, LOTS_MAX, Level, Message, PRICE_TICKS_MAX, Path, Side, TradeKind};

/// The members that conversion of a kind of message looks at.
struct Shape {
    /// Those that must be there.
    members: Keys,
    /// Those that may be there.
    optional: Keys,
    /// Which of those that must be there are arrays of levels.
    arrays: Keys,
}

const BOOK_TICKER: Shape = Shape {
    members: Keys::of(&[Key::LowerS, Key::LowerU, Key::LowerB, Key::UpperB, Key::LowerA, Key::UpperA]),
    optional: Keys::of(&[Key::LowerE, Key::UpperE, Key::UpperT]),
    arrays: Keys::NONE,
};

const DEPTH: Shape = Shape {
    members: Keys::of(&[
        Key::LowerE,
        Key::LowerS,
        Key::UpperU,
        Key::LowerU,
        Key::UpperE,
        Key::LowerB,
        Key::LowerA,
    ]),
    optional: Keys::of(&[Key::Pu, Key::UpperT]),
    arrays: Keys::of(&[Key::LowerB, Key::LowerA]),
};

const SNAPSHOT: Shape = Shape {
    members: Keys::of(&[Key::LastUpdateId, Key::Bids, Key::Asks]),
    optional: Keys::of(&[Key::UpperE, Key::UpperT, Key::Symbol]),
    arrays: Keys::of(&[Key::Bids, Key::Asks]),
};

const TRADE: Shape = Shape {
    members: Keys::of(&[
        Key::LowerE,
        Key::LowerS,
        Key::LowerT,
        Key::LowerP,
        Key::LowerQ,
        Key::UpperE,
        Key::UpperT,
        Key::LowerM,
    ]),
    optional: Keys::of(&[Key::UpperX, Key::UpperM]),
    arrays: Keys::NONE,
};

const AGG_TRADE: Shape = Shape {
    members: Keys::of(&[
        Key::LowerE,
        Key::LowerS,
        Key::LowerA,
        Key::LowerF,
        Key::LowerL,
        Key::LowerP,
        Key::LowerQ,
        Key::UpperE,
        Key::UpperT,
        Key::LowerM,
    ]),
    optional: Keys::of(&[Key::Nq, Key::UpperM]),
    arrays: Keys::NONE,
};

const MARK_PRICE: Shape = Shape {
    members: Keys::of(&[Key::LowerE, Key::LowerS, Key::LowerP, Key::UpperT, Key::UpperE]),
    optional: Keys::of(&[Key::LowerI, Key::UpperP, Key::LowerR]),
    arrays: Keys::NONE,
};

/// Each kind of message writes its result where the caller of the decoder wants it, hence the error type.
impl<K: Kernels> Members<'_, K> {
    #[inline(always)]
    pub(super) fn decoded(&self) -> Result<Decoded, DecodeError> {
        if !self.seen.contains(Key::LowerE) {
            return if self.seen.contains(Key::LastUpdateId) { self.snapshot() } else { self.book_ticker() };
        }
        if self.is(Key::LowerE, b"bookTicker") {
            self.book_ticker()
        } else if self.is(Key::LowerE, b"depthUpdate") {
            self.depth()
        } else if self.is(Key::LowerE, b"trade") {
            self.trade()
        } else if self.is(Key::LowerE, b"aggTrade") {
            self.agg_trade()
        } else if self.is(Key::LowerE, b"markPriceUpdate") {
            self.mark_price()
        } else {
            Err(Unfit.into())
        }
    }

    #[inline(always)]
    fn book_ticker(&self) -> Result<Decoded, DecodeError> {
        self.fits(&BOOK_TICKER)?;
        let symbol = self.symbol(Key::LowerS)?;
        let [bid_ticks, bid_lots] = self.price_and_size(Key::LowerB, Key::UpperB, symbol)?;
        let [ask_ticks, ask_lots] = self.price_and_size(Key::LowerA, Key::UpperA, symbol)?;
        self.done(Message::BookTicker {
            symbol: symbol.id,
            update_id: self.integer(Key::LowerU)?,
            event_time: self.integer_if_any(Key::UpperE)?,
            transaction_time: self.integer_if_any(Key::UpperT)?,
            bid: Level { ticks: bid_ticks, lots: bid_lots },
            ask: Level { ticks: ask_ticks, lots: ask_lots },
        })
    }

    #[inline(always)]
    fn depth(&self) -> Result<Decoded, DecodeError> {
        self.fits(&DEPTH)?;
        self.done(Message::Depth {
            symbol: self.book.ok_or(Unfit)?.id,
            first_id: self.integer(Key::UpperU)?,
            last_id: self.integer(Key::LowerU)?,
            prev_id: self.integer_if_any(Key::Pu)?,
            event_time: self.integer(Key::UpperE)?,
            transaction_time: self.integer_if_any(Key::UpperT)?,
            bids: self.count(Key::LowerB),
            asks: self.count(Key::LowerA),
        })
    }

    #[inline(always)]
    fn snapshot(&self) -> Result<Decoded, DecodeError> {
        self.fits(&SNAPSHOT)?;
        let symbol = self.book.ok_or(Unfit)?;
        // A symbol named after the levels would overrule the one they were decoded for.
        if !core::ptr::eq(self.snapshot_symbol()?, symbol) {
            return Err(Unfit.into());
        }
        self.done(Message::Snapshot {
            symbol: symbol.id,
            last_update_id: self.integer(Key::LastUpdateId)?,
            event_time: self.integer_if_any(Key::UpperE)?,
            transaction_time: self.integer_if_any(Key::UpperT)?,
            bids: self.count(Key::Bids),
            asks: self.count(Key::Asks),
        })
    }

    #[inline(always)]
    fn trade(&self) -> Result<Decoded, DecodeError> {
        self.fits(&TRADE)?;
        self.pass_best_match()?;
        let symbol = self.symbol(Key::LowerS)?;
        let [price, lots] = self.price_and_size(Key::LowerP, Key::LowerQ, symbol)?;
        self.done(Message::Trade {
            symbol: symbol.id,
            trade_id: self.integer(Key::LowerT)?,
            price,
            lots,
            event_time: self.integer(Key::UpperE)?,
            trade_time: self.integer(Key::UpperT)?,
            maker: self.maker()?,
            kind: self.trade_kind()?,
        })
    }

    #[inline(always)]
    fn agg_trade(&self) -> Result<Decoded, DecodeError> {
        self.fits(&AGG_TRADE)?;
        self.pass_best_match()?;
        let symbol = self.symbol(Key::LowerS)?;
        let [price, lots] = self.price_and_size(Key::LowerP, Key::LowerQ, symbol)?;
        let normal_lots = if self.seen.contains(Key::Nq) {
            let [_, normal] = self.price_and_size(Key::LowerP, Key::Nq, symbol)?;
            Some(normal)
        } else {
            None
        };
        self.done(Message::AggTrade {
            symbol: symbol.id,
            agg_id: self.integer(Key::LowerA)?,
            first_id: self.integer(Key::LowerF)?,
            last_id: self.integer(Key::LowerL)?,
            price,
            lots,
            event_time: self.integer(Key::UpperE)?,
            trade_time: self.integer(Key::UpperT)?,
            maker: self.maker()?,
            normal_lots,
        })
    }

    #[inline(always)]
    fn mark_price(&self) -> Result<Decoded, DecodeError> {
        self.fits(&MARK_PRICE)?;
        self.done(Message::MarkPrice {
            symbol: self.symbol(Key::LowerS)?.id,
            mark: self.e8_if_any(Key::LowerP)?.ok_or(Unfit)?,
            index: self.e8_if_any(Key::LowerI)?,
            settle: self.e8_if_any(Key::UpperP)?,
            funding_rate: self.e8_if_any(Key::LowerR)?,
            next_funding_time: self.integer(Key::UpperT)?,
            event_time: self.integer(Key::UpperE)?,
        })
    }

    #[inline(always)]
    fn done(&self, message: Message) -> Result<Decoded, DecodeError> {
        Ok(Decoded { message, path: Path::Fast, stream: self.context.stream })
    }
}

/// Parts of messages.
impl<'f, K: Kernels> Members<'f, K> {
    /// Whether the members are those of `shape`, and all others are well-formed. (Those of the shape prove to
    /// be when they are converted.)
    #[inline(always)]
    fn fits(&self, shape: &Shape) -> Result<(), Unfit> {
        if !self.seen.includes(shape.members) || self.arrays != shape.arrays {
            return Err(Unfit);
        }
        let others = self.seen.without(shape.members).without(shape.optional);
        if others == Keys::NONE { Ok(()) } else { self.check(others) }
    }

    /// Whether the members under `keys` are well-formed and no containers.
    #[inline(never)]
    fn check(&self, keys: Keys) -> Result<(), Unfit> {
        let kernels = self.context.kernels;
        kernels.run(
            #[inline(always)]
            || {
                for key in keys {
                    self.places.get(key).and_then(|&place| self.context.check(place)).ok_or(Unfit)?;
                }
                Ok(())
            },
        )
    }

    #[inline(always)]
    fn place(&self, key: Key) -> Place {
        self.places.get(key as usize).copied().unwrap_or_default()
    }

    /// How many levels the array under `key` holds.
    #[inline(always)]
    fn count(&self, key: Key) -> u32 {
        self.place(key).end
    }

    /// Whether the member under `key` is the string `text`.
    #[inline(always)]
    fn is<const N: usize>(&self, key: Key, text: &[u8; N]) -> bool {
        let found = self.place(key).text(self.context.frame);
        found.is_some_and(|found| found.len() == N && found.first_chunk() == Some(text))
    }

    #[inline(always)]
    fn integer(&self, key: Key) -> Result<u64, Unfit> {
        let Context { frame, kernels, .. } = self.context;
        let (lane, length) = self.place(key).scalar_lane(frame).ok_or(Unfit)?;
        kernels.integer(lane, length).ok_or(Unfit)
    }

    #[inline(always)]
    fn integer_if_any(&self, key: Key) -> Result<Option<u64>, Unfit> {
        if self.seen.contains(key) { self.integer(key).map(Some) } else { Ok(None) }
    }

    #[inline(always)]
    fn price_and_size(&self, price: Key, size: Key, symbol: &Symbol) -> Result<[u64; 2], Unfit> {
        price_and_size(self.context, self.place(price), self.place(size), symbol).ok_or(Unfit)
    }

    #[inline(always)]
    pub(super) fn symbol(&self, key: Key) -> Result<&'f Symbol, Unfit> {
        let Context { frame, symbols, .. } = self.context;
        let place = self.place(key);
        let text = place.text(frame).ok_or(Unfit)?;
        let rest = frame.get(place.start as usize + 1..).ok_or(Unfit)?;
        Name::at(rest, text.len()).and_then(|name| symbols.find(name)).ok_or(Unfit)
    }

    #[inline(always)]
    pub(super) fn snapshot_symbol(&self) -> Result<&'f Symbol, Unfit> {
        if self.seen.contains(Key::Symbol) {
            return self.symbol(Key::Symbol);
        }
        self.context.snapshot_symbol().ok_or(Unfit)
    }

    #[inline(always)]
    fn maker(&self) -> Result<Side, Unfit> {
        Ok(if self.truth(Key::LowerM)? { Side::Bid } else { Side::Ask })
    }

    #[inline(always)]
    fn truth(&self, key: Key) -> Result<bool, Unfit> {
        match self.place(key).of(self.context.frame) {
            Some(b"true") => Ok(true),
            Some(b"false") => Ok(false),
            _ => Err(Unfit),
        }
    }

    /// Judges the `M` that comes with every spot trade and means nothing.
    #[inline(always)]
    fn pass_best_match(&self) -> Result<(), Unfit> {
        if !self.seen.contains(Key::UpperM) || self.truth(Key::UpperM).is_ok() {
            Ok(())
        } else {
            self.check(const { Keys::of(&[Key::UpperM]) })
        }
    }

    #[inline(always)]
    fn trade_kind(&self) -> Result<TradeKind, Unfit> {
        if !self.seen.contains(Key::UpperX) || self.is(Key::UpperX, b"MARKET") {
            return Ok(TradeKind::Market);
        }
        self.place(Key::UpperX).text(self.context.frame).ok_or(Unfit)?;
        self.check(const { Keys::of(&[Key::UpperX]) })?;
        Ok(TradeKind::Other)
    }

    /// The number under `key`; `None` when there is no such member, or its text is empty.
    #[inline(always)]
    fn e8_if_any(&self, key: Key) -> Result<Option<E8>, Unfit> {
        if !self.seen.contains(key) {
            return Ok(None);
        }
        let Context { frame, kernels, .. } = self.context;
        let (lane, length) = self.place(key).text_lane(frame).ok_or(Unfit)?;
        if length == 0 {
            return Ok(None);
        }
        let negative = key == Key::LowerR && lane.get(LANE - length) == Some(&b'-');
        let length = length - usize::from(negative);
        let units = kernels.decimals([lane; 2], [length; 2], [kernels.scale(&E8::GRID); 2]);
        let [units, _] = units.ok_or(Unfit)?;
        let units = i64::try_from(units).map_err(|_| Unfit)?;
        Ok(Some(E8(if negative { -units } else { units })))
    }
}

/// Ticks and lots of two texts.
#[inline(always)]
fn price_and_size<K: Kernels>(
    context: Context<'_, K>,
    price: Place,
    size: Place,
    symbol: &Symbol,
) -> Option<[u64; 2]> {
    let [ticks, lots] = match units(context, price, size, symbol) {
        Some(units) if symbol.unit_steps => units,
        Some([ticks, lots]) => [symbol.grids.price.steps(ticks)?, symbol.grids.size.steps(lots)?],
        None => long_price_and_size(context.frame, price, size, symbol)?,
    };
    (ticks <= PRICE_TICKS_MAX).then_some([ticks, lots])
}

/// Two texts in units of their grids' last decimals.
#[inline(always)]
fn units<K: Kernels>(
    context: Context<'_, K>,
    price: Place,
    size: Place,
    symbol: &Symbol,
) -> Option<[u64; 2]> {
    let Context { kernels, frame, .. } = context;
    let (price, price_length) = price.text_lane(frame)?;
    let (size, size_length) = size.text_lane(frame)?;
    let scales = [kernels.scale(&symbol.grids.price), kernels.scale(&symbol.grids.size)];
    kernels.decimals([price, size], [price_length, size_length], scales)
}

/// Ticks and lots of two texts of which one is too long for the kernel.
#[cold]
fn long_price_and_size(frame: &[u8], price: Place, size: Place, symbol: &Symbol) -> Option<[u64; 2]> {
    let ticks = symbol.grids.price.parse(price.text(frame)?).ok()?;
    let lots = symbol.grids.size.parse(size.text(frame)?).ok()?;
    (lots <= LOTS_MAX).then_some([ticks, lots])
}
