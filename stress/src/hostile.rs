//! What a Backend might bring: engines, stores, clocks and wakers that misbehave.

mod clock;
mod provider;
mod store;
mod waker;

use std::{panic, process};

pub(crate) use self::{
    clock::HostileClock, provider::hostile_provider, store::HostileStore, waker::hostile_waker,
};

/// The text of every panic that is meant.
pub(crate) const MEANT: &str = "a panic that is meant";

/// Says nothing of a panic that is meant, and ends the process at any other, on whatever thread.
pub(crate) fn end_at_panics() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if info.payload_as_str() != Some(MEANT) {
            usual(info);
            process::exit(101);
        }
    }));
}
