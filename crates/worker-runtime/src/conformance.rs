//! The conformance kit: one call runs the whole contract of a [`Store`] against anyone's.
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
//! It needs a tokio runtime with time enabled, of either flavour, and no test framework. Waiting for
//! leases to run out takes it a few seconds, unless that runtime's clock is paused and the store goes
//! by it.
//!
//! [`Store`]: crate::store::Store

mod client;
mod commits;
mod compare;
mod concurrency;
mod factory;
mod harness;
mod lasting;
mod ownership;
mod reading;
mod reference_model;
mod rule;
mod scenarios;
mod settling;

use self::rule::Checked;

pub use factory::Factory;
pub use rule::{Rule, Violation, Violations};

use crate::sync::Contained;

/// Checks every rule of the contract on stores of this factory.
///
/// All checks are made, whatever the earlier ones found; of each, the first violation is reported.
///
/// # Errors
///
/// What the stores did against their contract.
pub async fn run(factory: impl Factory) -> Result<(), Violations> {
    let mut findings = Findings::default();
    macro_rules! check {
        ($($check:path),+ $(,)?) => {
            // Boxed, so that the largest check does not make the caller's future large.
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
    fn add(&mut self, checked: Option<Checked>) {
        let checked = checked
            .unwrap_or_else(|| Err(Rule::Answers.broken("a check panicked, or its factory")));
        self.0.extend(checked.err());
    }

    fn into_result(self) -> Result<(), Violations> {
        if self.0.is_empty() { Ok(()) } else { Err(Violations(self.0)) }
    }
}
