//! Tables in Markdown on standard error: read by people, and pasted as they are into a dated record.

/// Prints a table; columns of words are left-aligned, columns of figures right-aligned.
pub(crate) fn print(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let columns: Vec<Column> = head
        .iter()
        .enumerate()
        .map(|(column, title)| Column {
            width: cells(column).map(|cell| cell.chars().count()).fold(title.len().max(3), usize::max),
            words: cells(column).any(|cell| cell.starts_with(char::is_alphabetic)),
        })
        .collect();
    let line = |cells: Vec<String>| eprintln!("| {} |", cells.join(" | "));
    line(columns.iter().zip(head).map(|(column, title)| column.pad(title)).collect());
    line(columns.iter().map(Column::rule).collect());
    for row in &rows {
        line(columns.iter().zip(row).map(|(column, cell)| column.pad(cell)).collect());
    }
    eprintln!();
}

struct Column {
    /// In characters; at least 3.
    width: usize,
    words: bool,
}

impl Column {
    fn pad(&self, cell: &str) -> String {
        let width = self.width;
        if self.words { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
    }

    fn rule(&self) -> String {
        let dashes = "-".repeat(self.width - 1);
        if self.words { format!("{dashes}-") } else { format!("{dashes}:") }
    }
}
