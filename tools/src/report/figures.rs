//! The plots of one instrument.

use super::decimate::{self, Point, Run};
use super::plot::{Marker, Plot, Shape, Size};
use super::text::{self, escape};
use super::ticks::{Axis, Include, Numbers};
use super::time;
use ballast_analytics::drawdown;
use ballast_analytics::estimate::Estimate;
use ballast_analytics::histogram::Histogram;
use ballast_analytics::markout;
use ballast_analytics::record::{FillRow, InstrumentRecord, MARKOUT_HORIZONS, Sample};
use ballast_analytics::summary::Summary;
use ballast_model::{HalfTicks, Nanos, Price, Side, Span};
use std::fmt::Write as _;

const WIDE: Size = Size { width: 1_200.0, height: 250.0 };
const TALL: Size = Size { width: 1_200.0, height: 380.0 };
const HALF: Size = Size { width: 592.0, height: 320.0 };
/// Bins of the spread histogram at most.
const BINS_MAX: usize = 40;
/// More fill markers than this are drawn smaller.
const MARKS_CROWDED: usize = 200;
/// The close-up shows this part of the run in whole seconds, within bounds that leave single quotes visible.
const CLOSE_UP_PART: i64 = 20;
const CLOSE_UP_MIN: Span = Span::from_secs(10);
const CLOSE_UP_MAX: Span = Span::from_secs(30);

/// A figure: a heading with its legend, and the plot.
struct Figure<'a> {
    title: &'a str,
    /// What the reader should know about the drawing; plain text.
    note: String,
    /// Class and name of each layer.
    legend: &'a [(&'a str, &'a str)],
}

impl Figure<'_> {
    fn render(&self, instrument: &str, plot: Option<Plot>) -> String {
        let mut out = String::from("<figure><figcaption><h3>");
        let _ = write!(out, "{}</h3>", escape(self.title));
        if plot.is_some() {
            out.push_str("<span class=\"legend\">");
            for (class, name) in self.legend {
                let _ = write!(out, r#"<span><i class="key {class}"></i>{}</span>"#, escape(name));
            }
            out.push_str("</span>");
        }
        let _ = write!(out, "<p>{}</p></figcaption>", escape(&self.note));
        match plot {
            Some(plot) => out.push_str(&plot.finish(&format!("{instrument}: {}. {}", self.title, self.note))),
            None => out.push_str(r#"<p class="empty">Nothing to draw.</p>"#),
        }
        out.push_str("</figure>");
        out
    }
}

/// Draws the figures of one instrument, each with about `budget` points per series.
pub(super) struct Figures<'a> {
    record: &'a InstrumentRecord,
    summary: &'a Summary,
    budget: usize,
}

impl<'a> Figures<'a> {
    /// Figures of `record`, whose `summary` is known.
    pub(super) const fn new(record: &'a InstrumentRecord, summary: &'a Summary, budget: usize) -> Self {
        Self { record, summary, budget }
    }

    /// Price, quotes and fills over the whole run.
    pub(super) fn price(&self) -> String {
        let shown = self.fills_note(self.record.fills.len());
        let figure = Figure { title: "Price, quotes and fills", note: shown, legend: PRICE_LEGEND };
        figure.render(&self.record.name, self.run_window().map(|window| self.price_plot(window)))
    }

    /// The same over the stretch that holds the most fills, where single quotes can be told apart; `None` where that is
    /// the whole run, or nothing traded.
    pub(super) fn price_close_up(&self) -> Option<String> {
        let window = self.busiest_window().filter(|window| Some(*window) != self.run_window())?;
        let (from, span) = window;
        let fills = self.fills_in(window).count();
        let (start, end) = (time::clock_millis(from), time::clock_millis(from + span));
        let note = format!(
            "{start} to {end}, the {} with the most fills. {}",
            text::span(span),
            self.fills_note(fills)
        );
        let figure = Figure { title: "Close-up", note, legend: PRICE_LEGEND };
        Some(figure.render(&self.record.name, Some(self.price_plot(window))))
    }

