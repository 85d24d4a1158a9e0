//! Tests of each rule of the specification, through the public API of a Runtime.

mod agree;
mod bounds;
mod concurrency;
mod decode;
mod descriptions;
mod effects;
mod errors;
mod golden;
mod idempotency;
mod layout;
mod lifecycle;
mod limits;
mod order;
mod payloads;
mod queries;
mod restart;
mod schema_form;
mod stored_form;
mod streams;
mod support;
mod tenants;
mod token_budget;
mod told_tokens;
mod transports;
mod unknown;
