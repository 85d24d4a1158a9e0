//! Live streams: what a subscriber reads from the logs and from running turns.

pub(crate) mod batch;
pub(crate) mod following;
pub(crate) mod log_reader;
pub(crate) mod runtime_feed;
pub(crate) mod shared_event;
pub(crate) mod subscription;
pub(crate) mod worker_feed;

pub use batch::{Batch, Events, SharedEvents};
pub use shared_event::SharedEvent;
pub use subscription::Subscription;
