//! A Backend's own store for `worker-runtime`, on SQLite.
//!
//! [`SqliteStore`] keeps everything in one file, in WAL mode with full synchronisation: an
//! acknowledged commit survives a crash of the process and of the machine. SQLite blocks, so every
//! call goes to a thread of its own, one for changes and one for reads, and no thread of tokio ever
//! waits for the disk.
//!
//! Read [`SqliteStore`] first, then `commit`, which applies one batch in one transaction, and then
//! `owner`, which is the lease. The fencing token of the lease is compared in that same
//! transaction, so that an owner that was paused cannot write after another owner has taken over.

#![forbid(unsafe_code)]

mod commit;
mod database;
mod failure;
mod owner;
mod reads;
mod store;

pub use store::SqliteStore;