    /// Position over time.
    pub(super) fn inventory(&self) -> String {
        let unit = &self.record.size_unit;
        let lot = self.record.spec.lot.to_f64();
        let figure = Figure {
            title: "Inventory",
            note: "Position held: long above zero, short below.".to_owned(),
            legend: &[("position", "position")],
        };
        figure.render(
            &self.record.name,
            self.over_time(unit, |sample| sample.position.0 as f64 * lot).map(|(mut plot, runs)| {
                plot.area("position area", &runs, Shape::Step);
                plot.line("position", &runs, Shape::Step);
                plot
            }),
        )
    }

    /// Profit before and after fees.
    pub(super) fn profit(&self) -> String {
        let currency = &self.record.currency;
        let gross = self.runs_of(|sample| sample.gross.to_f64());
        let net = self.runs_of(|sample| sample.net().to_f64());
        let figure = Figure {
            title: "Profit and loss",
            note: "Open position marked at mid. Net is gross minus fees plus rebates and funding.".to_owned(),
            legend: &[("net", "net"), ("gross", "gross")],
        };
        let plot = self.run_window().map(|(start, span)| {
            let values = gross.iter().chain(&net).flatten().map(|point| point.y);
            let y = Axis::values(values, Include::Zero, Numbers::Real, 6.0, currency);
            let mut plot = Plot::new(WIDE, Axis::time(start, span), y);
            plot.line("gross", &gross, Shape::Straight);
            plot.line("net", &net, Shape::Straight);
            plot
        });
        figure.render(&self.record.name, plot)
    }

    /// Depth below the best net profit so far.
    pub(super) fn drawdown(&self) -> String {
        let depths = drawdown::depths(self.record.net_curve()).map(|(time, depth)| (time, -depth.to_f64()));
        let figure = Figure {
            title: "Drawdown",
            note: "Net profit below its highest point so far, which starts at zero.".to_owned(),
            legend: &[("fall", "drawdown of net")],
        };
        let plot = self.run_window().map(|(start, span)| {
            let series: Vec<_> =
                depths.map(|(time, depth)| ((time - start).as_secs_f64(), Some(depth))).collect();
            let runs = decimate::runs(&series, self.budget);
            let y = axis_of(&runs, &self.record.currency);
            let mut plot = Plot::new(WIDE, Axis::time(start, span), y);
            plot.area("fall area", &runs, Shape::Straight);
            plot.line("fall", &runs, Shape::Straight);
            plot
        });
        figure.render(&self.record.name, plot)
    }

    /// How the fills' distances from the mid are spread out.
    pub(super) fn spread(&self) -> String {
        let observed =
            self.record.fills.iter().map(|fill| (markout::half_ticks(fill, fill.mid), fill.side.index()));
        let histogram = Histogram::of(observed, BINS_MAX);
        let [all, ..] = &self.summary.judgements;
        let mean = all.spread.map(|spread| spread.ticks.mean);
        let note = mean.map_or_else(
            || "No fills.".to_owned(),
            |mean| {
                format!(
                    "Side × (mid at the fill − price), per fill. Dashed: the mean, {} ticks.",
                    text::float(mean, 3)
                )
            },
        );
        let legend = &[("buy", "buys"), ("sell", "sells")];
        let figure = Figure { title: "Spread captured", note, legend };
        figure.render(&self.record.name, histogram.map(|histogram| histogram_plot(&histogram, mean)))
    }

    /// Mean markout by horizon and side, with standard errors.
    pub(super) fn markouts(&self) -> String {
        let figure = Figure {
            title: "Markouts",
            note: "Side × (mid later − price), mean over fills; bars are ± one standard error.".to_owned(),
            legend: &[("all", "all"), ("buy", "buys"), ("sell", "sells")],
        };
        let plot = (!self.record.fills.is_empty()).then(|| markout_plot(self.summary));
        figure.render(&self.record.name, plot)
    }

    /// First sample and duration; `None` without samples.
    fn run_window(&self) -> Option<(Nanos, Span)> {
        Some((self.record.samples.first()?.time, self.record.duration()?))
    }

