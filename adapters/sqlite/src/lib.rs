//! A durable store for `worker-runtime` in one SQLite file.
//!
//! [`SqliteStore`] keeps everything in one file, in WAL mode. With full synchronisation, the
//! default, an acknowledged commit survives the end of the process, of the system and of the power.
//!
//! SQLite blocks, so every call goes to a thread: one that writes, and some that read, each with a
//! connection of its own. A read never waits for a write. The thread that writes takes all batches
//! that wait into one transaction, so that Workers share the wait for the disk.
//!
//! Read [`SqliteStore`] first, then `queue`, which has the threads, `commit`, which applies a group of
//! batches in one transaction, and `owner`, which is the lease and the lock beside it. The fencing
//! token of the lease is compared in each transaction, so that an owner that was paused cannot write
//! after another owner has taken over.

#![forbid(unsafe_code)]

mod backup;
mod check;
mod commit;
mod connection;
mod error;
mod failure;
mod lock;
mod options;
mod owner;
mod prepared;
mod queue;
mod reads;
mod schema;
mod store;

pub use error::SqliteError;
pub use lock::owner_process;
pub use options::{Options, Synchronous};
pub use queue::Groups;
pub use store::SqliteStore;
