//! The rules of the store contract by name, and the violations that the kit reports.

use std::fmt;

macro_rules! rules {
    ($($name:ident: $statement:literal,)+) => {
        /// A rule of the [`Store`](crate::store::Store) contract.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Rule {
            $(#[doc = $statement] $name,)+
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The rule as a sentence.
            #[must_use]
            pub const fn statement(self) -> &'static str {
                match self {
                    $(Self::$name => $statement,)+
                }
            }
        }
    };
}

rules! {
    Answers: "every call answers within 30 s, without a panic, and reads do not fail",
    Identity: "the store belongs to the Runtime that opened it first, and refuses others with that Runtime's id",
    OneOwner: "while a lease is valid, `open` is refused, with the time until the lease expires",
    Expiry: "an expired lease can be taken over",
    Renewal: "a renewed lease is valid for the requested time, counted from the renewal",
    Release: "a released lease can be taken over at once, and is not accepted any more",
    Fence: "once a newer lease was granted, calls with an older lease fail with `LeaseLost`, for good",
    LeaseEpoch: "a lease carries the epoch of its request, and with another epoch its calls fail with `LeaseLost`",
    Undisturbed: "an `open` that is refused changes nothing for the owner, also between its commits",
    Format: "the greatest stored form that the store was opened with is kept, and an `open` with a smaller one is refused with `NewerFormat` and changes nothing",
    Accepted: "a store without an owner can be opened, and a batch with the newest lease and the expected version is applied",
    Committed: "a batch whose commit was answered with `Ok` is stored",
    Fresh: "a read that begins after a commit was answered sees that commit",
    Whole: "a read sees all of a batch or nothing of it",
    Version: "a batch whose expected version differs from the Worker's version is `Refused`",
    NoTrace: "a batch that is not applied leaves no trace",
    Settling: "`settle` reports truthfully whether a commit took effect",
    Never: "a commit that was settled as `NotApplied` never takes effect",
    Disconnection: "a commit whose connection is lost is applied, or unknown until it is settled, or has changed nothing",
    Entries: "the entries of a Worker are stored as they were given, in order",
    Turns: "the turns of a Worker are stored in order, each as it was given last",
    SeveralTurns: "a batch may end and begin several turns, and add entries of each",
    Spec: "a Worker has the spec that a batch put last, whether or not later batches changed it",
    TurnLookup: "a turn is found by its id, and the latest turn of a key by that key",
    Events: "the events of a Worker are stored as they were given, in order, without a gap",
    EventsKept: "at least the newest `events_per_worker` events of each Worker are kept",
    Pages: "a page begins at the requested position and is filled up to its limit, unless the items end",
    Many: "hundreds of Workers, entries, turns and events are read back, in pages of any size",
    Large: "long instructions and long entries are read back unchanged",
    Absent: "reads about a Worker that does not exist return nothing",
    Workers: "every existing Worker is listed once, in the order of ordinals, with its latest record, and only an empty page is the end",
    InputKeys: "the keys of inputs are stored, oldest first, without those that were dropped",
    CreateKeys: "the keys of creations are stored, oldest first, without those that were dropped",
    Totals: "the totals are the sum of all increments, including those of deleted Workers",
    TenantTotals: "the totals of each tenant are the sum of the increments with its name, including those of deleted Workers, and are listed once, in the order of names",
    Texts: "every text is read back unchanged, and keys that differ in any character are different keys",
    Deletion: "nothing of a deleted Worker is left, and nothing of the Worker comes back",
    Feed: "a feed of changes has the newest change of every Worker, by ascending numbers, and whoever goes on from the last number seen misses none",
    Concurrency: "commits for different Workers may run at the same time",
    Crowd: "of many commits at the same time only those are refused that must be",
    Restart: "after a restart all data is unchanged, and lease numbers still grow",
    CorruptWorker: "a record that cannot be read is reported, and hides no other record",
    Runtime: "a Runtime that uses the store keeps its own promises, also after a restart",
}

impl Rule {
    /// A violation of this rule, with the observation that shows the violation.
    pub(super) fn violation(self, seen: impl Into<String>) -> Violation {
        Violation { rule: self, seen: seen.into() }
    }

    /// Returns a violation of this rule unless `holds`.
    pub(super) fn expect(self, holds: bool, seen: impl FnOnce() -> String) -> CheckResult {
        if holds { Ok(()) } else { Err(self.violation(seen())) }
    }
}

/// The result of a check: the first violation is an error.
pub(super) type CheckResult<T = ()> = Result<T, Violation>;

/// A rule that the store broke, and the observation that shows the violation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    /// The broken rule.
    pub rule: Rule,
    /// The observed behaviour, as a sentence.
    pub seen: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}; but {}", self.rule, self.rule.statement(), self.seen)
    }
}

/// The violations that the kit found, at most one for each check, each once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violations(pub Vec<Violation>);

impl Violations {
    /// Whether `rule` was broken.
    #[must_use]
    pub fn include(&self, rule: Rule) -> bool {
        self.0.iter().any(|violation| violation.rule == rule)
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store breaks its contract:")?;
        self.0.iter().try_for_each(|violation| write!(f, "\n- {violation}"))
    }
}

impl std::error::Error for Violations {}
