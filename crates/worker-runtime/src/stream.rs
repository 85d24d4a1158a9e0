//! Live streams: what a subscriber reads from the logs and from running turns.
//!
//! A [`Subscription`] is a position in a log. A [`Reader`](reader::Reader) finds what comes next:
//! from the Runtime's log ([`RuntimeReader`](runtime_reader::RuntimeReader)), or from a Worker's
//! ([`WorkerReader`](worker_reader::WorkerReader)), where the text of the turn that the subscriber
//! [follows](following::Following) comes between the events.

mod following;
mod next;
mod reader;
mod runtime_reader;
mod subscription;
mod worker_reader;

pub use subscription::Subscription;
