//! A sign of life at a terminal while nothing has been said yet.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use anstream::{AutoStream, ColorChoice};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

const FRAMES: [char; 4] = ['|', '/', '-', '\\'];
const FRAME_TIME: Duration = Duration::from_millis(100);

/// Turns on stderr, if that is a terminal where such is wanted, until it is stopped or dropped.
#[derive(Debug)]
pub(crate) struct Spinner {
    /// `None` where nothing turns.
    ticks: Option<Interval>,
    frame: usize,
    is_shown: bool,
}

impl Spinner {
    /// Shows nothing yet: what is answered at once needs no sign of life.
    pub(crate) fn new() -> Self {
        Self { ticks: is_wanted().then(ticks), frame: 0, is_shown: false }
    }

    /// Never shows anything.
    pub(crate) fn none() -> Self {
        Self { ticks: None, frame: 0, is_shown: false }
    }

    /// Shows one frame after the other, and never ends.
    pub(crate) async fn turn(&mut self) {
        while let Some(ticks) = &mut self.ticks {
            ticks.tick().await;
            write(&format!("\r{} ", FRAMES[self.frame % FRAMES.len()]));
            self.frame += 1;
            self.is_shown = true;
        }
        std::future::pending::<()>().await;
    }

    /// Makes room for something else, and turns on below it.
    pub(crate) fn hide(&mut self) {
        if self.is_shown {
            write("\r\u{1b}[K");
            self.is_shown = false;
        }
    }

    /// Leaves nothing behind.
    pub(crate) fn stop(&mut self) {
        self.ticks = None;
        self.hide();
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Whether people look at stderr, and want it to be more than plain text.
fn is_wanted() -> bool {
    let stderr = io::stderr();
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stderr.is_terminal() && !is_dumb && AutoStream::choice(&stderr) != ColorChoice::Never
}

fn ticks() -> Interval {
    let mut ticks = interval_at(Instant::now() + FRAME_TIME, FRAME_TIME);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

fn write(frame: &str) {
    let mut stderr = io::stderr().lock();
    // If nobody sees it, nothing is lost.
    let _ = stderr.write_all(frame.as_bytes()).and_then(|()| stderr.flush());
}
