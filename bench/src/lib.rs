//! What the Runtime costs, measured beside its peers.
//!
//! Start reading at [`harness`], which compares; then any one file in `lines`, each of which
//! measures one line of the table.

#![forbid(unsafe_code)]

pub mod audience;
pub mod binaries;
pub mod clock;
pub mod harness;
pub mod host;
pub mod lines;
pub mod memory;
pub mod peers;
pub mod providers;
pub mod row;
pub mod table;
pub mod workloads;
