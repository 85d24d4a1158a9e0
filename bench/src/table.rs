//! What the program gives out: a table for people, and the same as JSON.

use std::{fs, io, path::Path};

use crate::row::{Goal, Row};

/// The table in Markdown.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut lines = vec![
        "| what | ours | against | | ratio | goal | |".to_owned(),
        "| --- | ---: | --- | ---: | ---: | --- | --- |".to_owned(),
    ];
    lines.extend(rows.iter().map(line));
    lines.join("\n")
}

/// One line of it.
#[must_use]
pub fn line(row: &Row) -> String {
    let Row { name, ours, against, other, ratio, goal, ok } = row;
    let (ours, other, ratio) = (figure(*ours), figure(*other), figure(*ratio));
    let verdict = match (goal, ok) {
        (Goal::Reported, _) => "–",
        (_, true) => "ok",
        (_, false) => "**no**, [why](#where-a-goal-is-not-met)",
    };
    format!("| {name} | {ours} | {against} | {other} | {ratio} | {goal} | {verdict} |")
}

fn figure(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(value) if value.abs() >= 100.0 => format!("{value:.0}"),
        Some(value) if value.abs() >= 10.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.2}"),
    }
}

/// Writes the rows as JSON.
///
/// # Errors
///
/// The file cannot be written.
pub fn write_json(path: &Path, rows: &[Row]) -> io::Result<()> {
    let mut json = serde_json::to_string_pretty(rows)?;
    json.push('\n');
    fs::write(path, json)
}

/// Between these lines of the page stands the table.
const BEGIN: &str = "<!-- The table is written by the benchmark. -->\n";
const END: &str = "\n<!-- End of the table. -->";

/// Puts the table into the page that explains it.
///
/// # Errors
///
/// The page cannot be read or written, or has no place for a table.
pub fn write_table(page: &Path, rows: &[Row]) -> io::Result<()> {
    let text = fs::read_to_string(page)?;
    let place = || {
        let (before, rest) = text.split_once(BEGIN)?;
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    };
    let Some((before, after)) = place() else {
        return Err(io::Error::other(format!("{} has no place for a table", page.display())));
    };
    fs::write(page, format!("{before}{BEGIN}{}{END}{after}", table(rows)))
}
