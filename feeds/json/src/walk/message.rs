//! The members of a message object: what they say, once the kind of message is known.

use super::members::Members;
use super::{Context, Place};
use crate::kernels::{Kernels, LANE};
use crate::keys::{Key, Keys};
use crate::symbols::{Name, Symbol};
use crate::{E8, Grids, LOTS_MAX, Level, Message, PRICE_TICKS_MAX, Side, TradeKind};

/// The members that a kind of message must have, by type, and those that must be integers if they are there.
struct Shape {
    integers: Keys,
    optional_integers: Keys,
    strings: Keys,
    arrays: Keys,
    /// What else conversion looks at.
    others: Keys,
}

const BOOK_TICKER: Shape = Shape {
    integers: Keys::of(&[Key::LowerU]),
    optional_integers: Keys::of(&[Key::UpperE, Key::UpperT]),
    strings: Keys::of(&[Key::LowerS, Key::LowerB, Key::UpperB, Key::LowerA, Key::UpperA]),
    arrays: Keys::NONE,
    others: Keys::of(&[Key::LowerE]),
};

const DEPTH: Shape = Shape {
    integers: Keys::of(&[Key::UpperU, Key::LowerU, Key::UpperE]),
    optional_integers: Keys::of(&[Key::Pu, Key::UpperT]),
    strings: Keys::of(&[Key::LowerS]),
    arrays: Keys::of(&[Key::LowerB, Key::LowerA]),
    others: Keys::of(&[Key::LowerE]),
};

const SNAPSHOT: Shape = Shape {
    integers: Keys::of(&[Key::LastUpdateId]),
    optional_integers: Keys::of(&[Key::UpperE, Key::UpperT]),
    strings: Keys::NONE,
    arrays: Keys::of(&[Key::Bids, Key::Asks]),
    others: Keys::of(&[Key::Symbol]),
};

const TRADE: Shape = Shape {
    integers: Keys::of(&[Key::LowerT, Key::UpperE, Key::UpperT]),
    optional_integers: Keys::NONE,
    strings: Keys::of(&[Key::LowerS, Key::LowerP, Key::LowerQ]),
    arrays: Keys::NONE,
    others: Keys::of(&[Key::LowerE, Key::LowerM, Key::UpperX]),
};

const AGG_TRADE: Shape = Shape {
    integers: Keys::of(&[Key::LowerA, Key::LowerF, Key::LowerL, Key::UpperE, Key::UpperT]),
    optional_integers: Keys::NONE,
    strings: Keys::of(&[Key::LowerS, Key::LowerP, Key::LowerQ]),
    arrays: Keys::NONE,
    others: Keys::of(&[Key::LowerE, Key::LowerM, Key::Nq]),
};

const MARK_PRICE: Shape = Shape {
    integers: Keys::of(&[Key::UpperE, Key::UpperT]),
    optional_integers: Keys::NONE,
    strings: Keys::of(&[Key::LowerS, Key::LowerP]),
    arrays: Keys::NONE,
    others: Keys::of(&[Key::LowerE, Key::LowerI, Key::UpperP, Key::LowerR]),
};

