//! Tools for tasks and threads that do not depend on Runtimes and Workers.

mod after;
mod backoff;
mod contain;
mod fair;
mod relay;
mod wake_list;

pub(crate) use after::after;
pub(crate) use backoff::Backoff;
pub(crate) use contain::{Contained, contained};
pub(crate) use fair::fair;
pub(crate) use relay::Relay;
pub(crate) use wake_list::{WakeList, WakeSlot, Wakers};
