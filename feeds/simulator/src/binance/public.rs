//! Market data queries, and the streams that are made of them.

use ballast_model::{InstrumentId, Nanos, Span};

use super::config::Market;
use super::decimal::{DIGITS, show};
use super::json::{Obj, list, quoted};
use super::market::{Candle, DayFigures, Print, levels, price, size};
use super::params::Params;
use super::position::per;
use super::refusal::Refusal;
use super::render::ms;
use super::routes::Op;
use super::venue::{Listed, Venue};
use crate::back::Back;

/// Candle lengths, in minutes.
const INTERVALS: &[(&str, i64)] = &[
    ("1m", 1),
    ("3m", 3),
    ("5m", 5),
    ("15m", 15),
    ("30m", 30),
    ("1h", 60),
    ("2h", 120),
    ("4h", 240),
    ("6h", 360),
    ("8h", 480),
    ("12h", 720),
    ("1d", 1_440),
    ("1w", 7 * 1_440),
];

impl<B: Back> Venue<B> {
    /// Answers what needs no key; `None` where this does.
    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not named is not public")]
    pub(super) fn public(&self, op: Op, params: &Params, now: Nanos) -> Option<Result<String, Refusal>> {
        Some(match op {
            Op::Ping => Ok("{}".to_owned()),
            Op::Time => Ok(Obj::new().put("serverTime", ms(self.told_time(now))).end()),
            Op::Info => self.exchange_info(params, self.told_time(now)),
            Op::Depth => self.depth(params, now),
            Op::Trades => self.trades(params, false),
            Op::AggTrades => self.trades(params, true),
            Op::Klines => self.klines(params),
            Op::AvgPrice => self.average(params),
            Op::Day => self.each(params, |listed| self.day(listed)),
            Op::Price => self.each(params, |listed| self.last_price(listed, now)),
            Op::Book => self.each(params, |listed| self.best_levels(listed, now)),
            Op::Premium => self.each(params, |listed| self.premium(listed, now)),
            Op::FundingRate => self.funding_rate(params),
            Op::Nothing => Ok(list([])),
            Op::SystemStatus => Ok(Obj::new().put("status", 0).text("msg", "normal").end()),
            Op::Gone => Err(Refusal {
                status: 410,
                ..Refusal::new(-1000, "Listen keys are gone: subscribe on the WebSocket API.")
            }),
            _ => return None,
        })
    }

    fn wanted_symbol(&self, params: &Params) -> Result<&Listed, Refusal> {
        let id = self.symbol(params.need("symbol")?)?.id;
        self.listed(id).ok_or_else(Refusal::unknown_symbol)
    }

    /// One symbol's answer, or an array of those named, or of all.
    fn each(&self, params: &Params, of: impl Fn(&Listed) -> String) -> Result<String, Refusal> {
        if params.get("symbol").is_some() {
            return self.wanted_symbol(params).map(of);
        }
        let Some(names) = params.get("symbols") else {
            return Ok(list(self.listed.values().map(of)));
        };
        let names: Vec<String> =
            serde_json::from_str(names).map_err(|_| Refusal::illegal("symbols", "[\"A\",\"B\"]"))?;
        let mut rows = Vec::new();
        for name in names {
            let id = self.symbol(&name)?.id;
            rows.extend(self.listed(id).map(&of));
        }
        Ok(list(rows))
    }

    fn limit(params: &Params, usual: usize, most: usize) -> Result<usize, Refusal> {
        Ok(params.number("limit")?.unwrap_or(usual).clamp(1, most))
    }

    fn depth(&self, params: &Params, now: Nanos) -> Result<String, Refusal> {
        let symbol = &self.wanted_symbol(params)?.symbol;
        let (usual, most) = if self.market() == Market::Spot { (100, 5_000) } else { (500, 1_000) };
        let depth = self.back.depth(symbol.id, Self::limit(params, usual, most)?);
        let answer = Obj::new().put("lastUpdateId", depth.update_id.0);
        let answer = match self.market() {
            Market::Spot => answer,
            Market::UsdM => answer.put("E", ms(now)).put("T", ms(now)),
        };
        let side = |side: &[_]| levels(self.market(), &symbol.spec, side);
        Ok(answer.put("bids", side(&depth.bids)).put("asks", side(&depth.asks)).end())
    }

