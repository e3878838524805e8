//! The baseline: one pass over the bytes, one byte at a time, knowing the keys of each message. Field order
//! is free; whitespace and escapes are not understood.

use super::fields::{Decode, Fields, Grid, Kind, Level, decimal};

/// The plain byte scan.
#[derive(Debug, Default)]
pub(crate) struct ByteScan;

impl Decode for ByteScan {
    fn name(&self) -> &'static str {
        "byte scan"
    }

    fn decode(&mut self, kind: Kind, grid: Grid, frame: &[u8], out: &mut Fields) -> Option<()> {
        let mut scan = Scan { rest: frame };
        if kind == Kind::Snapshot {
            return scan.object(|scan, key| scan.field(kind, grid, key, out));
        }
        scan.object(|scan, key| match key {
            b"data" => scan.object(|scan, key| scan.field(kind, grid, key, out)),
            _ => scan.skip(),
        })
    }
}

struct Scan<'a> {
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    fn field(&mut self, kind: Kind, grid: Grid, key: &[u8], out: &mut Fields) -> Option<()> {
        match (kind, key) {
            (_, b"E") => out.event_time = self.number()?,
            (_, b"T") => out.transaction_time = self.number()?,
            (Kind::BookTicker | Kind::Depth, b"u")
            | (Kind::Trade, b"t")
            | (Kind::Snapshot, b"lastUpdateId") => {
                out.id = self.number()?;
            }
            (Kind::Depth, b"U") => out.first_id = self.number()?,
            (Kind::Depth, b"pu") => out.previous_id = self.number()?,
            (Kind::Depth, b"b") | (Kind::Snapshot, b"bids") => self.levels(grid, &mut out.bids)?,
            (Kind::Depth, b"a") | (Kind::Snapshot, b"asks") => self.levels(grid, &mut out.asks)?,
            (Kind::BookTicker, b"b") | (Kind::Trade, b"p") => {
                out.bid.price = decimal(self.text()?, grid.price)?
            }
            (Kind::BookTicker, b"B") | (Kind::Trade, b"q") => {
                out.bid.size = decimal(self.text()?, grid.size)?
            }
            (Kind::BookTicker, b"a") => out.ask.price = decimal(self.text()?, grid.price)?,
            (Kind::BookTicker, b"A") => out.ask.size = decimal(self.text()?, grid.size)?,
            (Kind::Trade, b"m") => {
                out.buyer_is_maker = self.rest.first() == Some(&b't');
                self.skip()?;
            }
            _ => self.skip()?,
        }
        Some(())
    }

    /// An object; `field` must consume the value of the key it is given.
    fn object(&mut self, mut field: impl FnMut(&mut Self, &[u8]) -> Option<()>) -> Option<()> {
        self.eat(b'{')?;
        loop {
            let key = self.text()?;
            self.eat(b':')?;
            field(self, key)?;
            if self.next()? != b',' {
                return Some(());
            }
        }
    }

    /// `[["price","size"],…]`
    fn levels(&mut self, grid: Grid, out: &mut Vec<Level>) -> Option<()> {
        out.clear();
        self.eat(b'[')?;
        while self.next()? == b'[' {
            let price = self.text()?;
            self.eat(b',')?;
            let size = self.text()?;
            self.eat(b']')?;
            out.push(grid.level(price, size)?);
            if self.rest.first() == Some(&b',') {
                self.next()?;
            }
        }
        Some(())
    }

    /// A string without escapes, unquoted.
    fn text(&mut self) -> Option<&'a [u8]> {
        self.eat(b'"')?;
        let end = self.rest.iter().position(|&byte| byte == b'"')?;
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.get(1..)?;
        Some(text)
    }

    fn number(&mut self) -> Option<u64> {
        let end = self.rest.iter().position(|byte| !byte.is_ascii_digit())?;
        let (digits, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        decimal(digits, 0)
    }

    /// A string, number or word.
    fn skip(&mut self) -> Option<()> {
        if self.rest.first() == Some(&b'"') {
            self.text()?;
        } else {
            let end = self.rest.iter().position(|byte| matches!(byte, b',' | b'}'))?;
            self.rest = self.rest.get(end..)?;
        }
        Some(())
    }

    fn eat(&mut self, expected: u8) -> Option<()> {
        (self.next()? == expected).then_some(())
    }

    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }
}
