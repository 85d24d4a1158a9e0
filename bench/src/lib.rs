//! The benchmark of the Runtime: it measures the costs of operations, and that they do not grow
//! with the amount of data that the Runtime holds.
//!
//! Start reading at [`harness`], which compares ways to do something. Each file in `lines/`
//! measures one line of the benchmark.

#![forbid(unsafe_code)]

pub mod harness;
pub mod host;
pub mod lines;
pub mod peers;
pub mod providers;
pub mod table;
pub mod workloads;