impl<'f, K: Kernels> Members<'f, K> {
    #[inline(always)]
    pub(super) fn message(&self) -> Option<Message> {
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
            None
        }
    }

    /// Whether the string under `key` is `text`.
    #[inline(always)]
    fn is<const N: usize>(&self, key: Key, text: &[u8; N]) -> bool {
        let place = self.places[key as usize];
        self.strings.contains(key)
            && place.length as usize == N
            && place.from(self.context.frame).and_then(<[u8]>::first_chunk) == Some(text)
    }

    #[inline(always)]
    fn book_ticker(&self) -> Option<Message> {
        self.fits(&BOOK_TICKER)?;
        let symbol = self.symbol(Key::LowerS)?;
        let [bid_ticks, bid_lots] = self.price_and_size(Key::LowerB, Key::UpperB, symbol)?;
        let [ask_ticks, ask_lots] = self.price_and_size(Key::LowerA, Key::UpperA, symbol)?;
        Some(Message::BookTicker {
            symbol: symbol.id,
            update_id: self.integer(Key::LowerU)?,
            event_time: self.integer_if_any(Key::UpperE)?,
            transaction_time: self.integer_if_any(Key::UpperT)?,
            bid: Level { ticks: bid_ticks, lots: bid_lots },
            ask: Level { ticks: ask_ticks, lots: ask_lots },
        })
    }

    #[inline(always)]
    fn depth(&self) -> Option<Message> {
        self.fits(&DEPTH)?;
        Some(Message::Depth {
            symbol: self.book?.id,
            first_id: self.integer(Key::UpperU)?,
            last_id: self.integer(Key::LowerU)?,
            prev_id: self.integer_if_any(Key::Pu)?,
            event_time: self.integer(Key::UpperE)?,
            transaction_time: self.integer_if_any(Key::UpperT)?,
            bids: self.count(Key::LowerB)?,
            asks: self.count(Key::LowerA)?,
        })
    }

    #[inline(never)]
    fn snapshot(&self) -> Option<Message> {
        self.fits(&SNAPSHOT)?;
        let symbol = self.book?;
        // A symbol named after the levels would overrule the one they were decoded for.
        if !core::ptr::eq(self.snapshot_symbol()?, symbol) {
            return None;
        }
        Some(Message::Snapshot {
            symbol: symbol.id,
            last_update_id: self.integer(Key::LastUpdateId)?,
            event_time: self.integer_if_any(Key::UpperE)?,
            transaction_time: self.integer_if_any(Key::UpperT)?,
            bids: self.count(Key::Bids)?,
            asks: self.count(Key::Asks)?,
        })
    }

    #[inline(always)]
    fn trade(&self) -> Option<Message> {
        self.fits(&TRADE)?;
        let symbol = self.symbol(Key::LowerS)?;
        let [price, lots] = self.price_and_size(Key::LowerP, Key::LowerQ, symbol)?;
        let kind = if !self.seen.contains(Key::UpperX) || self.is(Key::UpperX, b"MARKET") {
            TradeKind::Market
        } else {
            self.text(Key::UpperX)?;
            self.check(true, self.place(Key::UpperX)?)?;
            TradeKind::Other
        };
        Some(Message::Trade {
            symbol: symbol.id,
            trade_id: self.integer(Key::LowerT)?,
            price,
            lots,
            event_time: self.integer(Key::UpperE)?,
            trade_time: self.integer(Key::UpperT)?,
            maker: self.maker()?,
            kind,
        })
    }

    #[inline(always)]
    fn agg_trade(&self) -> Option<Message> {
        self.fits(&AGG_TRADE)?;
        let symbol = self.symbol(Key::LowerS)?;
        let [price, lots] = self.price_and_size(Key::LowerP, Key::LowerQ, symbol)?;
        let normal_lots = if self.seen.contains(Key::Nq) {
            let [_, normal] = self.price_and_size(Key::LowerP, Key::Nq, symbol)?;
            Some(normal)
        } else {
            None
        };
        Some(Message::AggTrade {
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

    #[inline(never)]
    fn mark_price(&self) -> Option<Message> {
        self.fits(&MARK_PRICE)?;
        Some(Message::MarkPrice {
            symbol: self.symbol(Key::LowerS)?.id,
            mark: self.e8(Key::LowerP)??,
            index: self.e8(Key::LowerI)?,
            settle: self.e8(Key::UpperP)?,
            funding_rate: self.e8(Key::LowerR)?,
            next_funding_time: self.integer(Key::UpperT)?,
            event_time: self.integer(Key::UpperE)?,
        })
    }

    /// Whether the members are those of `shape`, and all others are well-formed. (Those of the shape prove to be when they are
    /// converted.)
    #[inline(always)]
    fn fits(&self, shape: &Shape) -> Option<()> {
        let integers = shape.integers.or(self.seen.and(shape.optional_integers));
        let fits = self.seen.includes(integers)
            && self.strings.and(integers) == Keys::NONE
            && self.strings.includes(shape.strings)
            && self.arrays == shape.arrays;
        if !fits {
            return None;
        }
        let judged = shape.integers.or(shape.optional_integers).or(shape.strings).or(shape.arrays).or(shape.others);
        let others = self.seen.without(judged);
        if others == Keys::NONE { Some(()) } else { self.check_others(others) }
    }

    #[inline(never)]
    fn check_others(&self, others: Keys) -> Option<()> {
        for key in others {
            self.check(self.strings.has(key), *self.places.get(key)?)?;
        }
        Some(())
    }

    #[inline(always)]
    fn place(&self, key: Key) -> Option<Place> {
        self.places.get(key as usize).copied()
    }

    fn count(&self, key: Key) -> Option<u32> {
        self.place(key).map(|place| place.length)
    }

    #[inline(always)]
    fn text(&self, key: Key) -> Option<&'f [u8]> {
        if self.strings.contains(key) { self.place(key)?.of(self.context.frame) } else { None }
    }

    /// Digits, and no leading zero.
    #[inline(always)]
    fn integer(&self, key: Key) -> Option<u64> {
        let Context { frame, kernels, .. } = self.context;
        let place = self.place(key)?;
        let lane = place.lane(frame)?;
        let length = place.length as usize;
        let value = kernels.integer(lane, length)?;
        let leading_zero = lane[(LANE - length) % LANE] == b'0' && length != 1;
        (length != 0 && !leading_zero).then_some(value)
    }

    #[inline(always)]
    fn integer_if_any(&self, key: Key) -> Option<Option<u64>> {
        if self.seen.contains(key) { self.integer(key).map(Some) } else { Some(None) }
    }

    #[inline(always)]
    fn price_and_size(&self, price: Key, size: Key, symbol: &Symbol) -> Option<[u64; 2]> {
        if !self.strings.contains(size) {
            return None;
        }
        price_and_size(self.context, self.place(price)?, self.place(size)?, symbol)
    }

    #[inline(always)]
    pub(super) fn symbol(&self, key: Key) -> Option<&'f Symbol> {
        let Context { frame, symbols, .. } = self.context;
        if !self.strings.contains(key) {
            return None;
        }
        let place = self.place(key)?;
        symbols.find(Name::at(place.from(frame)?, place.length as usize)?)
    }

    pub(super) fn snapshot_symbol(&self) -> Option<&'f Symbol> {
        let Context { frame, symbols, snapshot_symbol, stream, .. } = self.context;
        if self.seen.contains(Key::Symbol) {
            return self.symbol(Key::Symbol);
        }
        if let Some(stream) = stream {
            let letters = stream.of(frame)?.iter().take_while(|&&byte| byte != b'@');
            return symbols.find(Name::of(letters.map(u8::to_ascii_uppercase))?);
        }
        symbols.by_id(snapshot_symbol?)
    }

    #[inline(always)]
    fn maker(&self) -> Option<Side> {
        match self.place(Key::LowerM)?.of(self.context.frame)? {
            b"true" => Some(Side::Bid),
            b"false" => Some(Side::Ask),
            _ => None,
        }
    }

    /// The number under `key`; inner `None` when there is no such member, or its text is empty.
    #[inline(always)]
    fn e8(&self, key: Key) -> Option<Option<E8>> {
        if !self.seen.contains(key) {
            return Some(None);
        }
        let text = self.text(key)?;
        if text.is_empty() {
            return Some(None);
        }
        let place = self.place(key)?;
        let negative = key == Key::LowerR && text.starts_with(b"-");
        let digits = Place { length: place.length - u32::from(negative), ..place };
        let grids = Grids { price: E8::GRID, size: E8::GRID };
        let [units, _] = decimals(self.context, digits, digits, &grids)?;
        let units = i64::try_from(units).ok()?;
        Some(Some(E8(if negative { -units } else { units })))
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
    let [ticks, lots] = match decimals(context, price, size, &symbol.grids) {
        Some(units) if symbol.unit_steps => units,
        _ => any_decimals(context.frame, price, size, symbol)?,
    };
    (ticks <= PRICE_TICKS_MAX).then_some([ticks, lots])
}

/// Two texts in units of their grids' last decimals.
#[inline(always)]
fn decimals<K: Kernels>(
    context: Context<'_, K>,
    price: Place,
    size: Place,
    grids: &Grids,
) -> Option<[u64; 2]> {
    let Context { kernels, frame, .. } = context;
    let lanes = [price.lane(frame)?, size.lane(frame)?];
    let scales = [kernels.scale(&grids.price), kernels.scale(&grids.size)];
    kernels.decimals(lanes, [price.length as usize, size.length as usize], scales)
}

/// Ticks and lots of two texts too long for the kernel, or on grids with other steps than 1.
#[cold]
fn any_decimals(frame: &[u8], price: Place, size: Place, symbol: &Symbol) -> Option<[u64; 2]> {
    let ticks = symbol.grids.price.parse(price.of(frame)?).ok()?;
    let lots = symbol.grids.size.parse(size.of(frame)?).ok()?;
    (lots <= LOTS_MAX).then_some([ticks, lots])
}