    /// The part of the run in which most fills lie, clear of the run's ends; `None` without fills or samples.
    fn busiest_window(&self) -> Option<(Nanos, Span)> {
        let (start, span) = self.run_window()?;
        let part = Span::from_secs(span.0 / CLOSE_UP_PART / 1_000_000_000);
        let length = part.clamp(CLOSE_UP_MIN, CLOSE_UP_MAX).min(span);
        let fills = &self.record.fills;
        let within = |first: usize| {
            let rest = fills.get(first..).unwrap_or_default();
            rest.first().map_or(0, |head| rest.partition_point(|fill| fill.time <= head.time + length))
        };
        // The earliest of the fullest: strictly more fills are needed to move on.
        let best = (0..fills.len()).fold(None, |best: Option<(usize, usize)>, first| match best {
            Some((_, most)) if within(first) <= most => best,
            _ => Some((first, within(first))),
        });
        let (first, count) = best?;
        let (head, tail) = (fills.get(first)?.time, fills.get(first + count - 1)?.time);
        let centred = Nanos(head.0 - (length.0 - (tail - head).0) / 2);
        Some((centred.min(start + Span(span.0 - length.0)).max(start), length))
    }

    fn fills_in(&self, (from, span): (Nanos, Span)) -> impl Iterator<Item = &'a FillRow> {
        self.record.fills.iter().filter(move |fill| from <= fill.time && fill.time <= from + span)
    }

    fn fills_note(&self, fills: usize) -> String {
        let thinned = if fills > self.budget { ", thinned to the extremes" } else { "" };
        format!("{} fills{thinned}.", text::whole(fills))
    }

    fn price_plot(&self, window: (Nanos, Span)) -> Plot {
        let (start, span) = window;
        let tick = self.record.spec.tick.to_f64();
        let at_price = |price: Price| price.0 as f64 * tick;
        let at_mid = |mid: HalfTicks| mid.to_ticks_f64() * tick;
        let samples = self.samples_in(window);
        let series = |value: &dyn Fn(&Sample) -> Option<f64>| {
            let points: Vec<_> = samples.iter().map(|(x, sample)| (*x, value(sample))).collect();
            decimate::runs(&points, self.budget)
        };
        let mid = series(&|sample| Some(at_mid(sample.mid)));
        let bid = series(&|sample| sample.bid.map(at_price));
        let ask = series(&|sample| sample.ask.map(at_price));
        let fills = |side: Side| {
            let of_side = self.fills_in(window).filter(|fill| fill.side == side);
            let points: Vec<_> =
                of_side.map(|fill| ((fill.time - start).as_secs_f64(), Some(at_price(fill.price)))).collect();
            decimate::runs(&points, self.budget / 2)
        };
        let (buys, sells) = (fills(Side::Bid), fills(Side::Ask));
        let all = [&mid, &bid, &ask, &buys, &sells].into_iter().flatten().flatten().map(|point| point.y);
        let y = Axis::values(all, Include::Values, Numbers::Real, 9.0, &self.record.price_unit);
        let mut plot = Plot::new(TALL, Axis::time(start, span), y);
        plot.line("bid", &bid, Shape::Step);
        plot.line("ask", &ask, Shape::Step);
        let marks = buys.iter().chain(&sells).map(Vec::len).sum::<usize>();
        let (buy, sell, width) = if marks > MARKS_CROWDED {
            ("buy small mark", "sell small mark", 6.0)
        } else {
            ("buy mark", "sell mark", 9.0)
        };
        plot.markers(buy, Marker::Up, width, &buys);
        plot.markers(sell, Marker::Down, width, &sells);
        plot.line("mid", &mid, Shape::Step);
        plot
    }

    /// Samples of a window with their seconds into it; the state at its start is the last sample before.
    fn samples_in(&self, (start, span): (Nanos, Span)) -> Vec<(f64, &'a Sample)> {
        let samples = &self.record.samples;
        let first = samples.partition_point(|sample| sample.time <= start).saturating_sub(1);
        let rest = samples.get(first..).unwrap_or_default();
        let inside = rest.iter().take_while(|sample| sample.time <= start + span);
        inside.map(|sample| ((sample.time - start).as_secs_f64().max(0.0), sample)).collect()
    }

    fn runs_of(&self, value: impl Fn(&Sample) -> f64) -> Vec<Run> {
        let Some((start, _)) = self.run_window() else { return Vec::new() };
        let samples = self.record.samples.iter();
        let series: Vec<_> =
            samples.map(|sample| ((sample.time - start).as_secs_f64(), Some(value(sample)))).collect();
        decimate::runs(&series, self.budget)
    }

    /// An empty plot over the whole run, scaled for a value of the account, and that value's runs.
    fn over_time(&self, unit: &str, value: impl Fn(&Sample) -> f64) -> Option<(Plot, Vec<Run>)> {
        let (start, span) = self.run_window()?;
        let runs = self.runs_of(value);
        Some((Plot::new(WIDE, Axis::time(start, span), axis_of(&runs, unit)), runs))
    }
}

