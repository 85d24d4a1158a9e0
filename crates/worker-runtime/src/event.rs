//! What happened: events, the logs that keep them, positions in those, and live streams.

mod cursor;
mod event_type;
mod fact;
mod filter;
mod log;
mod position;
mod redact;
mod run;
mod runs;
mod runtime_event;
mod runtime_log;
mod runtime_stream;
mod scope;
mod stream_item;
mod subscription;
mod wake_list;
mod worker_stream;

pub use cursor::Cursor;
pub use event_type::EventType;
pub use fact::{Fact, RetryFact, StoredEvent};
pub use filter::EventFilter;
pub use runtime_event::{EventBody, RuntimeEvent};
pub use scope::{
    EventsFrom, FromAfter, FromAfterSequence, FromNow, FromOldest, Scope, ScopeRuntime,
    ScopeWorker, Subscribe,
};
pub use stream_item::{EndReason, StreamEvent, StreamItem};
pub use subscription::Subscription;

pub(crate) use cursor::{Position, Room};
pub(crate) use log::WorkerLog;
pub(crate) use run::Run;
pub(crate) use runs::{Runs, Spans};
pub(crate) use runtime_log::{Commit, LogState, RuntimeFact, RuntimeLog, RuntimeSource};
pub(crate) use wake_list::{WakeList, WakeSlot, Wakers};
