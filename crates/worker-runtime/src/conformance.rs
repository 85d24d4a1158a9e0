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
//! This module needs the feature `conformance`.
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
mod crowd;
mod disconnection;
mod disturbance;
mod factory;
mod feed;
mod format;
mod harness;
mod ids;
mod large;
mod lasting;
mod ownership;
mod reading;
mod reference_model;
mod rule;
mod scenarios;
mod settling;
mod several;
mod tenants;
mod texts;

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
/// Returns the violations if a store broke a rule. Each of them names its rule, which [`run_rule`]
/// checks alone.
pub async fn run(factory: impl Factory) -> Result<(), Violations> {
    run_checks(&factory, None).await
}

/// Checks one rule of the contract, for whoever corrects a store that broke it.
///
/// Only the checks that are about the rule run. [`Rule::Answers`] and [`Rule::Accepted`] are about
/// every call, so for them all checks run.
///
/// ```
/// # #[cfg(feature = "memory-store")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::sync::Arc;
///
/// use worker_runtime::{conformance::{self, Rule}, store::MemoryStore};
///
/// let checked = conformance::run_rule(|| Arc::new(MemoryStore::new()), Rule::Pages).await;
/// checked.expect("a store whose pages are right");
/// # }
/// # #[cfg(not(feature = "memory-store"))]
/// # fn main() {}
/// ```
///
/// # Errors
///
/// Returns the violations that those checks found. A check needs more of a store than its rule, so
/// they may be of other rules.
pub async fn run_rule(factory: impl Factory, rule: Rule) -> Result<(), Violations> {
    run_checks(&factory, Some(rule)).await
}

/// Runs the checks that are about `rule`, or all.
async fn run_checks(factory: &impl Factory, rule: Option<Rule>) -> Result<(), Violations> {
    let mut findings = Findings::default();
    let is_wanted = |about: &[Rule]| {
        rule.is_none_or(|rule| {
            matches!(rule, Rule::Answers | Rule::Accepted) || about.contains(&rule)
        })
    };
    macro_rules! check {
        ($($check:path: $($rule:ident),+;)+) => {
            $(if is_wanted(&[$(Rule::$rule),+]) {
                // The future is boxed so that the largest check does not enlarge the future of `run`.
                findings.add(Contained::new(Box::pin($check(factory))).await);
            })+
        };
    }
    check! {
        ownership::identity: Identity;
        ownership::one_owner: OneOwner;
        ownership::expiry: Expiry;
        ownership::renewal: Renewal;
        ownership::release: Release;
        ownership::fence: Fence;
        ownership::epoch: LeaseEpoch;
        disturbance::refused: Undisturbed;
        disturbance::taken_over: Fence;
        format::format: Format;
        commits::committed: Committed, Entries, Turns, Events, EventsKept, InputKeys, Workers;
        several::turns: SeveralTurns;
        several::spec: Spec;
        commits::fresh: Fresh;
        commits::version: Version;
        commits::no_trace: NoTrace;
        settling::settling: Settling;
        settling::interrupted: Settling, Never;
        settling::overtaken: Settling, Never;
        settling::interrupted_for_good: Settling, Never;
        disconnection::disconnection: Disconnection;
        reading::pages: Pages;
        large::pages: Many;
        large::texts: Large;
        reading::turn_lookup: TurnLookup;
        reading::absent: Absent;
        reading::workers: Workers;
        texts::texts: Texts;
        texts::keys: Texts;
        lasting::input_keys: InputKeys;
        lasting::create_keys: CreateKeys;
        lasting::totals: Totals;
        tenants::totals: TenantTotals;
        lasting::deletion: Deletion;
        lasting::restart: Restart;
        lasting::unreadable: CorruptWorker;
        feed::life: Feed;
        feed::followed: Feed;
        concurrency::whole: Whole;
        concurrency::writers: Concurrency;
        crowd::crowd: Crowd, Many;
        scenarios::conversation: Runtime;
        scenarios::restart: Runtime;
        scenarios::open_turns: Runtime;
        scenarios::erasure: Runtime;
    }
    findings.into_result()
}

#[derive(Default)]
struct Findings(Vec<Violation>);

impl Findings {
    fn add(&mut self, checked: Option<CheckResult>) {
        let checked = checked
            .unwrap_or_else(|| Err(Rule::Answers.violation("a check or the factory panicked")));
        // Many checks find the same if a store cannot even be opened.
        self.0.extend(checked.err().filter(|violation| !self.0.contains(violation)));
    }

    fn into_result(self) -> Result<(), Violations> {
        if self.0.is_empty() { Ok(()) } else { Err(Violations(self.0)) }
    }
}
