//! Decoding speed: raw frames of real captures to typed integers, each contender over all frames of a message
//! type.

mod corpus;
mod fields;
mod ours;
mod scan;
mod serde_shapes;

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::Args;
use serde_json::{Value, json};

use corpus::Corpus;
use fields::{Decode, Fields};
use ours::Ballast;
use scan::ByteScan;
use serde_shapes::{Serde, SerdeJson, SimdJson, SonicRs};

use crate::race::Rounds;
use crate::{capture, table};

/// A timed pass covers at least this many bytes, so that a corpus of two snapshots is still measurable.
const PASS_BYTES_MIN: usize = 4 << 20;

/// Options of `decode`.
#[derive(Debug, Args)]
pub struct Options {
    /// Timed rounds per message type; in each, every contender takes one turn.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Only message types whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
}

/// One contender on one corpus.
struct Score {
    name: &'static str,
    /// Nanoseconds per message.
    ns: Rounds,
}

/// Races the contenders over every corpus, prints a table and returns the figures.
///
/// # Errors
/// A capture is missing, or the contenders disagree on a frame.
pub fn run(options: &Options) -> Result<Value> {
    let mut contenders = contenders();
    let mut rows = Vec::new();
    let mut corpora = Vec::new();
    for corpus in
        corpus::load(&capture::folder())?.iter().filter(|corpus| corpus.name.contains(&options.only))
    {
        check(corpus, &mut contenders)?;
        let scores = race(corpus, &mut contenders, options.rounds);
        rows.push(row(corpus, &scores));
        corpora.push(figures(corpus, &scores));
    }
    eprintln!(
        "ns per message, median of {} interleaved rounds; in brackets: times the first contender\n",
        options.rounds
    );
    let names: Vec<_> = contenders.iter().map(|contender| contender.name()).collect();
    table::print(&[["message", "frames", "bytes", "levels"].as_slice(), &names].concat(), rows);
    Ok(json!({ "bench": "decode", "rounds": options.rounds, "messages": corpora }))
}

/// The reference first.
fn contenders() -> Vec<Box<dyn Decode>> {
    vec![
        Box::new(Ballast::default()),
        Box::new(ByteScan),
        Box::new(Serde::<SimdJson>::default()),
        Box::new(Serde::<SonicRs>::default()),
        Box::new(Serde::<SerdeJson>::default()),
    ]
}

/// All contenders must deliver the same integers from every frame.
fn check(corpus: &Corpus, contenders: &mut [Box<dyn Decode>]) -> Result<()> {
    let mut outs: Vec<Fields> = contenders.iter().map(|_| Fields::default()).collect();
    for frame in corpus.frames() {
        for (contender, out) in contenders.iter_mut().zip(&mut outs) {
            let decoded = contender.decode(corpus.kind, corpus.grid, frame, out);
            ensure!(decoded.is_some(), "{} refuses {}", contender.name(), String::from_utf8_lossy(frame));
        }
        let agreed = outs.iter().zip(outs.iter().skip(1)).all(|(one, other)| one == other);
        ensure!(agreed, "contenders disagree on {}: {outs:?}", String::from_utf8_lossy(frame));
    }
    Ok(())
}

fn race(corpus: &Corpus, contenders: &mut [Box<dyn Decode>], rounds: u32) -> Vec<Score> {
    let passes = PASS_BYTES_MIN.div_ceil(corpus.bytes().max(1));
    let mut scores: Vec<Score> =
        contenders.iter().map(|contender| Score { name: contender.name(), ns: Rounds::default() }).collect();
    let mut out = Fields::default();
    for _ in 0..rounds {
        for (contender, score) in contenders.iter_mut().zip(&mut scores) {
            let start = Instant::now();
            for _ in 0..passes {
                for frame in corpus.frames() {
                    black_box(contender.decode(corpus.kind, corpus.grid, frame, &mut out));
                    black_box(&out);
                }
            }
            score.ns.0.push(start.elapsed().as_secs_f64() * 1e9 / (passes * corpus.len()) as f64);
        }
    }
    scores
}

fn mean(total: usize, corpus: &Corpus) -> f64 {
    total as f64 / corpus.len() as f64
}

fn row(corpus: &Corpus, scores: &[Score]) -> Vec<String> {
    let mut row = vec![
        corpus.name.clone(),
        corpus.len().to_string(),
        format!("{:.0}", mean(corpus.bytes(), corpus)),
        format!("{:.0}", mean(corpus.levels, corpus)),
    ];
    let Some(reference) = scores.first() else { return row };
    for score in scores {
        row.push(format!("{:.0} ({:.2})", score.ns.median(), score.ns.times(&reference.ns)));
    }
    row
}

fn figures(corpus: &Corpus, scores: &[Score]) -> Value {
    let contender = |score: &Score| {
        json!({
            "name": score.name,
            "ns": score.ns.median(),
            "ns_best": score.ns.best(),
            "times_first": scores.first().map(|reference| score.ns.times(&reference.ns)),
        })
    };
    json!({
        "name": corpus.name,
        "frames": corpus.len(),
        "bytes_mean": mean(corpus.bytes(), corpus),
        "levels_mean": mean(corpus.levels, corpus),
        "contenders": scores.iter().map(contender).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests;
