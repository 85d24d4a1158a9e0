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
        /// The limits of a Runtime. Each is enforced; the defaults suit a server.
        ///
        /// | limit | default |
        /// | --- | --- |
        $(#[doc = concat!("| `", stringify!($name), "` | `", stringify!($default), "` |")])+
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
            description = "The limits of a Runtime. Each is enforced; the defaults suit a server."
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
    /// The most Workers that the Runtime holds, ended ones included. Past it, a creation is refused
    /// with `capacity_exhausted`. For who acts for a tenant, it is the tenant's quota, if that is less;
    /// so are `turns_in_flight` and `subscriptions`.
    workers: 100_000,
    /// The most turns that run at once. Past it, a command that begins a turn is refused with
    /// `capacity_exhausted`.
    turns_in_flight: 100_000,
    /// The most entries of a Worker's transcript. An input that leaves no room for its answer's
    /// entry is refused with `capacity_exhausted`.
    transcript_entries: 10_000,
    /// The most entries that a Worker is created with. Past it, the creation is refused with
    /// `too_large`.
    history_entries: 1_000,
    /// The most bytes of a JSON request, at least twice `input_bytes`. A larger request is refused
    /// with `too_large`.
    request_bytes: 4 << 20,
    /// The most bytes of UTF-8 of an input, or of an entry of a seeded history. A larger text is
    /// refused with `too_large`.
    input_bytes: 256 << 10,
    /// The most bytes of UTF-8 of an answer, its reasoning included. Past it, the turn fails with
    /// an error of the kind `too_large`.
    answer_bytes: 4 << 20,
    /// The most bytes of UTF-8 of a Worker's own instructions. A larger text is refused with
    /// `too_large`.
    instructions_bytes: 64 << 10,
    /// The most characters of a display name. A longer name is refused with `too_large`.
    display_name_chars: 64,
    /// The most characters of a reason, purpose, objective, role, resource, bundle id or digest,
    /// profile or capability name. A longer text is refused with `too_large`.
    text_chars: 1024,
    /// The most capabilities that one creation requests. Past it, the creation is refused with
    /// `too_large`.
    requested_capabilities: 64,
    /// The most labels of a Worker, of a filter, or of a list of labels to remove. Past it, the
    /// request is refused with `too_large`.
    labels: 32,
    /// The most characters of a label's name, and of its value. A longer text is refused with
    /// `too_large`.
    label_chars: 128,
    /// The most pairs of one `meta`. Past it, the command is refused with `too_large`.
    meta_pairs: 16,
    /// The most characters of a name in `meta`, and of a value. A longer text is refused with
    /// `too_large`.
    meta_chars: 256,
    /// The most characters of an idempotency key. A longer key is refused with `too_large`.
    key_chars: 128,
    /// The most claims of one Worker. Past it, the creation is refused with `too_large`.
    scope_claims: 64,
    /// The most items of one page. A request for more is refused with `limit_out_of_range`.
    page_items: 1000,
    /// The most Workers that one `list_workers` examines, and the most turns that one `list_turns`
    /// examines. Past it, the page ends and has a `next`.
    list_scan: 10_000,
    /// The number of the newest events of each Worker that are kept. Older ones may be gone, and a
    /// cursor that needs them is refused with `cursor_expired`.
    events_per_worker: 1024,
    /// The number of the newest events that the Runtime's log keeps. Older ones are gone, and a
    /// cursor that needs them is refused with `cursor_expired`.
    events_runtime: 65_536,
    /// The number of the newest diagnostics that are kept. Older ones are gone.
    diagnostics: 1024,
    /// The number of the newest idempotency keys that are remembered of each Worker. Older ones are
    /// forgotten, so that their commands act again.
    idempotency_keys: 128,
    /// The number of the newest idempotency keys of creations that are remembered of each tenant, and of
    /// creations for no tenant. Older ones are forgotten, so that their commands act again.
    idempotency_keys_create: 10_000,
    /// The time for which an idempotency key is remembered, in milliseconds. Past it, the key is
    /// forgotten, so that its command acts again.
    idempotency_age_ms by idempotency_age: 24 * 60 * 60 * 1000,
    /// The longest time that a turn may take, in milliseconds. Past it, the turn fails with an
    /// error of the kind `timeout`.
    turn_ms by turn: 30 * 60 * 1000,
    /// The longest time that a turn may wait for the engine's first output, in milliseconds. Past
    /// it, the turn fails with an error of the kind `timeout`.
    turn_first_event_ms by turn_first_event: 300_000,
    /// The longest time that a turn may wait between two outputs of the engine, in milliseconds.
    /// Past it, the turn fails with an error of the kind `timeout`.
    turn_idle_ms by turn_idle: 120_000,
    /// The longest time that a query may wait, in milliseconds. A request to wait longer is refused
    /// with `limit_out_of_range`.
    wait_ms by wait: 60_000,
    /// The longest time that the store may take to answer, in milliseconds. Past it, a commit
    /// counts as unknown, and its command fails with `store_failed`.
    commit_ms by commit: 10_000,
    /// The most subscriptions at once. Past it, a subscription is refused with
    /// `capacity_exhausted`.
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
