//! The contract of [`Provider`], checked by one call.
//!
//! For whoever brings a provider of their own. [`run`] makes real calls, some at the same time, so
//! it is best pointed at a cheap model or a test server.
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

/// Runs every [`Check`] against a provider of its own, which `make` gives.
///
/// It needs a tokio runtime with time, of either flavour, and what the provider needs of one. What
/// it finds is in the order of the checks, each thing once.
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
