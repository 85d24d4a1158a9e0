//! The rules of the contract by name, and what it is to break one.

use std::fmt;

macro_rules! rules {
    ($($name:ident: $statement:literal,)+) => {
        /// A rule of the [`Store`](crate::store::Store) contract.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Rule {
            $(#[doc = $statement] $name,)+
        }

        impl Rule {
            /// Every rule, in the order in which they are checked.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// What the rule says.
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
    Answers: "every call is answered within 30 s, without a panic, and reads do not fail",
    Identity: "the store belongs to the Runtime that opened it first, and says so to others",
    OneOwner: "while a lease holds, opening is refused, and a refusal tells what is left of it",
    Expiry: "a lease that ran out can be taken over",
    Renewal: "a lease that is renewed holds for as long from then on",
    Release: "a lease that was given back can be taken at once, and is good for nothing any more",
    Fence: "once a newer lease was given, whatever comes with an older one is `LeaseLost`, for good",
    Accepted: "a batch with the newest lease and the expected version is applied",
    Committed: "what was answered with `Ok` is there",
    Fresh: "a read that begins after the answer of a commit sees it",
    Whole: "a read sees a batch either not at all or as a whole",
    Version: "a batch that expects another version than the Worker's is `Refused`",
    NoTrace: "a batch that is not applied leaves nothing",
    Settling: "`settle` tells the truth about a commit",
    Never: "a commit that was settled as `Never` never takes effect",
    Entries: "the entries of a Worker are there, as they were given and in order",
    Turns: "the turns of a Worker are there, in order, each as it was given last",
    TurnLookup: "a turn is found by its id, and the latest one by its key",
    Events: "the events of a Worker are there, as they were given, in order, without a hole",
    EventsKept: "of each Worker at least the newest `events_per_worker` events are kept",
    Pages: "a page holds as many items from the place asked for as its limit says, less only at the end",
    Absent: "a Worker that is not there reads as empty",
    Workers: "every Worker that is there is listed once, by its ordinal, with its latest record",
    InputKeys: "the keys of inputs are there, oldest first, without those that were dropped",
    CreateKeys: "the keys of creations are there, oldest first, without those that were dropped",
    Totals: "the totals are the sum of all increments, those of deleted Workers included",
    Deletion: "of a deleted Worker nothing is left, nor does anything come back",
    Concurrency: "commits for different Workers may run at once",
    Restart: "after a restart everything is as it was, and the lease numbers go on",
    Unreadable: "a record that cannot be read is reported and hides nothing else",
    Runtime: "a Runtime on the store keeps its promises",
}

impl Rule {
    pub(super) fn broken(self, seen: impl Into<String>) -> Violation {
        Violation { rule: self, seen: seen.into() }
    }

    /// Complains unless `holds`.
    pub(super) fn expect(self, holds: bool, seen: impl FnOnce() -> String) -> Checked {
        if holds { Ok(()) } else { Err(self.broken(seen())) }
    }
}

/// What a check finds.
pub(super) type Checked<T = ()> = Result<T, Violation>;

/// A rule that was broken, and how that showed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// What was seen instead.
    pub seen: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}; but {}", self.rule, self.rule.statement(), self.seen)
    }
}

/// Every rule that a store broke.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violations(pub Vec<Violation>);

impl Violations {
    /// Whether this rule was broken.
    #[must_use]
    pub fn include(&self, rule: Rule) -> bool {
        self.0.iter().any(|it| it.rule == rule)
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store breaks its contract:")?;
        self.0.iter().try_for_each(|it| write!(f, "\n- {it}"))
    }
}

impl std::error::Error for Violations {}
