//! A waker that panics.

use std::{
    sync::Arc,
    task::{Wake, Waker},
};

use super::MEANT;

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("{MEANT}");
    }
}

/// Returns a waker whose every wake panics.
pub(crate) fn hostile_waker() -> Waker {
    Waker::from(Arc::new(Panics))
}
