//! The conformance kit passes the built-in store and names the rule that a wrong store breaks.

use std::sync::Arc;

use worker_runtime::{
    conformance::{self, Rule},
    store::{MemoryStore, Store, StoreWrapper},
};

use crate::{Listed, wrapper::Answer, wrong};

#[tokio::test(start_paused = true)]
async fn the_built_in_store_passes() {
    let checked = conformance::run(|| Arc::new(MemoryStore::new())).await;
    assert!(checked.is_ok(), "{}", checked.unwrap_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_built_in_store_passes_on_real_threads_and_time() {
    let checked = conformance::run(|| Arc::new(MemoryStore::new())).await;
    assert!(checked.is_ok(), "{}", checked.unwrap_err());
}

/// The rules that a store breaks.
async fn broken_by<S: Store>(fresh: impl Fn() -> Arc<S> + Send + Sync) -> Vec<Rule> {
    let violations = conformance::run(fresh).await.expect_err("a wrong store does not pass");
    violations.0.into_iter().map(|violation| violation.rule).collect()
}

macro_rules! wrong_stores {
    ($($test:ident: $store:ident breaks $rule:ident;)+) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $test() {
                let broken = broken_by(|| Arc::new(wrong::$store::default())).await;
                assert!(broken.contains(&Rule::$rule), "{broken:?}");
            }
        )+
    };
}

wrong_stores! {
    a_lost_entry_shows: LosesEntry breaks Entries;
    a_torn_batch_shows: Torn breaks Whole;
    reordered_events_show: Reorders breaks Events;
    a_resurrected_worker_shows: Resurrects breaks Deletion;
    a_stale_read_shows: Stale breaks Fresh;
    a_page_off_by_one_shows: OffByOne breaks Pages;
    a_commit_that_lies_shows: Liar breaks Committed;
    a_refusal_that_lies_shows: RefusesAndDoes breaks NoTrace;
    an_ignored_version_shows: IgnoresVersion breaks Version;
    an_ignored_lease_shows: IgnoresLease breaks Fence;
    lost_totals_show: LosesTotals breaks Totals;
    a_settlement_that_lies_shows: SaysNever breaks Settling;
    a_forgotten_deletion_shows: ForgetsDeletion breaks Settling;
    a_late_success_shows: LateSuccess breaks Never;
    forgotten_keys_show: Forgetful breaks InputKeys;
    forgotten_keys_of_creations_show: Forgetful breaks CreateKeys;
    events_pruned_too_early_show: Overprunes breaks EventsKept;
    a_panic_shows: Panics breaks Answers;
    workers_past_an_empty_page_show: Hides breaks Workers;
}

/// A wrapper that overrides nothing.
#[derive(Default)]
struct Unchanged(Arc<MemoryStore>);

impl StoreWrapper for Unchanged {
    fn inner(&self) -> &dyn Store {
        &*self.0
    }
}

/// A wrapper that lists two Workers at a time, however many are asked for.
#[derive(Default)]
struct ShortPages(Arc<MemoryStore>);

impl StoreWrapper for ShortPages {
    fn inner(&self) -> &dyn Store {
        &*self.0
    }

    fn workers(&self, after: u64, limit: usize) -> Answer<Listed> {
        self.0.workers(after, limit.min(2))
    }
}

#[tokio::test(start_paused = true)]
async fn short_pages_of_workers_are_allowed() {
    let checked = conformance::run(|| Arc::new(ShortPages::default())).await;
    assert!(checked.is_ok(), "{}", checked.unwrap_err());
}

#[tokio::test(start_paused = true)]
async fn wrapping_alone_breaks_nothing() {
    let checked = conformance::run(|| Arc::new(Unchanged::default())).await;
    assert!(checked.is_ok(), "{}", checked.unwrap_err());
}

#[test]
fn every_rule_says_something_of_its_own() {
    let statements: std::collections::BTreeSet<&str> =
        Rule::ALL.iter().map(|rule| rule.statement()).collect();
    assert_eq!(statements.len(), Rule::ALL.len());
}
