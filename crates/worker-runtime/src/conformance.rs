//! The conformance kit checks an implementation of [`Store`] against the whole store contract.
//!
//! ```
//! # #[cfg(feature = "memory-store")]
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! use std::sync::Arc;
//!
//! use worker_runtime::{conformance, store::MemoryStore};
//!
//! conformance::run(|| Arc::new(MemoryStore::new())).await.expect("a store that keeps its contract");
//! # }
//! # #[cfg(not(feature = "memory-store"))]
//! # fn main() {}
//! ```
//!
//! The kit needs a tokio runtime of either flavour with time enabled, and no test framework. It waits a
//! few seconds for leases to expire, unless the clock of the tokio runtime is paused and the store uses
//! that clock.
//!
//! [`Store`]: crate::store::Store

mod client;
mod commits;
mod compare;
mod concurrency;
mod factory;
mod harness;
mod ids;
mod lasting;
mod ownership;
mod reading;
mod reference_model;
mod rule;
mod scenarios;
mod settling;

use self::rule::CheckResult;

pub use factory::Factory;
pub use rule::{Rule, Violation, Violations};

use crate::sync::Contained;

/// Checks every rule of the contract on stores that the factory makes.
///
/// Each check ends with its first violation. The other checks run all the same, so the error has the
/// first violation of each check.
///
/// # Errors
///
/// Returns the violations if a store broke a rule.
pub async fn run(factory: impl Factory) -> Result<(), Violations> {
    let mut findings = Findings::default();
    macro_rules! check {
        ($($check:path),+ $(,)?) => {
            // The future is boxed so that the largest check does not enlarge the future of `run`.
            $(findings.add(Contained::new(Box::pin($check(&factory))).await);)+
        };
    }
    check!(
        ownership::identity,
        ownership::one_owner,
        ownership::expiry,
        ownership::renewal,
        ownership::release,
        ownership::fence,
        commits::committed,
        commits::fresh,
        commits::version,
        commits::no_trace,
        settling::settling,
        settling::interrupted,
        settling::overtaken,
        settling::interrupted_for_good,
        reading::pages,
        reading::turn_lookup,
        reading::absent,
        reading::workers,
        lasting::input_keys,
        lasting::create_keys,
        lasting::totals,
        lasting::deletion,
        lasting::restart,
        lasting::unreadable,
        concurrency::whole,
        concurrency::writers,
        scenarios::conversation,
        scenarios::restart,
        scenarios::open_turns,
        scenarios::erasure,
    );
    findings.into_result()
}

#[derive(Default)]
struct Findings(Vec<Violation>);

impl Findings {
    fn add(&mut self, checked: Option<CheckResult>) {
        let checked = checked
            .unwrap_or_else(|| Err(Rule::Answers.violation("a check or the factory panicked")));
        self.0.extend(checked.err());
    }

    fn into_result(self) -> Result<(), Violations> {
        if self.0.is_empty() { Ok(()) } else { Err(Violations(self.0)) }
    }
}
