//! Lines 9 and 10: what a Worker and a turn leave in memory.

use crate::{
    memory,
    row::{Goal, Row},
};

/// What an idle actor of kameo or ractor takes, in bytes.
const ACTOR: f64 = 7_700.0;

/// Measures line 9.
pub fn idle(rows: &mut Vec<Row>) {
    let figures = memory::figures();
    let mut row = |name, bytes| {
        rows.push(Row::new(name, bytes, "400 bytes", 400.0, Goal::AtMost(1.0)));
        rows.push(Row::new(name, bytes, "an idle kameo or ractor actor", ACTOR, Goal::Reported));
    };
    row("9 an idle Worker of 1000000, bytes", figures.idle_worker);
    row("9 the same, once listed by activity, bytes", figures.idle_worker_listed);
}

/// Measures line 10.
pub fn turns(rows: &mut Vec<Row>) {
    let figures = memory::figures();
    let mut row = |name, bytes, most: f64| {
        rows.push(Row::new(name, bytes, format!("{most} bytes"), most, Goal::AtMost(1.0)));
    };
    row("10 an entry and its event without the text, bytes", figures.entry_and_event, 200.0);
    row("10 a whole turn without its texts, bytes", figures.turn, 640.0);
}
