//! A plot as inline SVG: two axes and layers of marks. Colours and line widths come from the page's style sheet by
//! class.

use super::decimate::{Point, Run};
use super::text::escape;
use super::ticks::Axis;
use std::fmt::Write as _;

const LEFT: f64 = 92.0;
const RIGHT: f64 = 34.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 44.0;

/// Width and height of a plot in CSS pixels at its natural size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Whole width, axis labels included.
    pub(super) width: f64,
    /// Whole height, axis labels included.
    pub(super) height: f64,
}

/// How a line goes from one point to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Straight.
    Straight,
    /// The value holds until the next point.
    Step,
}

/// Which way a triangle marker points; its tip is at the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// Up: a buy.
    Up,
    /// Down: a sell.
    Down,
}

/// A plot being drawn.
#[derive(Clone, Debug)]
pub(super) struct Plot {
    size: Size,
    x: Axis,
    y: Axis,
    layers: String,
}

impl Plot {
    /// A plot with axes and nothing on it yet.
    pub(super) const fn new(size: Size, x: Axis, y: Axis) -> Self {
        Self { size, x, y, layers: String::new() }
    }

    /// Draws runs as lines.
    pub(super) fn line(&mut self, class: &str, runs: &[Run], shape: Shape) {
        let mut path = String::new();
        for run in runs {
            self.trace(&mut path, run, shape);
        }
        self.path(class, &path);
    }

    /// Fills between runs and zero (or the end of the axis nearest to it).
    pub(super) fn area(&mut self, class: &str, runs: &[Run], shape: Shape) {
        let base = self.y_at(0.0f64.clamp(self.y.low, self.y.high));
        let mut path = String::new();
        for run in runs {
            let Some(first) = run.first() else { continue };
            self.trace(&mut path, run, shape);
            let _ = write!(
                path,
                "V{}H{}V{}Z",
                tenths(base),
                tenths(self.x_at(first.x)),
                tenths(self.y_at(first.y))
            );
        }
        self.path(class, &path);
    }

    /// Draws a triangle at each point, as wide as `width` pixels.
    pub(super) fn markers(&mut self, class: &str, marker: Marker, width: f64, runs: &[Run]) {
        let (half, height) = match marker {
            Marker::Up => (tenths(0.5 * width), tenths(0.75 * width)),
            Marker::Down => (tenths(0.5 * width), tenths(-0.75 * width)),
        };
        let mut path = String::new();
        for point in runs.iter().flatten() {
            let (x, y) = (tenths(self.x_at(point.x)), tenths(self.y_at(point.y)));
            let _ = write!(path, "M{x} {y}l{half} {height}h{}Z", -2 * half);
        }
        self.path(class, &path);
    }

