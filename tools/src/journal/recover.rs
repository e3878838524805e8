//! `ballast journal recover`: what a run begins with that goes on where a journal ends.

use core::fmt::Write as _;

use ballast_core::gate::Halt;
use ballast_core::oms::Order;
use ballast_model::InstrumentId;
use ballast_runtime::journal::{Past, Recovery};
use serde_json::{Value, json};

use crate::cli::JournalArgs;
use crate::exit::Code;
use crate::output::{self, Form};

/// Prints it, of several shards one after the other; nothing is begun. A journal that is damaged has the exit code of one that cannot
/// be read.
///
/// # Errors
/// No journal, or none of which anything can be read.
pub(crate) fn recover(arguments: &JournalArgs) -> anyhow::Result<Code> {
    let past = Past::of(&arguments.folder)?;
    for recovery in past.recoveries() {
        for damage in &recovery.damage {
            output::tell(&format!("damaged: {damage}"));
        }
        for unbegun in &recovery.unbegun {
            output::tell(&format!("{}: its run died before it had begun", unbegun.display()));
        }
        if let Some(notice) = &recovery.notice {
            output::tell(notice);
        }
        output::text(&text(recovery), Form::asked(arguments.json))?;
    }
    if arguments.json {
        let mut values: Vec<_> = past.recoveries().map(value).collect();
        output::json(&match (past.shards.len(), values.pop()) {
            (1, Some(only)) => only,
            (_, last) => json!({ "shards": values.into_iter().chain(last).collect::<Vec<_>>() }),
        })?;
    }
    let is_whole = past.recoveries().all(|recovery| recovery.damage.is_empty());
    Ok(if is_whole { Code::Done } else { Code::Data })
}

/// The instruments by their ids, with their names.
fn instruments(recovery: &Recovery) -> impl Iterator<Item = (InstrumentId, &String)> {
    (0..).map(InstrumentId).zip(&recovery.instruments)
}

fn orders(recovery: &Recovery, id: InstrumentId) -> impl Iterator<Item = &Order> {
    recovery.shard.orders(id).into_iter().flat_map(|orders| orders.open_orders())
}

fn closed(recovery: &Recovery, id: InstrumentId) -> Option<Halt> {
    recovery.shard.halt(id).filter(|halt| halt.state != ballast_core::gate::GateState::Active)
}

fn text(recovery: &Recovery) -> String {
    let mut text = String::new();
    for (id, name) in instruments(recovery) {
        let open = orders(recovery, id).count();
        let halt = closed(recovery, id)
            .map_or_else(String::new, |halt| format!(", {} ({})", halt.state.name(), halt.cause.name()));
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "{name}: {} lots, {open} orders of unknown fate{halt}",
            recovery.shard.position(id).0
        );
        for order in orders(recovery, id) {
            let _ = writeln!(text, "  {}", line(order));
        }
    }
    let _ = writeln!(
        text,
        "epoch {}; the next run is {}; {} words carry over, as of {} ns\n{} records read, {} followed, in {:.1} ms",
        recovery.epoch,
        recovery.next_epoch,
        recovery.carried.len(),
        recovery.at.0,
        recovery.records,
        recovery.followed,
        recovery.took.as_secs_f64() * 1e3
    );
    text
}

fn line(order: &Order) -> String {
    let Order { client_id, side, price, lots, filled, .. } = order;
    format!("order {}: {side:?} {} ticks x {} lots, {} traded", client_id.0, price.0, lots.0, filled.0)
}

fn value(recovery: &Recovery) -> Value {
    let order = |order: &Order| {
        json!({
            "client_id": order.client_id.0,
            "venue_id": order.venue_id.map(|id| id.0),
            "side": format!("{:?}", order.side).to_lowercase(),
            "price_ticks": order.price.0,
            "lots": order.lots.0,
            "filled_lots": order.filled.0,
        })
    };
    let instrument = |(id, name): (InstrumentId, &String)| {
        let halt = closed(recovery, id);
        json!({
            "instrument": name,
            "position_lots": recovery.shard.position(id).0,
            "unknown_orders": orders(recovery, id).map(order).collect::<Vec<_>>(),
            "state": halt.map(|halt| halt.state.name()),
            "rule": halt.map(|halt| halt.cause.name()),
        })
    };
    json!({
        "instruments": instruments(recovery).map(instrument).collect::<Vec<_>>(),
        "epoch": recovery.epoch,
        "next_epoch": recovery.next_epoch,
        "carried": recovery.carried.len(),
        "at_ns": recovery.at.0,
        "records": recovery.records,
        "followed": recovery.followed,
        "seconds": recovery.took.as_secs_f64(),
        "as_it_stands": recovery.notice.is_some(),
        "damage": recovery.damage,
        "unbegun": recovery.unbegun.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
    })
}
