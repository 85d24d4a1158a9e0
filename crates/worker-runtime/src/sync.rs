//! Small tools for tasks and threads, which know nothing of Runtimes and Workers.

mod backoff;
mod contain;
mod padded;
mod relay;
mod wake_list;

pub(crate) use backoff::Backoff;
pub(crate) use contain::{Contained, contained};
pub(crate) use padded::Padded;
pub(crate) use relay::Relay;
pub(crate) use wake_list::{WakeList, WakeSlot, Wakers};
