//! What happened: events, the logs that keep them, positions in those, and live streams.

mod batch;
mod cursor;
mod event_type;
mod fact;
mod filter;
mod following;
#[cfg(feature = "memory-store")]
mod kept_run;
mod log;
mod log_reader;
mod places;
mod position;
mod readers;
mod recent_stretches;
mod redact;
mod run;
mod runs;
mod runtime_event;
mod runtime_feed;
mod runtime_log;
mod scope;
mod shared_event;
mod stream_item;
mod stretch;
mod subscription;
mod wake_list;
mod worker_feed;

pub use batch::{Batch, Events, SharedEvents};
pub use cursor::Cursor;
pub use event_type::EventType;
pub use fact::{Fact, RetryFact, StoredEvent};
pub use filter::EventFilter;
pub use run::EventRun;
pub use runtime_event::{EventBody, RuntimeEvent};
pub use scope::{
    EventsFrom, FromAfter, FromAfterSequence, FromNow, FromOldest, Scope, ScopeRuntime,
    ScopeWorker, Subscribe,
};
pub use shared_event::SharedEvent;
pub use stream_item::{EndReason, StreamEvent, StreamItem};
pub use subscription::Subscription;

pub(crate) use cursor::{Position, Room};
#[cfg(feature = "memory-store")]
pub(crate) use kept_run::KeptRun;
pub(crate) use log::WorkerLog;
pub(crate) use readers::{Parked, Readers};
pub(crate) use recent_stretches::RecentStretches;
pub(crate) use runs::{Gone, Part, Parts, Runs, Spans};
pub(crate) use runtime_log::{Commit, LogState, RuntimeFact, RuntimeLog, RuntimeSource};
pub(crate) use wake_list::{WakeList, WakeSlot, Wakers};
