//! Tests of the store boundary: the conformance kit, stores that break the contract, and a Runtime on
//! stores that fail.

#![cfg(feature = "memory-store")]

mod allocation;
mod blocking;
mod boundary;
mod conformance;
mod deadlines;
mod deleted;
mod erring;
mod fault_store;
mod hanging;
mod lease;
mod page_reads;
mod retention;
mod script;
mod stopping;
mod sweep;
mod totals;
mod trouble;
mod turn_end;
mod view;
mod wrapper;
mod wrong;

use worker_runtime::store::{CorruptWorker, StoredWorker};

/// A page of Workers that a store answers.
type Listed = Vec<Result<StoredWorker, CorruptWorker>>;
