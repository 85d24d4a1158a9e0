//! Whether a new version of a document still serves those who hold the old one.

mod bundle;
mod contract;
mod derived;
mod display;
mod documents;
mod fields;
mod growth;
mod names;
mod open_lists;
mod open_unions;
mod oracle;
mod patterns;
mod release;
mod round_trip;
mod spelling;
mod types;
mod unions;
mod values;

use schema_compat::{Direction, Impact, compare};
use serde_json::Value;

/// Checks what is reported in each direction: lines of path and change, `+` additive, `~`
/// source, `!` breaking.
#[track_caller]
fn check(old: &Value, new: &Value, request: &[&str], reply: &[&str]) {
    assert_eq!(lines(old, new, Direction::Request), request, "as requests");
    assert_eq!(lines(old, new, Direction::Reply), reply, "as replies");
}

/// Checks that two schemas say the same, whatever way they are written and whatever names they have.
#[track_caller]
fn check_same(left: &Value, right: &Value) {
    for (old, new) in [(left, right), (right, left)] {
        for direction in [Direction::Request, Direction::Reply] {
            let mut lines = lines(old, new, direction);
            lines.retain(|line| !line.starts_with('~'));
            assert_eq!(lines, [""; 0], "{direction:?}");
        }
    }
}

fn lines(old: &Value, new: &Value, direction: Direction) -> Vec<String> {
    let differences = compare(old, new, direction);
    let line = |it: &schema_compat::Difference| {
        let mark = match it.impact {
            Impact::Additive => '+',
            Impact::Source => '~',
            Impact::Breaking => '!',
        };
        format!("{mark} {}: {}", it.path, it.change)
    };
    differences.iter().map(line).collect()
}
