//! The same in lines.

use ballast_analytics::format;
use ballast_core::outbox::Note;
use ballast_model::{Contract, Lots, Price};
use ballast_runtime::config::ResolvedInstrument;
use ballast_runtime::live::{Seat, View, Waits};

use super::{About, Known};
use crate::operator;

/// What the start gate waits for, and whom it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waited {
    pub(super) text: String,
    /// Shard, and number there.
    pub(super) seat: Option<(usize, usize)>,
    pub(super) venue: Option<usize>,
}

/// Lines of what is waited for.
pub(super) fn waits(known: &Known<'_>) -> Vec<String> {
    known.waits.iter().copied().flatten().map(|waits| waited_line(waits, known)).collect()
}

fn name(seat: &Seat, about: &About) -> String {
    let one = about.get(seat.shard).and_then(|(_, instruments)| instruments.get(seat.of_shard.index()));
    one.map(|one| one.found.name()).unwrap_or_default()
}

/// An amount in an instrument, in its unit.
fn held(seat: &Seat, lots: Lots, about: &About) -> String {
    let one = about.get(seat.shard).and_then(|(_, instruments)| instruments.get(seat.of_shard.index()));
    one.map_or_else(|| format!("{} lots", lots.0), |one| in_units(lots, one))
}

fn in_units(lots: Lots, one: &ResolvedInstrument) -> String {
    let (spec, found) = (&one.found.spec, &one.found);
    let unit = if spec.contract == Contract::Inverse { "contracts" } else { &found.base };
    format!("{} {unit}", format::lots(spec, lots))
}

fn waited_line(waits: &Waits, known: &Known<'_>) -> String {
    let (about, market) = (known.about, |venue: &usize| known.venues.get(*venue).map_or("", |name| name));
    match waits {
        Waits::Account(venue) => format!("waiting for what {} says of our account", market(venue)),
        Waits::Orders(venue, count) => {
            format!("waiting for {count} orders at {} to be cancelled", market(venue))
        }
        Waits::Book(seat) => format!("waiting for the book of {}", name(seat, about)),
        Waits::Position { seat, venue, ledger } => {
            let (name, venue, ledger) =
                (name(seat, about), held(seat, *venue, about), held(seat, *ledger, about));
            format!("waiting: {name}: the venue has {venue}, the ledger {ledger}")
        }
        Waits::Doubt { seat, position } => {
            format!(
                "waiting: {}: {} in doubt, to be confirmed",
                name(seat, about),
                held(seat, *position, about)
            )
        }
    }
}

/// The same beside the name of whom it concerns.
pub(super) fn waited(known: &Known<'_>) -> Vec<Waited> {
    let at = |seat: &Seat| Some((seat.shard, seat.of_shard.index()));
    let of = |waits: &Waits| match waits {
        Waits::Account(venue) => {
            Waited { text: "waiting for the account".to_owned(), seat: None, venue: Some(*venue) }
        }
        Waits::Orders(venue, count) => {
            Waited { text: format!("cancelling {count} orders"), seat: None, venue: Some(*venue) }
        }
        Waits::Book(seat) => Waited { text: "waiting for the book".to_owned(), seat: at(seat), venue: None },
        Waits::Position { seat, venue, ledger } => {
            let (venue, ledger) = (held(seat, *venue, known.about), held(seat, *ledger, known.about));
            let text = format!("the venue has {venue}, the ledger {ledger}");
            Waited { text, seat: at(seat), venue: None }
        }
        Waits::Doubt { seat, position } => {
            let text = format!("{} in doubt, to be confirmed", held(seat, *position, known.about));
            Waited { text, seat: at(seat), venue: None }
        }
    };
    known.waits.iter().copied().flatten().map(of).collect()
}

/// One line for each instrument.
pub(super) fn lines(view: &View, instruments: &[ResolvedInstrument]) -> Vec<String> {
    let line = |(shown, one): (&ballast_runtime::live::Shown, &ResolvedInstrument)| {
        let spec = &one.found.spec;
        let price = |ticks: i64| match ticks {
            0 => "-".to_owned(),
            ticks => format::price(spec, Price(ticks)).to_string(),
        };
        let [bid, ask] = shown.quotes.map(price);
        let net = shown.net_e6.map_or_else(|| "-".to_owned(), |net| format!("{:.4}", net as f64 / 1e6));
        format!(
            "{}: position {}, quotes {bid} / {ask}, {} open, net {net} {}{}",
            one.found.name(),
            format::lots(spec, Lots(shown.position)),
            shown.open,
            one.found.settlement(),
            if shown.halt.is_some() { ", halted" } else { "" },
        )
    };
    view.instruments.iter().zip(instruments).map(line).collect()
}

/// What a core noted: what is counted together, and what is said of it.
pub(super) fn note(name: Option<&str>, note: &Note) -> (String, String) {
    let of = name.map(|name| format!("{name}: ")).unwrap_or_default();
    let reason = note.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
    let what = of + &format!("{}{reason}", note.kind()).replace('_', " ");
    let more = if let Note::Refused(_, refusal) = note {
        format!(" ({refusal})")
    } else if let Note::Operator(command, answer) = note {
        let answer =
            answer.err().map_or_else(|| "obeyed".to_owned(), |refusal| format!("refused: {refusal}"));
        format!(": {} {answer}", operator::name_of(command.act))
    } else {
        String::new()
    };
    let line = format!("{what}{more}");
    let counted = if let Note::Operator(..) = note { line.clone() } else { what };
    (counted, line)
}