    fn trades(&self, params: &Params, aggregated: bool) -> Result<String, Refusal> {
        let Listed { symbol, memory, .. } = self.wanted_symbol(params)?;
        let limit = Self::limit(params, 500, 1_000)?;
        let from: Option<u64> = params.number("fromId")?;
        let start: Option<i64> = params.number("startTime")?;
        let end: Option<i64> = params.number("endTime")?;
        let wanted = |print: &&Print| {
            from.is_none_or(|from| print.id >= from)
                && start.is_none_or(|start| print.at_ms >= start)
                && end.is_none_or(|end| print.at_ms <= end)
        };
        let prints: Vec<&Print> = memory.prints.iter().filter(wanted).collect();
        let forward = from.is_some() || start.is_some();
        let skipped = if forward { 0 } else { prints.len().saturating_sub(limit) };
        let spec = &symbol.spec;
        let market = self.market();
        Ok(list(prints.iter().skip(skipped).take(limit).map(|print| {
            let (at, lots) = (price(market, spec, print.price), size(market, spec, print.size));
            if aggregated {
                let row = Obj::new().put("a", print.id).text("p", &at).text("q", &lots).put("f", print.id);
                row.put("l", print.id).put("T", print.at_ms).put("m", print.buyer_rested).put("M", true).end()
            } else {
                let row = Obj::new().put("id", print.id).text("price", &at).text("qty", &lots);
                let value = value_of(print);
                row.text("quoteQty", &show(value, DIGITS))
                    .put("time", print.at_ms)
                    .put("isBuyerMaker", print.buyer_rested)
                    .put("isBestMatch", true)
                    .end()
            }
        })))
    }

    fn klines(&self, params: &Params) -> Result<String, Refusal> {
        let Listed { symbol, memory, .. } = self.wanted_symbol(params)?;
        let interval = params.need("interval")?;
        let (_, minutes) = INTERVALS
            .iter()
            .find(|(name, _)| *name == interval)
            .ok_or_else(|| Refusal::new(-1120, "Invalid interval."))?;
        let limit = Self::limit(params, 500, 1_500)?;
        let start: Option<i64> = params.number("startTime")?;
        let end: Option<i64> = params.number("endTime")?;
        let mut candles = memory.candles(*minutes);
        candles.retain(|candle| {
            start.is_none_or(|start| candle.open_ms >= start) && end.is_none_or(|end| candle.open_ms <= end)
        });
        let skipped = if start.is_some() { 0 } else { candles.len().saturating_sub(limit) };
        let market = self.market();
        let at = |value| price(market, &symbol.spec, value);
        let row = |candle: &Candle| {
            let close_ms = candle.open_ms + minutes * 60_000 - 1;
            let texts = |values: &[String]| list(values.iter().map(|text| quoted(text)));
            let prices = [candle.open, candle.high, candle.low, candle.close].map(at);
            let head = texts(&prices);
            let head = head.trim_matches(['[', ']']);
            format!(
                "[{},{head},\"{}\",{close_ms},\"{}\",{},\"{}\",\"{}\",\"0\"]",
                candle.open_ms,
                size(market, &symbol.spec, candle.size),
                show(candle.value, DIGITS),
                candle.trades,
                size(market, &symbol.spec, candle.bought),
                show(candle.bought_value, DIGITS),
            )
        };
        Ok(list(candles.iter().skip(skipped).take(limit).map(row)))
    }

    fn average(&self, params: &Params) -> Result<String, Refusal> {
        let Listed { symbol, memory, .. } = self.wanted_symbol(params)?;
        let candle = memory.candles(5).last().copied().unwrap_or_default();
        let mean = if candle.size == 0 { self.mark_of(symbol) } else { per(candle.value, candle.size) };
        let close = memory.prints.back().map_or(0, |print| print.at_ms);
        Ok(Obj::new().put("mins", 5).text("price", &show(mean, DIGITS)).put("closeTime", close).end())
    }

    fn day(&self, listed: &Listed) -> String {
        let (market, symbol) = (self.market(), &listed.symbol);
        let spec = &symbol.spec;
        let touch = self.back.depth(symbol.id, 1);
        let day = DayFigures::new(&listed.memory, spec, &touch);
        let at = |value| price(market, spec, value);
        let lots = |value| size(market, spec, value);
        let head = Obj::new()
            .text("symbol", &symbol.name)
            .text("priceChange", &at(day.change))
            .text("priceChangePercent", &show(day.percent, 3))
            .text("weightedAvgPrice", &at(day.mean))
            .text("lastPrice", &at(day.candle.close))
            .text("lastQty", &lots(day.last_size))
            .text("openPrice", &at(day.candle.open))
            .text("highPrice", &at(day.candle.high))
            .text("lowPrice", &at(day.candle.low))
            .text("volume", &lots(day.candle.size))
            .text("quoteVolume", &show(day.candle.value, DIGITS))
            .put("openTime", day.candle.open_ms)
            .put("closeTime", day.last_ms)
            .put("firstId", day.first_id)
            .put("lastId", day.last_id)
            .put("count", day.candle.trades);
        match market {
            Market::UsdM => head.end(),
            Market::Spot => head
                .text("prevClosePrice", &at(day.candle.open))
                .text("bidPrice", &at(day.bid.0))
                .text("bidQty", &lots(day.bid.1))
                .text("askPrice", &at(day.ask.0))
                .text("askQty", &lots(day.ask.1))
                .end(),
        }
    }

