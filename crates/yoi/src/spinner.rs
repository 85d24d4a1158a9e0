//! A spinner at a terminal while an answer has not begun.

use std::{
    io::{self, Write},
    time::Duration,
};

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::terminal;

const FRAMES: [char; 4] = ['|', '/', '-', '\\'];
const FRAME_TIME: Duration = Duration::from_millis(100);

/// A spinner on stderr, until it is stopped or dropped. It shows nothing if stderr is not a
/// terminal or colours are turned off.
#[derive(Debug)]
pub(crate) struct Spinner {
    /// The clock of the frames. `None` if the spinner shows nothing.
    ticks: Option<Interval>,
    frame: usize,
    is_shown: bool,
}

impl Spinner {
    /// Creates a spinner whose first frame comes after one [`FRAME_TIME`], so that a quick answer
    /// shows none.
    pub(crate) fn new() -> Self {
        Self { ticks: terminal::takes_styles(&io::stderr()).then(ticks), frame: 0, is_shown: false }
    }

    /// Creates a spinner that never shows anything.
    pub(crate) fn none() -> Self {
        Self { ticks: None, frame: 0, is_shown: false }
    }

    /// Shows one frame after the other, and never ends.
    pub(crate) async fn spin(&mut self) {
        while let Some(ticks) = &mut self.ticks {
            ticks.tick().await;
            write(&format!("\r{} ", FRAMES[self.frame % FRAMES.len()]));
            self.frame += 1;
            self.is_shown = true;
        }
        std::future::pending::<()>().await;
    }

    /// Clears the current frame. The next one is shown at its time.
    pub(crate) fn hide(&mut self) {
        if self.is_shown {
            write("\r\u{1b}[K");
            self.is_shown = false;
        }
    }

    /// Clears the current frame and shows no further frame.
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

fn ticks() -> Interval {
    let mut ticks = interval_at(Instant::now() + FRAME_TIME, FRAME_TIME);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

fn write(frame: &str) {
    // A line that is being typed is where the spinner would be.
    if terminal::is_typing() {
        return;
    }
    let mut stderr = io::stderr().lock();
    // A failure to write a frame is ignored, because nothing depends on the frame.
    let _ = stderr.write_all(frame.as_bytes()).and_then(|()| stderr.flush());
}
