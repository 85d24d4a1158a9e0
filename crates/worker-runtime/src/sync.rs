//! Tools for tasks and threads that do not depend on Runtimes and Workers.

mod after;
mod alarm;
mod backoff;
mod contain;
mod executor;
mod fair;
mod foreign;
mod offering;
mod relay;
mod reply;
mod task_waker;
mod wake_list;

pub(crate) use after::after;
pub(crate) use alarm::Timer;
pub(crate) use backoff::Backoff;
pub(crate) use contain::{Contained, contained};
pub(crate) use executor::{Executor, is_gone, spawn_on};
pub(crate) use fair::fair;
pub(crate) use foreign::Foreign;
pub(crate) use offering::Offering;
pub(crate) use reply::{Told, reply};
pub(crate) use wake_list::{WakeList, WakeSlot, Wakers};
