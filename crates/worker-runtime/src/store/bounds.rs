//! The bounds of the texts and lists in what a store answers.
//!
//! They are wide, because an earlier Runtime on the store may have had wider limits than this one.
//! They are never narrower than what this Runtime itself may write.

use std::collections::BTreeMap;

use super::within_range::{OUT_OF_BOUNDS, Verdict};
use crate::{
    model::{Intent, Limits, Meta, ProfileSelector, ProviderError, TurnError, wire::json_bytes},
    store::{
        CommandMetadata, StoredEntry, StoredEvent, StoredEventBody, StoredTurn, WorkerRecord,
        WorkerSpec,
    },
};

/// The most that a value of a store may hold. Lengths are in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The longest text of an entry, or longest instructions.
    long: usize,
    /// The longest other text.
    short: usize,
    /// The most items of one list.
    items: usize,
    /// The most bytes of all other texts of one value together.
    total: usize,
    /// The most idempotency keys of one Worker.
    pub(super) keys: usize,
    /// The most idempotency keys of creations.
    pub(super) create_keys: usize,
}

/// The texts of one value, which are looked through one by one.
struct Texts<'a> {
    bounds: &'a Bounds,
    total: usize,
    are_good: bool,
}

impl Bounds {
    /// Returns the bounds for a Runtime with these limits.
    pub(super) fn of(limits: &Limits) -> Self {
        let at_least =
            |fixed: u64, limit: u64| usize::try_from(fixed.max(limit)).unwrap_or(usize::MAX);
        let Limits { text_chars, label_chars, meta_chars, .. } = *limits;
        let chars = [text_chars, label_chars, meta_chars, limits.key_chars];
        let chars = chars.into_iter().fold(limits.display_name_chars, u64::max);
        let claims = limits.scope_claims.max(limits.requested_capabilities);
        let items = limits.labels.max(limits.meta_pairs).max(claims);
        let bytes_of_chars = chars.saturating_mul(4);
        // A value has at most four lists, and each item has at most two texts.
        let total = items.saturating_add(4).saturating_mul(8).saturating_mul(bytes_of_chars);
        let long = limits.input_bytes.max(limits.answer_bytes).max(limits.instructions_bytes);
        Self {
            long: at_least(16 << 20, long),
            short: at_least(64 << 10, bytes_of_chars),
            items: at_least(1024, items),
            total: at_least(16 << 20, total),
            keys: at_least(16 << 10, limits.idempotency_keys),
            create_keys: at_least(1 << 20, limits.idempotency_keys_create),
        }
    }

    /// Checks the texts of a record.
    pub(super) fn record(&self, record: &WorkerRecord) -> Verdict {
        let mut texts = self.texts();
        let WorkerSpec { intent, profile, instructions, config_bundle, .. } = &*record.spec;
        texts.maybe(record.tenant.as_deref());
        texts.maybe(record.display_name.as_deref());
        texts.maybe(record.end_reason.as_deref());
        texts.pairs(&record.labels);
        texts.intent(intent);
        texts.selector(profile);
        texts.long(instructions.as_deref().unwrap_or(""));
        if let Some(bundle) = config_bundle {
            texts.short(&bundle.id);
            texts.maybe(bundle.digest.as_deref());
        }
        texts.list(record.spec.capabilities.len());
        for capability in &record.spec.capabilities {
            texts.short(&capability.name);
            texts.maybe(capability.why.as_deref());
        }
        texts.list(record.spec.scope_claims.len());
        for claim in &record.spec.scope_claims {
            texts.short(&claim.resource);
        }
        texts.verdict()
    }

    /// Checks the texts of a turn.
    pub(super) fn turn(&self, turn: &StoredTurn) -> Verdict {
        let mut texts = self.texts();
        texts.selector(&turn.profile);
        texts.maybe(turn.model.as_deref());
        texts.maybe(turn.reason.as_deref());
        texts.maybe(turn.idempotency_key.as_deref());
        texts.meta(turn.meta.as_deref());
        if let Some(error) = &turn.error {
            texts.error(error);
        }
        texts.verdict()
    }

