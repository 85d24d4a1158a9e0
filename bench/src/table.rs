//! The tables that the benchmark prints and writes into its page of the documentation.

use std::{fmt, fs, io, path::Path};

/// A row of a table: a figure, another figure to compare with if there is one, and the goal.
#[derive(Clone, Debug)]
pub struct Row {
    what: String,
    unit: &'static str,
    figure: f64,
    beside: Option<(String, f64)>,
    goal: Goal,
}

#[derive(Clone, Copy, Debug)]
enum Goal {
    /// The largest allowed figure.
    Figure(f64),
    /// The largest allowed ratio of the figure to the one beside it.
    Ratio(f64),
    /// No goal: the row is there for orientation.
    None,
}

impl Row {
    /// Creates a row whose goal is absolute.
    pub fn absolute(what: impl Into<String>, figure: f64, unit: &'static str, most: f64) -> Self {
        Self { what: what.into(), unit, figure, beside: None, goal: Goal::Figure(most) }
    }

    /// Creates a row of times in microseconds whose goal is a ratio.
    pub fn ratio(
        what: impl Into<String>,
        figure: f64,
        beside: impl Into<String>,
        other: f64,
        most: f64,
    ) -> Self {
        let row = Self::orientation(what, figure, beside, other);
        Self { goal: Goal::Ratio(most), ..row }
    }

    /// Creates a row of times in microseconds without a goal.
    pub fn orientation(
        what: impl Into<String>,
        figure: f64,
        beside: impl Into<String>,
        other: f64,
    ) -> Self {
        let beside = Some((beside.into(), other));
        Self { what: what.into(), unit: "µs", figure, beside, goal: Goal::None }
    }

    fn verdict(&self) -> &'static str {
        let met = match (self.goal, &self.beside) {
            (Goal::Figure(most), _) => self.figure <= most,
            (Goal::Ratio(most), Some((_, other))) => self.figure / other <= most,
            (Goal::Ratio(_) | Goal::None, _) => return "",
        };
        if met { "yes" } else { "**no**" }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, unit, figure, beside, goal } = self;
        write!(f, "| {what} | {} {unit} |", digits(*figure))?;
        match beside {
            Some((beside, other)) => {
                write!(f, " {beside} | {} {unit} | {:.2} |", digits(*other), figure / other)?;
            }
            None => f.write_str(" | | |")?,
        }
        match goal {
            Goal::Figure(most) => write!(f, " ≤ {most} {unit}")?,
            Goal::Ratio(most) => write!(f, " ratio ≤ {most}")?,
            Goal::None => {}
        }
        write!(f, " | {} |", self.verdict())
    }
}

fn digits(figure: f64) -> String {
    let decimals = if figure >= 100.0 {
        0
    } else if figure >= 10.0 {
        1
    } else {
        3
    };
    format!("{figure:.decimals$}")
}

/// The head of a table.
pub const HEAD: &str = "| what | figure | beside | its figure | ratio | goal | met |
| --- | ---: | --- | ---: | ---: | --- | --- |
";

const BEGIN: &str = "<!-- The benchmark writes what follows. -->\n";
const END: &str = "<!-- The benchmark writes nothing below this line. -->";

/// Replaces the tables of a page.
///
/// # Errors
///
/// Fails if the page cannot be read or written, or has no place for tables.
pub fn write(page: &Path, tables: &str) -> io::Result<()> {
    let text = fs::read_to_string(page)?;
    let place = text.split_once(BEGIN).zip(text.split_once(END));
    let Some(((before, _), (_, after))) = place else {
        return Err(io::Error::other(format!("{} has no place for tables", page.display())));
    };
    fs::write(page, format!("{before}{BEGIN}{tables}{END}{after}"))
}