    /// Draws a round dot at each point.
    pub(super) fn dots(&mut self, class: &str, points: &[Point]) {
        for point in points {
            let (x, y) = (self.x_at(point.x), self.y_at(point.y));
            let _ = write!(self.layers, r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="4"/>"#);
        }
    }

    /// Draws a bar from `low` to `high` over the horizontal range from `from` to `to`.
    pub(super) fn bar(&mut self, class: &str, (from, to): (f64, f64), (low, high): (f64, f64)) {
        let (left, right) = (self.x_at(from), self.x_at(to));
        let (bottom, top) = (self.y_at(low), self.y_at(high));
        // A hair between neighbours, where there is room for one.
        let width = (right - left - 1.0).max(0.5 * (right - left));
        let _ = write!(
            self.layers,
            r#"<rect class="{class}" x="{left:.1}" y="{top:.1}" width="{width:.1}" height="{:.1}"/>"#,
            bottom - top
        );
    }

    /// Draws a vertical error bar with caps.
    pub(super) fn whisker(&mut self, class: &str, x: f64, (low, high): (f64, f64)) {
        let (x, bottom, top) = (self.x_at(x), self.y_at(low), self.y_at(high));
        let _ = write!(
            self.layers,
            r#"<path class="{class}" d="M{x:.1} {bottom:.1}V{top:.1}M{:.1} {bottom:.1}h8M{:.1} {top:.1}h8"/>"#,
            x - 4.0,
            x - 4.0
        );
    }

    /// Draws a vertical line over the whole height.
    pub(super) fn rule(&mut self, class: &str, x: f64) {
        let x = self.x_at(x);
        let (top, bottom) = (TOP, self.size.height - BOTTOM);
        let _ = write!(self.layers, r#"<path class="{class}" d="M{x:.1} {top}V{bottom}"/>"#);
    }

    /// The finished SVG element; `label` says in words what it shows, for those who do not see it.
    pub(super) fn finish(self, label: &str) -> String {
        let Size { width, height } = self.size;
        let mut svg = String::with_capacity(self.layers.len() + 4_096);
        let _ =
            write!(svg, r#"<svg viewBox="0 0 {width} {height}" role="img" aria-label="{}">"#, escape(label));
        self.axes(&mut svg);
        svg.push_str(&self.layers);
        svg.push_str("</svg>");
        svg
    }

    /// Grid, ticks, labels and units.
    fn axes(&self, svg: &mut String) {
        let (left, right) = (LEFT, self.size.width - RIGHT);
        let (top, bottom) = (TOP, self.size.height - BOTTOM);
        svg.push_str(r#"<path class="grid" d=""#);
        for (value, _) in &self.y.ticks {
            let _ = write!(svg, "M{left} {:.1}H{right}", self.y_at(*value));
        }
        for (value, _) in &self.x.ticks {
            let _ = write!(svg, "M{:.1} {top}V{bottom}", self.x_at(*value));
        }
        svg.push_str(r#""/>"#);
        if self.y.low <= 0.0 && 0.0 <= self.y.high {
            let _ = write!(svg, r#"<path class="zero" d="M{left} {:.1}H{right}"/>"#, self.y_at(0.0));
        }
        let _ = write!(svg, r#"<path class="edge" d="M{left} {top}V{bottom}H{right}"/><g class="ylab">"#);
        for (value, label) in &self.y.ticks {
            let _ = write!(
                svg,
                r#"<text x="{}" y="{:.1}">{}</text>"#,
                left - 8.0,
                self.y_at(*value) + 4.0,
                escape(label)
            );
        }
        svg.push_str(r#"</g><g class="xlab">"#);
        for (value, label) in &self.x.ticks {
            let _ = write!(
                svg,
                r#"<text x="{:.1}" y="{}">{}</text>"#,
                self.x_at(*value),
                bottom + 17.0,
                escape(label)
            );
        }
        let _ = write!(
            svg,
            r#"</g><text class="unit" x="{}" y="{}">{}</text>"#,
            left - 8.0,
            top - 10.0,
            escape(&self.y.unit)
        );
        let _ = write!(
            svg,
            r#"<text class="unit end" x="{right}" y="{}">{}</text>"#,
            bottom + 36.0,
            escape(&self.x.unit)
        );
    }

    /// Adds a run's outline to `path`: where it begins as an absolute point, then relative steps, all in tenths of a
    /// pixel. The rounding is of the positions and not of the steps, so it does not add up.
    fn trace(&self, path: &mut String, run: &[Point], shape: Shape) {
        let mut at: Option<(i64, i64)> = None;
        for point in run {
            let to = (tenths(self.x_at(point.x)), tenths(self.y_at(point.y)));
            let Some(from) = at.replace(to) else {
                let _ = write!(path, "M{} {}", to.0, to.1);
                continue;
            };
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            if (dx, dy) == (0, 0) {
                continue;
            }
            let _ = match shape {
                Shape::Straight if dy < 0 => write!(path, "l{dx}{dy}"),
                Shape::Straight => write!(path, "l{dx} {dy}"),
                Shape::Step if dy == 0 => write!(path, "h{dx}"),
                Shape::Step if dx == 0 => write!(path, "v{dy}"),
                Shape::Step => write!(path, "h{dx}v{dy}"),
            };
        }
    }

    /// Adds a path whose numbers are tenths of a pixel.
    fn path(&mut self, class: &str, path: &str) {
        if !path.is_empty() {
            let _ = write!(self.layers, r#"<path class="{class}" transform="scale(.1)" d="{path}"/>"#);
        }
    }

    fn x_at(&self, value: f64) -> f64 {
        LEFT + self.x.share(value) * (self.size.width - LEFT - RIGHT)
    }

    fn y_at(&self, value: f64) -> f64 {
        let bottom = self.size.height - BOTTOM;
        bottom - self.y.share(value) * (bottom - TOP)
    }
}

/// A position in whole tenths of a pixel.
#[expect(clippy::cast_possible_truncation, reason = "positions on a page; the cast saturates")]
fn tenths(pixels: f64) -> i64 {
    (pixels * 10.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ticks::{Include, Numbers};

    fn plot() -> Plot {
        let axis = |high, unit: &str| Axis {
            low: 0.0,
            high,
            ticks: vec![(0.0, "0".to_owned())],
            unit: unit.to_owned(),
        };
        // The drawing area is 100 by 10 pixels.
        Plot::new(
            Size { width: LEFT + RIGHT + 100.0, height: TOP + BOTTOM + 10.0 },
            axis(100.0, "s"),
            axis(10.0, "USDT"),
        )
    }

    const RUN: [Point; 3] = [Point { x: 0.0, y: 0.0 }, Point { x: 10.0, y: 5.0 }, Point { x: 20.0, y: 5.0 }];

    #[test]
    fn lines_and_steps_are_relative_tenths_of_a_pixel() {
        let mut straight = plot();
        straight.line("net", &[RUN.to_vec()], Shape::Straight);
        assert!(straight.layers.contains(r#"d="M920 340l100-50l100 0""#), "{}", straight.layers);
        let mut step = plot();
        step.line("net", &[RUN.to_vec()], Shape::Step);
        assert!(step.layers.contains(r#"d="M920 340h100v-50h100""#), "{}", step.layers);
    }

    #[test]
    fn an_area_closes_on_zero() {
        let mut area = plot();
        area.area("fall", &[RUN.to_vec()], Shape::Straight);
        assert!(area.layers.contains("l100 0V340H920V340Z"), "{}", area.layers);
    }

    #[test]
    fn every_axis_carries_its_unit_and_the_label_is_escaped() {
        let svg = plot().finish("a < b");
        assert!(svg.contains(">USDT</text>") && svg.contains(">s</text>"));
        assert!(svg.contains(r#"aria-label="a &lt; b""#));
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>"));
    }

    #[test]
    fn an_empty_layer_draws_nothing() {
        let mut empty = plot();
        empty.line("net", &[], Shape::Straight);
        empty.markers("buy", Marker::Up, 9.0, &[]);
        assert!(empty.layers.is_empty());
        assert!(Axis::values([], Include::Zero, Numbers::Real, 5.0, "").low < 1.0);
    }
}
