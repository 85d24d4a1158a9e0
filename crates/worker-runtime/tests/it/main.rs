//! A Runtime seen from outside: what the specification promises, rule by rule.

mod errors;
mod golden;
mod idempotency;
mod lifecycle;
mod limits;
mod order;
mod support;
