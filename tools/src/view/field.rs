//! Named values, and how they are laid out on lines: whole on one line or on the next, never cut in the middle unnoticed.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

/// How something is to be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// Beside the matter.
    Dim,
    /// Well.
    Good,
    /// To be looked at.
    Warn,
    /// Not well.
    Bad,
}

impl Tone {
    pub(crate) fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Dim => Style::new().add_modifier(Modifier::DIM),
            Self::Good => Style::new().fg(Color::Green),
            Self::Warn => Style::new().fg(Color::Yellow),
            Self::Bad => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        }
    }
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) label: String,
    pub(crate) value: String,
    pub(crate) tone: Tone,
}

impl Field {
    pub(crate) fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into(), tone: Tone::Plain }
    }

    pub(crate) fn toned(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    fn spans(&self) -> [Span<'static>; 3] {
        [
            Span::styled(self.label.clone(), Tone::Dim.style()),
            Span::raw(if self.label.is_empty() { "" } else { " " }),
            Span::styled(self.value.clone(), self.tone.style()),
        ]
    }

    fn width(&self) -> usize {
        self.spans().iter().map(Span::width).sum()
    }
}

/// What belongs together: an instrument, a venue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// How it is, in a word or two.
    pub(crate) status: (Tone, String),
    /// All that is known of it; each row begins on a line of its own.
    pub(crate) rows: Vec<Vec<Field>>,
    /// What fits on one line with its name, the most important first.
    pub(crate) brief: Vec<Field>,
}

/// Between two values on a line.
const GAP: &str = "  ";

impl Group {
    /// All of it.
    pub(crate) fn full(&self, width: usize) -> Vec<Line<'static>> {
        let mut lines = vec![self.head(width)];
        lines.extend(self.rows.iter().flat_map(|row| flow(row, width)));
        lines
    }

    /// One line of it: what has no room is left out whole.
    pub(crate) fn line(&self, width: usize) -> Line<'static> {
        let mut line = self.head(width);
        for field in &self.brief {
            if line.width() + GAP.len() + field.width() > width {
                break;
            }
            line.push_span(Span::raw(GAP));
            field.spans().into_iter().for_each(|span| line.push_span(span));
        }
        line
    }

    fn head(&self, width: usize) -> Line<'static> {
        let (tone, status) = &self.status;
        let name = Span::styled(self.name.clone(), Style::new().add_modifier(Modifier::BOLD));
        cut(Line::from(vec![name, Span::raw(GAP), Span::styled(status.clone(), tone.style())]), width)
    }
}

/// Values one after the other, on as many lines as they need.
fn flow(fields: &[Field], width: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = Vec::new();
    for field in fields {
        match lines.last_mut() {
            Some(line) if line.width() + GAP.len() + field.width() <= width => {
                line.push_span(Span::raw(GAP));
                field.spans().into_iter().for_each(|span| line.push_span(span));
            }
            _ => {
                let line = [Span::raw(GAP)].into_iter().chain(field.spans()).collect::<Vec<_>>();
                lines.push(Line::from(line));
            }
        }
    }
    lines.into_iter().map(|line| cut(line, width)).collect()
}

/// The same where it fits, else its beginning with a mark that there was more.
pub(crate) fn cut(line: Line<'static>, width: usize) -> Line<'static> {
    if line.width() <= width {
        return line;
    }
    let mut left = width.saturating_sub(1);
    let mut spans = Vec::new();
    for span in line.spans {
        let mut kept = String::new();
        for letter in span.content.chars() {
            let wide = Span::raw(letter.to_string()).width();
            if wide > left {
                left = 0;
                break;
            }
            left -= wide;
            kept.push(letter);
        }
        spans.push(Span::styled(kept, span.style));
    }
    if width > 0 {
        spans.push(Span::raw("…"));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(count: usize) -> Vec<Field> {
        (0..count).map(|nth| Field::new(format!("name{nth}"), "1234.5")).collect()
    }

    fn texts(lines: &[Line<'_>]) -> Vec<String> {
        lines.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn values_stay_whole_and_take_the_lines_they_need() {
        assert_eq!(
            texts(&flow(&fields(3), 30)),
            ["  name0 1234.5  name1 1234.5", "  name2 1234.5"],
            "two lines of thirty"
        );
        assert_eq!(texts(&flow(&fields(1), 8)), ["  name0…"], "and where even one has no room it is marked");
        assert!(flow(&[], 8).is_empty());
    }

    #[test]
    fn a_line_has_what_fits_and_nothing_by_halves() {
        let group = Group {
            name: "usdm ETHUSDT".to_owned(),
            status: (Tone::Good, "quoting".to_owned()),
            rows: vec![fields(1)],
            brief: fields(4),
        };
        assert_eq!(group.line(36).to_string(), "usdm ETHUSDT  quoting  name0 1234.5");
        assert_eq!(group.line(35).to_string(), "usdm ETHUSDT  quoting  name0 1234.5");
        assert_eq!(group.line(34).to_string(), "usdm ETHUSDT  quoting");
        assert_eq!(group.line(10).to_string(), "usdm ETHU…");
        assert_eq!(group.line(0).to_string(), "");
        assert_eq!(texts(&group.full(40)), ["usdm ETHUSDT  quoting", "  name0 1234.5"]);
    }
}
