//! Prints results as a table.

use std::collections::BTreeMap;

/// What a driver said about one feature.
#[derive(Clone)]
pub(crate) struct Cell {
    pub(crate) ok: bool,
    pub(crate) detail: String,
}

/// One peer over one transport.
pub(crate) struct Column {
    pub(crate) title: String,
    pub(crate) cells: BTreeMap<String, Cell>,
    /// Where the server's messages went.
    pub(crate) log: String,
}

/// The table, and below it each failure in full.
pub(crate) fn render(title: &str, rows: &[&str], columns: &[Column]) -> String {
    let mut lines = vec![line(title, columns.iter().map(|column| column.title.clone()))];
    for row in rows {
        lines.push(line(
            row,
            columns.iter().map(|column| column.cells.get(*row).map_or_else(String::new, mark)),
        ));
    }
    for column in columns {
        for row in rows {
            if let Some(cell) = column.cells.get(*row).filter(|cell| !cell.ok) {
                lines.push(format!("\nFAIL {row} ({}): {}", column.title, cell.detail));
            }
        }
        if column.cells.values().any(|cell| !cell.ok) {
            lines.push(format!("     the server of {} wrote to {}", column.title, column.log));
        }
    }
    lines.join("\n")
}

fn line(feature: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: String = cells.map(|cell| format!("  {cell:<22}")).collect();
    format!("{feature:<20}{cells}").trim_end().to_owned()
}

fn mark(cell: &Cell) -> String {
    match (cell.ok, cell.detail.as_str()) {
        (true, "") => "ok".to_owned(),
        (true, detail) => format!("ok {detail}"),
        (false, _) => "FAIL".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Column, render};

    #[test]
    fn failures_are_repeated_in_full() {
        let cell = |ok, detail: &str| Cell { ok, detail: detail.to_owned() };
        let columns = [
            Column {
                title: "ts stdio".to_owned(),
                cells: [("echo", cell(true, "")), ("add", cell(false, "got 4, want 5"))]
                    .map(|(name, cell)| (name.to_owned(), cell))
                    .into(),
                log: "a.log".to_owned(),
            },
            Column {
                title: "py http".to_owned(),
                cells: [("echo".to_owned(), cell(true, "1"))].into(),
                log: String::new(),
            },
        ];
        let expected = "\
feature               ts stdio                py http
echo                  ok                      ok 1
add                   FAIL

FAIL add (ts stdio): got 4, want 5
     the server of ts stdio wrote to a.log";
        assert_eq!(render("feature", &["echo", "add"], &columns), expected);
    }
}
