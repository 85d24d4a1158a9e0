//! The limits of a Runtime, in one struct that `get_runtime` shows.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{MAX_INTEGER, wire};

/// Writes the method that sets a limit: a number, or a duration under a name without `_ms`.
macro_rules! setter {
    ($(#[doc = $doc:literal])+ $name:ident) => {
        $(#[doc = $doc])+
        #[must_use]
        pub fn $name(mut self, $name: u64) -> Self {
            self.$name = $name;
            self
        }
    };
    ($(#[doc = $doc:literal])+ $name:ident $setter:ident) => {
        #[doc = concat!("Sets `", stringify!($name), "`.")]
        #[must_use]
        pub fn $setter(mut self, $setter: Duration) -> Self {
            self.$name = wire::milliseconds($setter);
            self
        }
    };
}

macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident $(by $setter:ident)?: $default:expr,)+) => {
        /// Everything that a Runtime bounds. Each limit is enforced; the defaults suit a server.
        ///
        /// ```
        /// use std::time::Duration;
        ///
        /// use worker_runtime::Limits;
        ///
        /// let limits = Limits::default().workers(10).turn(Duration::from_secs(60));
        /// assert_eq!(limits.workers, 10);
        /// ```
        #[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
        #[schemars(
            description = "Everything that a Runtime bounds. Each limit is enforced; the defaults suit a server."
        )]
        #[non_exhaustive]
        pub struct Limits {
            $(
                $(#[doc = $doc])+
                #[schemars(range(max = 9_007_199_254_740_991_u64))]
                pub $name: u64,
            )+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl Limits {
            $(setter! { $(#[doc = $doc])+ $name $($setter)? })+

            /// Returns every limit with its name.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)+].into_iter()
            }
        }
    };
}

limits! {
    /// Workers in the Runtime, ended ones included.
    workers: 100_000,
    /// Turns that run at once.
    turns_in_flight: 100_000,
    /// Entries of a Worker's transcript.
    transcript_entries: 10_000,
    /// Entries that a Worker may be created with.
    history_entries: 1_000,
    /// Bytes of one JSON request; at least twice `input_bytes`.
    request_bytes: 4 << 20,
    /// Bytes of UTF-8 of one input, or of one entry of a seeded history.
    input_bytes: 256 << 10,
    /// Bytes of UTF-8 of one answer, its reasoning included; past it the turn fails.
    answer_bytes: 4 << 20,
    /// Bytes of UTF-8 of a Worker's own instructions.
    instructions_bytes: 64 << 10,
    /// Characters of a display name.
    display_name_chars: 64,
    /// Characters of a reason, purpose, objective, role, resource, bundle id or digest, profile or
    /// capability name.
    text_chars: 1024,
    /// Capabilities that one creation may ask for.
    requested_capabilities: 64,
    /// Labels of one Worker.
    labels: 32,
    /// Characters of a label's name, and of its value.
    label_chars: 128,
    /// Pairs of one `meta`.
    meta_pairs: 16,
    /// Characters of a name in `meta`, and of a value.
    meta_chars: 256,
    /// Characters of an idempotency key.
    key_chars: 128,
    /// Claims of one Worker.
    scope_claims: 64,
    /// Items of one page.
    page_items: 1000,
    /// Workers that one call of `list_workers` examines.
    list_scan: 10_000,
    /// Events that are kept of each Worker.
    events_per_worker: 1024,
    /// Events that the Runtime's own log keeps.
    events_runtime: 65_536,
    /// Diagnostics that are kept.
    diagnostics: 1024,
    /// Idempotency keys that are remembered of each Worker.
    idempotency_keys: 128,
    /// Idempotency keys of creations that are remembered.
    idempotency_keys_create: 10_000,
    /// How long an idempotency key is remembered, in milliseconds.
    idempotency_age_ms by idempotency_age: 24 * 60 * 60 * 1000,
    /// How long a turn may take, in milliseconds.
    turn_ms by turn: 30 * 60 * 1000,
    /// How long a turn may wait for the engine's first output, in milliseconds.
    turn_first_event_ms by turn_first_event: 300_000,
    /// How long a turn may wait between outputs of the engine, in milliseconds.
    turn_idle_ms by turn_idle: 120_000,
    /// How long a query may wait, in milliseconds.
    wait_ms by wait: 60_000,
    /// How long a commit may take before it counts as unknown, in milliseconds.
    commit_ms by commit: 10_000,
    /// Subscriptions at once.
    subscriptions: 100_000,
}

impl Limits {
    /// Checks the limits. The error is a message that names a limit that is out of range.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (name, value) in self.iter() {
            if value == 0 || value > MAX_INTEGER {
                return Err(format!("limit `{name}` must be from 1 to 2^53 - 1"));
            }
        }
        if self.request_bytes / 2 < self.input_bytes {
            return Err("limit `request_bytes` must be at least twice `input_bytes`".to_owned());
        }
        Ok(())
    }

    /// Returns the number of items of a page whose request does not set a limit.
    pub(crate) fn default_page(&self) -> u64 {
        self.page_items.min(100)
    }
}
