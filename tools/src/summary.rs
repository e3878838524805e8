//! What came out of a run, in words and as JSON.

use ballast_analytics::format;
use ballast_analytics::pnl::Pnl;
use ballast_analytics::record::{InstrumentRecord, RunRecord};
use ballast_analytics::summary::Summary as Judged;
use ballast_analytics::total::Totals;
use ballast_core::accounts::BookKey;
use ballast_core::gate::Rule;
use ballast_core::ledger::Ledger;
use ballast_model::{HalfTicks, InstrumentId};
use ballast_runtime::job::{Mode, Played, Prepared};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::time::Duration;

use crate::amounts::number;
use crate::hedging::Hedged;
use crate::notes::Said;
use crate::opportunities::{self, Found};
use crate::replay::Plan;
use crate::report::{NONE, ReportFiles};
use crate::{data, hedging, notes, operator, results, totals};

/// A finished run with all that is said of it.
pub(crate) struct Summary<'a> {
    pub(crate) plan: &'a Plan<'a>,
    pub(crate) prepared: &'a Prepared<'a>,
    pub(crate) played: &'a Played,
    pub(crate) record: &'a RunRecord,
    pub(crate) totals: &'a Totals,
    pub(crate) assumptions: &'a [(String, String)],
}

fn pnl_of(record: &InstrumentRecord) -> Pnl {
    record.samples.last().map_or_else(Pnl::default, Pnl::from)
}

fn pnl_of_book(record: &InstrumentRecord, ledger: &Ledger, mid: HalfTicks) -> Pnl {
    let settlement = record.spec.settlement();
    Pnl {
        gross: ledger.gross(mid),
        fees: ledger.fees(settlement),
        rebates: ledger.rebates(settlement),
        funding: ledger.funding(),
    }
}

fn json_of(pnl: Pnl) -> Value {
    json!({
        "gross": number(pnl.gross),
        "fees": number(pnl.fees),
        "rebates": number(pnl.rebates),
        "funding": number(pnl.funding),
        "net": number(pnl.net()),
    })
}

