//! Live streams: a subscriber reads events from a log, and text from running turns.
//!
//! A [`Subscription`] holds a position in a log. A [`Reader`](reader::Reader) finds the next item:
//! in the Runtime's log ([`RuntimeReader`](runtime_reader::RuntimeReader)), or in a Worker's log
//! ([`WorkerReader`](worker_reader::WorkerReader)), where the text of the turn that the subscriber
//! [follows](following::Following) comes between the events.

mod following;
mod next;
mod reader;
mod runtime_reader;
mod subscription;
mod worker_reader;

pub use subscription::Subscription;