    /// Checks the texts of an entry.
    pub(super) fn entry(&self, entry: &StoredEntry) -> Verdict {
        let mut texts = self.texts();
        texts.long(&entry.text);
        texts.maybe(entry.idempotency_key.as_deref());
        texts.meta(entry.meta.as_deref());
        texts.verdict()
    }

    /// Checks the name of an idempotency key.
    pub(super) fn key(&self, key: &str) -> Verdict {
        let mut texts = self.texts();
        texts.short(key);
        texts.verdict()
    }

    /// Checks the texts of an event, but for those of its record.
    pub(super) fn event(&self, event: &StoredEvent) -> Verdict {
        let mut texts = self.texts();
        texts.pairs(&event.labels);
        if let Some(metadata) = &event.metadata {
            let CommandMetadata { idempotency_key, meta } = &**metadata;
            texts.maybe(idempotency_key.as_deref());
            texts.meta(meta.as_deref());
        }
        match &event.body {
            StoredEventBody::WorkerUpdated { labels_before: Some(labels), .. } => {
                texts.pairs(labels);
            }
            StoredEventBody::WorkerStateChanged { reason, .. } => texts.maybe(reason.as_deref()),
            StoredEventBody::TurnRetrying { retry } => texts.error(&retry.error),
            StoredEventBody::WorkerCreated { .. }
            | StoredEventBody::WorkerUpdated { labels_before: None, .. }
            | StoredEventBody::WorkerDeleted
            | StoredEventBody::InputAccepted { .. }
            | StoredEventBody::TurnStarted
            | StoredEventBody::TurnEnded { .. } => {}
            StoredEventBody::Unknown(it) => texts.bytes(json_bytes(it)),
        }
        texts.verdict()
    }

    fn texts(&self) -> Texts<'_> {
        Texts { bounds: self, total: 0, are_good: true }
    }
}

impl Texts<'_> {
    fn long(&mut self, text: &str) {
        self.are_good &= text.len() <= self.bounds.long;
    }

    fn short(&mut self, text: &str) {
        self.bytes(text.len());
    }

    fn bytes(&mut self, bytes: usize) {
        self.are_good &= bytes <= self.bounds.short;
        self.total = self.total.saturating_add(bytes);
    }

    fn maybe(&mut self, text: Option<&str>) {
        self.short(text.unwrap_or(""));
    }

    fn list(&mut self, items: usize) {
        self.are_good &= items <= self.bounds.items;
    }

    fn pairs(&mut self, pairs: &BTreeMap<String, String>) {
        self.list(pairs.len());
        for (name, value) in pairs {
            self.short(name);
            self.short(value);
        }
    }

    fn meta(&mut self, meta: Option<&Meta>) {
        if let Some(meta) = meta {
            self.pairs(meta);
        }
    }

    fn error(&mut self, error: &TurnError) {
        self.short(&error.message);
        if let Some(said) = &error.provider {
            let ProviderError { status: _, code, error_type, message, request_id } = &**said;
            for text in [code, error_type, message, request_id] {
                self.maybe(text.as_deref());
            }
        }
    }

    fn intent(&mut self, intent: &Intent) {
        match intent {
            Intent::Assistant(it) => self.maybe(it.purpose.as_deref()),
            Intent::Task(it) => self.short(&it.objective),
            Intent::Role(it) => {
                self.short(&it.role);
                self.maybe(it.purpose.as_deref());
            }
            Intent::Unknown(it) => self.bytes(json_bytes(it)),
        }
    }

    fn selector(&mut self, selector: &ProfileSelector) {
        match selector {
            ProfileSelector::RuntimeDefault(_) => {}
            ProfileSelector::Builtin(it) => self.short(&it.name),
            ProfileSelector::Named(it) => self.short(&it.name),
            ProfileSelector::Unknown(it) => self.bytes(json_bytes(it)),
        }
    }

    fn verdict(self) -> Verdict {
        if self.are_good && self.total <= self.bounds.total { Ok(()) } else { Err(OUT_OF_BOUNDS) }
    }
}
