//! One look at a run on a screen of any size: what has no room is left out whole, from the least important on, and that is said.
//!
//! Never here: a terminal, a number.

use ratatui::Frame as Canvas;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph};

use super::field::{Group, Tone, cut};

/// Columns from which instruments and venues stand side by side.
const WIDE: u16 = 120;
/// Lines of the log where there is room for more than all else needs.
const LOG: u16 = 4;

/// One look at a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    /// What runs.
    pub(crate) title: String,
    /// How it is as a whole.
    pub(crate) status: (Tone, String),
    /// How long it has run, and what time it is.
    pub(crate) time: String,
    /// Instruments.
    pub(crate) instruments: Vec<Group>,
    /// Venues.
    pub(crate) venues: Vec<Group>,
    /// What was noted, newest last.
    pub(crate) log: Vec<String>,
    /// What is asked of whoever looks; the keys where nothing is.
    pub(crate) asked: Option<String>,
}

/// How much of each group there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    Full,
    Line,
}

/// Draws it.
pub(crate) fn draw(frame: &Frame, canvas: &mut Canvas<'_>) {
    let all = canvas.area();
    let [head, body, foot] = rows(all, [1, all.height.saturating_sub(2), 1]);
    canvas.render_widget(Paragraph::new(title(frame, usize::from(all.width))), head);
    canvas.render_widget(Paragraph::new(footer(frame, usize::from(all.width))), foot);
    if all.width >= WIDE {
        wide(frame, body, canvas);
    } else {
        narrow(frame, body, canvas);
    }
}

/// Instruments beside venues, and the log below both.
fn wide(frame: &Frame, body: Rect, canvas: &mut Canvas<'_>) {
    let left = body.width / 5 * 3;
    let widths = [left.saturating_sub(1), body.width - left].map(usize::from);
    let of = |groups, width| lines(groups, Detail::Full, width);
    let panels = [of(&frame.instruments, widths[0]), of(&frame.venues, widths[1])];
    let needed = panels.iter().map(Vec::len).max().unwrap_or_default();
    let room = body.height.saturating_sub(LOG + 2);
    let (panels, needed) = if needed <= usize::from(room) {
        (panels, needed)
    } else {
        let of = |groups, width| lines(groups, Detail::Line, width);
        let panels = [of(&frame.instruments, widths[0]), of(&frame.venues, widths[1])];
        let needed = panels.iter().map(Vec::len).max().unwrap_or_default();
        (panels, needed)
    };
    let above = u16::try_from(needed + 1).unwrap_or(u16::MAX).min(room + 1).min(body.height);
    let [upper, lower] = rows(body, [above, body.height - above]);
    let [instruments, venues] = panels;
    panel("instruments", instruments, Rect { width: left.saturating_sub(1), ..upper }, canvas);
    panel("venues", venues, Rect { x: upper.x + left, width: upper.width - left, ..upper }, canvas);
    log(frame, lower, canvas);
}

/// One below the other.
fn narrow(frame: &Frame, body: Rect, canvas: &mut Canvas<'_>) {
    let width = usize::from(body.width);
    let details = [
        (Detail::Full, Detail::Full),
        (Detail::Full, Detail::Line),
        (Detail::Line, Detail::Full),
        (Detail::Line, Detail::Line),
    ];
    let of = |(instruments, venues)| {
        [lines(&frame.instruments, instruments, width), lines(&frame.venues, venues, width)]
    };
    let fits = |panels: &[Vec<Line<'_>>; 2]| {
        panels.iter().map(|lines| lines.len() + 1).sum::<usize>() + usize::from(LOG)
            < usize::from(body.height)
    };
    let panels = details.into_iter().map(of).find(fits);
    let [instruments, venues] = panels.unwrap_or_else(|| of((Detail::Line, Detail::Line)));
    let heights = share(body.height, [instruments.len(), venues.len()]);
    let [first, second, third] = rows(body, heights);
    panel("instruments", instruments, first, canvas);
    panel("venues", venues, second, canvas);
    log(frame, third, canvas);
}

/// Lines with their titles for instruments, venues and the log: what each needs, and where there is less of it, something for each.
fn share(height: u16, needs: [usize; 2]) -> [u16; 3] {
    let mut left = height;
    let mut take = |wanted: usize, kept: u16| {
        let taken = u16::try_from(wanted + 1).unwrap_or(u16::MAX).min(left.saturating_sub(kept));
        left -= taken;
        taken
    };
    let [instruments, venues] = needs;
    // Below them at least one venue and the last line of the log.
    let instruments = take(instruments, 4);
    let venues = take(venues, 2);
    [instruments, venues, left]
}

fn lines(groups: &[Group], detail: Detail, width: usize) -> Vec<Line<'static>> {
    match detail {
        Detail::Full => groups.iter().flat_map(|group| group.full(width)).collect(),
        Detail::Line => groups.iter().map(|group| group.line(width)).collect(),
    }
}

/// A titled panel; where not all has room its last line says how much is missing.
fn panel(name: &str, mut lines: Vec<Line<'static>>, area: Rect, canvas: &mut Canvas<'_>) {
    let room = usize::from(area.height.saturating_sub(1));
    if lines.len() > room {
        let missing = lines.len() + 1 - room.max(1);
        lines.truncate(room.saturating_sub(1));
        lines
            .push(cut(Line::styled(format!("… {missing} more"), Tone::Dim.style()), usize::from(area.width)));
    }
    let title = Span::styled(format!(" {name} "), Style::new().add_modifier(Modifier::BOLD));
    let block = Block::new().borders(Borders::TOP).border_style(Tone::Dim.style()).title(title);
    canvas.render_widget(Paragraph::new(lines).block(block), area);
}

/// The newest of the log.
fn log(frame: &Frame, area: Rect, canvas: &mut Canvas<'_>) {
    let room = usize::from(area.height.saturating_sub(1));
    let newest = frame.log.iter().skip(frame.log.len().saturating_sub(room));
    let lines = newest.map(|said| cut(Line::from(said.clone()), usize::from(area.width))).collect();
    panel("log", lines, area, canvas);
}

/// What runs and how it is, and the time at the other end where there is room.
fn title(frame: &Frame, width: usize) -> Line<'static> {
    let (tone, status) = &frame.status;
    let line = Line::from(vec![
        Span::styled(frame.title.clone(), Style::new().add_modifier(Modifier::BOLD)),
        Span::raw("  "),
        Span::styled(status.clone(), tone.style()),
    ]);
    let mut line = cut(line, width);
    let time = Span::styled(frame.time.clone(), Tone::Dim.style());
    if let Some(gap) = width.checked_sub(line.width() + time.width()).filter(|gap| *gap > 0) {
        line.push_span(Span::raw(" ".repeat(gap)));
        line.push_span(time);
    }
    line
}

fn footer(frame: &Frame, width: usize) -> Line<'static> {
    let line = match &frame.asked {
        Some(asked) => Line::styled(asked.clone(), Tone::Bad.style()),
        None => Line::styled("q stop  p pause/resume  k kill", Tone::Dim.style()),
    };
    cut(line, width)
}

/// Areas of these heights, one below the other.
fn rows<const N: usize>(area: Rect, heights: [u16; N]) -> [Rect; N] {
    let mut y = area.y;
    heights.map(|height| {
        let height = height.min(area.bottom().saturating_sub(y));
        let row = Rect { y, height, ..area };
        y += height;
        row
    })
}

#[cfg(test)]
mod tests;
