//! Checks whether a [`Provider`] keeps its contract.
//!
//! This module is for authors of providers. [`run`] makes real calls, some at the same time, so
//! give it a cheap model or a test server.
//!
//! ```
//! use std::sync::Arc;
//!
//! use llm_engine::{
//!     EchoProvider,
//!     conformance::{Subject, run},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! assert_eq!(run(|| Subject::new(Arc::new(EchoProvider::new()))).await, Ok(()));
//! # }
//! ```

mod call;
mod check;
mod checks;
mod subject;

pub use check::{Check, Violation};
pub use subject::Subject;

#[cfg(doc)]
use crate::Provider;

/// Runs every [`Check`], each against a new provider that `make` creates.
///
/// The checks need a tokio runtime with time, of either flavour, and with everything that the
/// provider needs. The violations are returned in the order of the checks, without duplicates.
pub async fn run(make: impl Fn() -> Subject) -> Result<(), Vec<Violation>> {
    let mut violations = Vec::new();
    for check in Check::ALL {
        for violation in checks::run(check, &make()).await {
            if !violations.contains(&violation) {
                violations.push(violation);
            }
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(violations) }
}