impl Summary<'_> {
    /// One JSON object.
    pub(crate) fn json(&self, files: Option<&ReportFiles>, elapsed: Duration) -> Value {
        let mut object = data::counts(self.prepared);
        data::add_market_problems(&mut object, &self.played.shard, self.prepared.instruments.len());
        let outcome = &self.played.outcome;
        let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
        put("mode", json!(if self.plan.mode == Mode::Idle { "idle" } else { "quoting" }));
        put("repeat", json!(self.plan.repeat));
        put("orders", json!(outcome.orders));
        put("cancels", json!(outcome.cancels));
        put("amendments", json!(outcome.replaces));
        put("amendments_taken", json!(self.played.venue.counters().replaced));
        put("fills", json!(outcome.fills));
        put("venue_refusals", json!(self.played.venue.counters().rejects_total()));
        put("commands_lost", json!(self.played.venue.counters().lost));
        put("has_book", json!(!self.prepared.has_no_book()));
        put("instruments", self.instruments().into());
        put("notes", notes::counts(&self.played.notes.others).into());
        put("notes_dropped", json!(outcome.notes_dropped));
        let settled = &self.totals.settled;
        let by_currency = settled.iter().map(|total| (total.currency.clone(), json_of(total.pnl)));
        put("pnl_by_currency", by_currency.collect::<Map<_, _>>().into());
        put("totals", self.totals.each().map(totals::json).collect());
        put("venues", self.totals.venues.iter().map(totals::venue_json).collect());
        // One figure for the whole run exists where everything settles in one currency, one position where there is one
        // instrument.
        let single = match settled.as_slice() {
            [one] => json_of(one.pnl),
            _ => Value::Null,
        };
        put("pnl", single);
        let only = match self.record.instruments.as_slice() {
            [one] => Some(one),
            _ => None,
        };
        put("position", only.map_or(Value::Null, |one| json!(size(one, self.position(0)))));
        put("max_position", only.map_or(Value::Null, |one| json!(size(one, max_position(one)))));
        if !self.prepared.operator_commands().is_empty() {
            let said = self.played.operator.iter().map(|said| operator::json(said, self.prepared));
            put("operator", Value::Array(said.collect()));
        }
        let books = self.books();
        if !books.is_empty() {
            put("books", books.into());
        }
        let balances = self.balances();
        if !balances.is_empty() {
            put("balances", balances.into());
        }
        put("hedges", hedging::of(self.prepared, &self.played.shard).iter().map(Hedged::json).collect());
        put("opportunities", self.opportunities().iter().map(Found::json).collect());
        let assumed = self.assumptions.iter().map(|(name, value)| (name.clone(), json!(value)));
        put("assumptions", assumed.collect::<Map<_, _>>().into());
        put("decisions_hash", json!(format!("{:016x}", outcome.decisions_hash)));
        put("state_hash", json!(format!("{:016x}", outcome.state_hash)));
        put("decode_seconds", json!(self.prepared.decoding.as_secs_f64()));
        put("replay_seconds", json!(self.played.replaying.as_secs_f64()));
        put("level_updates_played", json!(outcome.level_updates));
        put("level_updates_per_second", json!(self.rate()));
        put(
            "tape_bytes",
            json!(self.prepared.tapes.iter().map(ballast_runtime::tape::Tape::bytes).sum::<usize>()),
        );
        put("total_seconds", json!(elapsed.as_secs_f64()));
        if let Some(files) = files {
            put("report", json!(files.html.display().to_string()));
            put("report_bytes", json!(files.html_bytes));
        }
        object.into()
    }

    /// A few lines for a person.
    pub(crate) fn text(&self, files: Option<&ReportFiles>, elapsed: Duration) -> String {
        let outcome = &self.played.outcome;
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{} messages, {} level updates, {} orders, {} cancels, {} fills",
            outcome.messages, outcome.level_updates, outcome.orders, outcome.cancels, outcome.fills
        );
        let lost = self.played.venue.counters().lost;
        if lost > 0 {
            let _ = writeln!(text, "{lost} commands were lost in outages of the venue");
        }
        for (index, record) in self.record.instruments.iter().enumerate() {
            let _ = writeln!(
                text,
                "{}: position {} {}, at most {}",
                record.name,
                size(record, self.position(index)),
                record.size_unit,
                size(record, max_position(record))
            );
        }
        for line in totals::lines(self.totals) {
            let _ = writeln!(text, "{line}");
        }
        for line in self.said().iter().flat_map(Said::lines) {
            let _ = writeln!(text, "{line}");
        }
        for hedged in hedging::of(self.prepared, &self.played.shard) {
            let _ = writeln!(text, "{}", hedged.text());
        }
        for found in self.opportunities() {
            let _ = writeln!(text, "{}", found.text());
        }
        let _ =
            writeln!(text, "decisions {:016x}, state {:016x}", outcome.decisions_hash, outcome.state_hash);
        let _ = writeln!(
            text,
            "decoded in {:.3} s, replayed in {:.3} s ({:.1} M level updates/s), {:.3} s in all",
            self.prepared.decoding.as_secs_f64(),
            self.played.replaying.as_secs_f64(),
            self.rate() / 1e6,
            elapsed.as_secs_f64()
        );
        if let Some(files) = files {
            let _ = writeln!(text, "report: {} ({} bytes)", files.html.display(), files.html_bytes);
        }
        text
    }

    /// What was counted, for the report.
    pub(crate) fn count_rows(&self) -> Vec<(String, String)> {
        let outcome = &self.played.outcome;
        let mut rows: Vec<_> = data::counts(self.prepared)
            .into_iter()
            .filter(|(_, value)| value.is_number())
            .map(|(name, value)| (name.replace('_', " "), value.to_string()))
            .collect();
        for (name, count) in [
            ("orders", outcome.orders),
            ("cancels", outcome.cancels),
            ("amendments", outcome.replaces),
            ("fills", outcome.fills),
        ] {
            rows.push((name.to_owned(), count.to_string()));
        }
        let venue = self.played.venue.counters();
        rows.push(("orders the venue refused".to_owned(), venue.rejects_total().to_string()));
        rows.push(("commands lost in outages".to_owned(), venue.lost.to_string()));
        rows.extend(self.said().iter().flat_map(Said::rows));
        rows
    }

    /// What the detectors of arbitrage found, for the report.
    pub(crate) fn opportunity_rows(&self) -> Vec<[String; opportunities::COLUMNS.len()]> {
        self.opportunities().iter().map(|found| found.cells(NONE)).collect()
    }

    fn said(&self) -> Vec<Said<'_>> {
        notes::of(self.plan.mode, self.prepared, self.played)
    }

    fn opportunities(&self) -> Vec<Found<'_>> {
        opportunities::of(self.prepared, &self.played.shard)
    }

    fn rate(&self) -> f64 {
        let seconds = self.played.replaying.as_secs_f64();
        let updates = self.played.outcome.level_updates as f64;
        if seconds > 0.0 { updates / seconds } else { 0.0 }
    }

    /// Each book by strategy, sub-account and instrument, at the instrument's last midpoint; empty where none are kept.
    fn books(&self) -> Vec<Value> {
        let names = self.prepared.books();
        let Some((names, accounts)) = names.as_ref().zip(self.played.shard.books()) else {
            return Vec::new();
        };
        let name = |names: &[String], id: u16| names.get(usize::from(id)).cloned().unwrap_or_default();
        let book = |(key, ledger): (BookKey, &Ledger)| {
            let record = self.record.instruments.get(key.instrument.index())?;
            let last = record.samples.last();
            let pnl = last.map_or_else(Pnl::default, |last| pnl_of_book(record, ledger, last.mid));
            Some(json!({
                "strategy": name(&names.strategies, key.strategy.0),
                "account": name(&names.accounts, key.account.0),
                "instrument": record.name,
                "currency": record.currency,
                "position": size(record, ledger.position().0),
                "pnl": json_of(pnl),
            }))
        };
        accounts.books().filter_map(book).collect()
    }

    /// What the venue has for us of each asset that spot is paid with; empty where no order needs funds.
    fn balances(&self) -> Map<String, Value> {
        let found = self.prepared.instruments.iter().map(|one| &one.found);
        let assets =
            found.flat_map(|found| [(&found.base, found.spec.base), (&found.quote, found.spec.quote)]);
        let balance = |(name, asset): (&String, _)| {
            let (free, locked) = self.played.venue.balance(asset)?;
            Some((name.clone(), json!({ "free": number(free), "locked": number(locked) })))
        };
        assets.filter_map(balance).collect()
    }

    fn position(&self, index: usize) -> i64 {
        u16::try_from(index).map_or(0, |id| self.played.shard.position(InstrumentId(id)).0)
    }

    fn instruments(&self) -> Vec<Value> {
        let records = self.record.instruments.iter().zip(self.said()).enumerate();
        records.map(|(index, (record, said))| self.instrument(index, record, &said)).collect()
    }

    fn instrument(&self, index: usize, record: &InstrumentRecord, said: &Said<'_>) -> Value {
        let judged = Judged::of(record);
        let id = InstrumentId(u16::try_from(index).unwrap_or(u16::MAX));
        let found = self.prepared.instruments.get(index).map(|one| &one.found);
        let refusals: Map<_, _> = self.played.shard.gate(id).map_or_else(Map::new, |gate| {
            let refused = Rule::ALL.into_iter().filter(|rule| gate.refusals(*rule) > 0);
            refused.map(|rule| (rule.name().to_owned(), json!(gate.refusals(rule)))).collect()
        });
        json!({
            "name": record.name,
            "tick": format::price(&record.spec, ballast_model::Price(1)).to_string(),
            "lot": format::lots(&record.spec, ballast_model::Lots(1)).to_string(),
            "grid": if found.is_some_and(|found| found.inferred) { "inferred" } else { "configured" },
            "currency": record.currency,
            "position": size(record, self.position(index)),
            "max_position": size(record, max_position(record)),
            "fills": record.fills.len(),
            "pnl": json_of(pnl_of(record)),
            "figures": results::json(&results::of_instrument(record, &judged)),
            "refusals": refusals,
            "notes": said.notes(),
            "quoting": said.quoting(),
        })
    }
}

/// Largest position either way.
fn max_position(record: &InstrumentRecord) -> i64 {
    record.booked().map(|booked| booked.position_after.0.abs()).max().unwrap_or(0)
}

/// Lots as a size, exact, as the venue writes it.
fn size(record: &InstrumentRecord, lots: i64) -> String {
    format::lots(&record.spec, ballast_model::Lots(lots)).to_string()
}
