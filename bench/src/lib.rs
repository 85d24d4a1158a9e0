//! What the Runtime costs, and that its costs do not grow.
//!
//! Start reading at [`harness`], which compares; then at any file in `lines/`, each of which
//! measures one line of the benchmark.

#![forbid(unsafe_code)]

pub mod harness;
pub mod host;
pub mod lines;
pub mod peers;
pub mod providers;
pub mod table;
pub mod workloads;