const PRICE_LEGEND: &[(&str, &str)] =
    &[("mid", "mid"), ("bid", "our bid"), ("ask", "our ask"), ("buy tri", "buy"), ("sell tri", "sell")];

/// A value axis over runs, zero included.
fn axis_of(runs: &[Run], unit: &str) -> Axis {
    Axis::values(runs.iter().flatten().map(|point| point.y), Include::Zero, Numbers::Real, 6.0, unit)
}

fn histogram_plot(histogram: &Histogram, mean: Option<f64>) -> Plot {
    // Half ticks to ticks; a bin reaches half a number beyond its first and last, so that a bar stands over its
    // numbers.
    let edge = |bin: usize| (histogram.start as f64 + histogram.width as f64 * bin as f64 - 0.5) * 0.5;
    let bins = histogram.counts.len();
    let highest = histogram.counts.iter().map(|[buys, sells]| (buys + sells) as f64);
    let x =
        Axis::values([edge(0), edge(bins)], Include::Values, Numbers::Real, 10.0, "spread captured, ticks");
    let y = Axis::values(highest, Include::Zero, Numbers::Whole, 6.0, "fills");
    let mut plot = Plot::new(HALF, x, y);
    for (bin, [buys, sells]) in histogram.counts.iter().enumerate() {
        let (buys, sells) = (*buys as f64, *sells as f64);
        let range = (edge(bin), edge(bin + 1));
        if buys > 0.0 {
            plot.bar("buy bar", range, (0.0, buys));
        }
        if sells > 0.0 {
            plot.bar("sell bar", range, (buys, buys + sells));
        }
    }
    if let Some(mean) = mean {
        plot.rule("mean", mean);
    }
    plot
}

fn markout_plot(summary: &Summary) -> Plot {
    let mut marks = Vec::new();
    for (judgement, (class, shift)) in
        summary.judgements.iter().zip([("all", 0.0), ("buy", -0.12), ("sell", 0.12)])
    {
        let horizons = std::iter::once(&judgement.spread).chain(&judgement.markouts);
        for (at, markout) in horizons.enumerate() {
            if let Some(markout) = markout {
                marks.push((class, at as f64 + shift, markout.bps));
            }
        }
    }
    let reach = |estimate: &Estimate| {
        let error = estimate.standard_error.unwrap_or(0.0);
        (estimate.mean - error, estimate.mean + error)
    };
    let ends = marks.iter().flat_map(|(_, _, estimate)| <[f64; 2]>::from(reach(estimate)));
    let y = Axis::values(ends, Include::Zero, Numbers::Real, 7.0, "basis points of price");
    let mut plot = Plot::new(HALF, horizon_axis(), y);
    for class in ["all", "buy", "sell"] {
        let of_class = || marks.iter().filter(|mark| mark.0 == class);
        let points: Vec<_> = of_class().map(|(_, x, estimate)| Point { x: *x, y: estimate.mean }).collect();
        plot.line(&format!("{class} thin"), std::slice::from_ref(&points), Shape::Straight);
        for (_, x, estimate) in of_class() {
            plot.whisker(class, *x, reach(estimate));
        }
        plot.dots(&format!("{class} dot"), &points);
    }
    plot
}

/// The fill itself, then each horizon, at equal distances.
fn horizon_axis() -> Axis {
    let later = MARKOUT_HORIZONS.iter().map(|span| format!("+{} s", span.as_secs_f64()));
    let labels = std::iter::once("at the fill".to_owned()).chain(later);
    let ticks: Vec<_> = labels.enumerate().map(|(at, label)| (at as f64, label)).collect();
    Axis { low: -0.5, high: ticks.len() as f64 - 0.5, ticks, unit: "time after the fill".to_owned() }
}