    fn last_price(&self, listed: &Listed, now: Nanos) -> String {
        let last = listed.memory.last().unwrap_or_else(|| self.mark_of(&listed.symbol));
        let row = Obj::new()
            .text("symbol", &listed.symbol.name)
            .text("price", &price(self.market(), &listed.symbol.spec, last));
        match self.market() {
            Market::Spot => row.end(),
            Market::UsdM => row.put("time", ms(now)).end(),
        }
    }

    fn best_levels(&self, listed: &Listed, now: Nanos) -> String {
        let (market, spec) = (self.market(), &listed.symbol.spec);
        let touch = self.back.depth(listed.symbol.id, 1);
        let day = DayFigures::new(&listed.memory, spec, &touch);
        let row = Obj::new()
            .text("symbol", &listed.symbol.name)
            .text("bidPrice", &price(market, spec, day.bid.0))
            .text("bidQty", &size(market, spec, day.bid.1))
            .text("askPrice", &price(market, spec, day.ask.0))
            .text("askQty", &size(market, spec, day.ask.1));
        match market {
            Market::Spot => row.end(),
            Market::UsdM => row.put("time", ms(now)).put("lastUpdateId", touch.update_id.0).end(),
        }
    }

    fn premium(&self, listed: &Listed, now: Nanos) -> String {
        let mark = listed.memory.mark.as_ref();
        let marked = show(self.mark_of(&listed.symbol), DIGITS);
        let text = |of: fn(&super::market::Mark) -> &String| {
            mark.map(of).filter(|text| !text.is_empty()).cloned().unwrap_or_else(|| marked.clone())
        };
        let rate = mark.map(|mark| mark.rate.as_str()).filter(|rate| !rate.is_empty());
        Obj::new()
            .text("symbol", &listed.symbol.name)
            .text("markPrice", &text(|mark| &mark.mark))
            .text("indexPrice", &text(|mark| &mark.index))
            .text("estimatedSettlePrice", &text(|mark| &mark.mark))
            .text("lastFundingRate", rate.unwrap_or("0.00000000"))
            .text("interestRate", "0.00010000")
            .put("nextFundingTime", mark.map_or(0, |mark| mark.next_ms))
            .put("time", mark.map_or(ms(now), |mark| mark.at_ms))
            .end()
    }

    fn funding_rate(&self, params: &Params) -> Result<String, Refusal> {
        let one = params.get("symbol").map(|name| self.symbol(name).map(|symbol| symbol.id)).transpose()?;
        let limit = Self::limit(params, 100, 1_000)?;
        let listed = self.listed.values().filter(|listed| one.is_none_or(|id| listed.symbol.id == id));
        let rows: Vec<String> = listed
            .flat_map(|listed| {
                listed.memory.fundings.iter().map(|funding| {
                    Obj::new()
                        .text("symbol", &listed.symbol.name)
                        .put("fundingTime", funding.next_ms)
                        .text("fundingRate", &funding.rate)
                        .text("markPrice", &funding.mark)
                        .end()
                })
            })
            .collect();
        let skipped = rows.len().saturating_sub(limit);
        Ok(list(rows.into_iter().skip(skipped)))
    }

    /// `depth5`, `depth10`, `depth20`: the book's top whenever the book has changed.
    pub(super) fn publish_tops(&mut self, id: InstrumentId, now: Nanos) {
        let Some(Listed { symbol, .. }) = self.listed.get(&id) else { return };
        let (market, name) = (self.config.market, symbol.name.to_ascii_lowercase());
        for count in [5_usize, 10, 20] {
            let names: Vec<String> = ["", "@100ms", "@250ms", "@500ms"]
                .iter()
                .map(|cadence| format!("{name}@depth{count}{cadence}"))
                .filter(|name| self.fleet.wants(name))
                .collect();
            if names.is_empty() {
                continue;
            }
            let depth = self.back.depth(id, count);
            let bids = levels(market, &symbol.spec, &depth.bids);
            let asks = levels(market, &symbol.spec, &depth.asks);
            let update = depth.update_id.0;
            let payload = match market {
                Market::Spot => Obj::new().put("lastUpdateId", update).put("bids", bids).put("asks", asks),
                Market::UsdM => Obj::new()
                    .text("e", "depthUpdate")
                    .put("E", ms(now))
                    .put("T", ms(now))
                    .text("s", &symbol.name)
                    .put("U", update)
                    .put("u", update)
                    .put("pu", update.saturating_sub(1))
                    .put("b", bids)
                    .put("a", asks),
            };
            self.fleet.publish(&names, &payload.end());
        }
    }

