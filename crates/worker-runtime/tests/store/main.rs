//! The store boundary: the conformance kit, stores that break it, and a Runtime on stores that fail.

#![cfg(feature = "memory-store")]

mod conformance;
mod wrapper;
mod wrong;
