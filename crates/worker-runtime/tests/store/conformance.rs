//! The conformance kit passes the built-in store and names the rule that a wrong store breaks.

use std::sync::{Arc, Mutex};

use worker_runtime::{
    conformance::{self, Factory, Rule},
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

/// The rules that a store breaks in the checks of one rule.
async fn broken_by<F: Fn() -> Arc<S> + Send + Sync, S: Store>(fresh: F, rule: Rule) -> Vec<Rule> {
    let checked = conformance::run_rule(fresh, rule).await;
    let violations = checked.expect_err("a wrong store does not pass");
    violations.0.into_iter().map(|violation| violation.rule).collect()
}

macro_rules! wrong_stores {
    ($($test:ident: $store:ident breaks $rule:ident;)+) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $test() {
                let fresh = || Arc::new(wrong::$store::default());
                let broken = broken_by(fresh, Rule::$rule).await;
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
    an_ignored_epoch_shows: IgnoresEpoch breaks LeaseEpoch;
    a_forgotten_form_shows: ForgetsFormat breaks Format;
    a_lost_turn_shows: OneTurn breaks SeveralTurns;
    a_spec_that_stays_shows: KeepsSpec breaks Spec;
    a_lease_lost_by_a_question_shows: LosesLease breaks Undisturbed;
    a_lease_that_never_ends_shows: OwnedForLife breaks Expiry;
    a_refusal_that_spreads_shows: FailsNext breaks Crowd;
    short_pages_of_events_show: CapsPages breaks Many;
    a_long_text_that_is_cut_shows: CutsLongTexts breaks Large;
    a_dropped_mark_shows: DropsMark breaks Texts;
    a_key_that_is_cut_shows: CutsKeys breaks Texts;
    tenants_that_are_taken_for_each_other_show: FoldsTenants breaks TenantTotals;
    tenants_that_come_again_show: RepeatsTenants breaks TenantTotals;
    workers_past_an_empty_page_show: Hides breaks Workers;
}

#[tokio::test(start_paused = true)]
async fn a_feed_with_a_fault_shows() {
    let right = conformance::run(|| wrong::Feed::new(wrong::Fault::Nothing)).await;
    assert!(right.is_ok(), "{}", right.unwrap_err());
    let faults =
        [wrong::Fault::ForgetsDeletions, wrong::Fault::ForgetsChanges, wrong::Fault::NumbersEarly];
    for fault in faults {
        let broken = broken_by(|| wrong::Feed::new(fault), Rule::Feed).await;
        assert!(broken.contains(&Rule::Feed), "{fault:?} breaks {broken:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_opened_is_told_so_once() {
    let checked = conformance::run(|| Arc::new(wrong::Closed::default())).await;
    let told = checked.unwrap_err().0;
    let of_opening = told.iter().filter(|violation| violation.rule == Rule::Accepted);
    let of_opening: Vec<String> = of_opening.map(ToString::to_string).collect();
    let expected = "Accepted: a store without an owner can be opened, and a batch with the newest \
                    lease and the expected version is applied; but `open` of a store that has no \
                    owner failed: the store failed: not yet";
    assert_eq!(of_opening, [expected]);
}

/// A factory whose latest store has a connection that can be cut.
#[derive(Default)]
struct Network {
    is_truthful: bool,
    latest: Mutex<Arc<wrong::Connected>>,
}

impl Factory for Network {
    async fn fresh(&self) -> Arc<dyn Store> {
        let store = Arc::new(wrong::Connected::new(self.is_truthful));
        *self.latest.lock().unwrap() = Arc::clone(&store);
        store
    }

    async fn disconnect(&self) {
        self.latest.lock().unwrap().cut();
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_lost_in_a_commit_shows_what_a_store_says_of_it() {
    let truthful = Network { is_truthful: true, ..Network::default() };
    let checked = conformance::run_rule(truthful, Rule::Disconnection).await;
    assert!(checked.is_ok(), "{}", checked.unwrap_err());
    let checked = conformance::run_rule(Network::default(), Rule::Disconnection).await;
    assert!(checked.is_err_and(|violations| violations.include(Rule::Disconnection)));
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

#[tokio::test(start_paused = true)]
async fn each_rule_can_be_checked_alone() {
    for rule in Rule::ALL {
        let checked = conformance::run_rule(|| Arc::new(MemoryStore::new()), *rule).await;
        assert!(checked.is_ok(), "{}", checked.unwrap_err());
        // A store that cannot even be opened fails every check, so a rule without any would pass.
        let nothing = || -> Arc<MemoryStore> { panic!("no store today") };
        assert!(conformance::run_rule(nothing, *rule).await.is_err(), "{rule:?} has no check");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_is_kept_passes_beside_one_that_is_broken() {
    let checked =
        conformance::run_rule(|| Arc::new(wrong::OffByOne::default()), Rule::Expiry).await;
    assert!(checked.is_ok(), "{}", checked.unwrap_err());
}

#[test]
fn every_rule_says_something_of_its_own() {
    let statements: std::collections::BTreeSet<&str> =
        Rule::ALL.iter().map(|rule| rule.statement()).collect();
    assert_eq!(statements.len(), Rule::ALL.len());
}