    /// `ticker`, `miniTicker` and candles, once a second at most.
    pub(super) fn publish_figures(&mut self, id: InstrumentId, now: Nanos) {
        let Some(listed) = self.listed.get_mut(&id) else { return };
        if listed.memory.told.is_some_and(|told| now < told + Span::from_secs(1)) {
            return;
        }
        listed.memory.told = Some(now);
        let name = listed.symbol.name.to_ascii_lowercase();
        let Some(listed) = self.listed.get(&id) else { return };
        let mut out = Vec::new();
        for kind in ["ticker", "miniTicker"] {
            let stream = format!("{name}@{kind}");
            if self.fleet.wants(&stream) {
                out.push((stream, self.figures(listed, kind == "ticker", now)));
            }
        }
        for (interval, minutes) in INTERVALS {
            let stream = format!("{name}@kline_{interval}");
            if let Some(candle) = listed.memory.candles(*minutes).last().filter(|_| self.fleet.wants(&stream))
            {
                out.push((stream, self.candle(listed, (interval, *minutes), candle, now)));
            }
        }
        for (stream, payload) in out {
            self.fleet.publish(&[stream], &payload);
        }
    }

    fn figures(&self, listed: &Listed, whole: bool, now: Nanos) -> String {
        let (market, symbol) = (self.market(), &listed.symbol);
        let spec = &symbol.spec;
        let day = DayFigures::new(&listed.memory, spec, &self.back.depth(symbol.id, 1));
        let at = |value| price(market, spec, value);
        let lots = |value| size(market, spec, value);
        let name = if whole { "24hrTicker" } else { "24hrMiniTicker" };
        let event = Obj::new().text("e", name).put("E", ms(now)).text("s", &symbol.name);
        let event = event
            .text("c", &at(day.candle.close))
            .text("o", &at(day.candle.open))
            .text("h", &at(day.candle.high))
            .text("l", &at(day.candle.low))
            .text("v", &lots(day.candle.size))
            .text("q", &show(day.candle.value, DIGITS));
        if !whole {
            return event.end();
        }
        let event = event
            .text("p", &at(day.change))
            .text("P", &show(day.percent, 3))
            .text("w", &at(day.mean))
            .text("Q", &lots(day.last_size))
            .put("O", day.candle.open_ms)
            .put("C", day.last_ms)
            .put("F", day.first_id)
            .put("L", day.last_id)
            .put("n", day.candle.trades);
        match market {
            Market::UsdM => event.end(),
            Market::Spot => event
                .text("x", &at(day.candle.open))
                .text("b", &at(day.bid.0))
                .text("B", &lots(day.bid.1))
                .text("a", &at(day.ask.0))
                .text("A", &lots(day.ask.1))
                .end(),
        }
    }

    fn candle(
        &self,
        listed: &Listed,
        (interval, minutes): (&str, i64),
        candle: &Candle,
        now: Nanos,
    ) -> String {
        let (market, spec) = (self.market(), &listed.symbol.spec);
        let at = |value| price(market, spec, value);
        let body = Obj::new()
            .put("t", candle.open_ms)
            .put("T", candle.open_ms + minutes * 60_000 - 1)
            .text("s", &listed.symbol.name)
            .text("i", interval)
            .put("f", -1)
            .put("L", -1)
            .text("o", &at(candle.open))
            .text("c", &at(candle.close))
            .text("h", &at(candle.high))
            .text("l", &at(candle.low))
            .text("v", &size(market, spec, candle.size))
            .put("n", candle.trades)
            .put("x", false)
            .text("q", &show(candle.value, DIGITS))
            .text("V", &size(market, spec, candle.bought))
            .text("Q", &show(candle.bought_value, DIGITS))
            .text("B", "0")
            .end();
        let event = Obj::new().text("e", "kline").put("E", ms(now)).text("s", &listed.symbol.name);
        event.put("k", body).end()
    }
}

/// What a trade was worth, in 10⁻¹⁸.
fn value_of(print: &Print) -> i128 {
    print.price / 10_i128.pow(9) * (print.size / 10_i128.pow(9))
}
