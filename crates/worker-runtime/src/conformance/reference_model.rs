//! The reference model: the data that a store must hold of one Worker, and batches that change it.

use std::{collections::BTreeMap, sync::Arc};

use llm_engine::{Role, StopReason, TokenUsage};

use crate::{
    conformance::ids::new_uuid,
    domain::draft::{Draft, TurnEnd},
    identity::{TurnId, WorkerId},
    model::{Access, Input, ProfileSelector, ScopeClaim, TurnOutcome, Usage, WorkerState},
    store::{
        Batch, Change, CommandMetadata, CreateKey, FoundTurn, InputKey, Lease, NewKey, StoredEntry,
        StoredEvent, StoredTurn, WorkerRecord, WorkerSpec,
    },
};

/// A text with characters that need escaping, which must be read back byte for byte.
const AWKWARD: &str = "naïve \u{1f980} \"quoted\\\" \u{0}\u{1b}[0m \u{202e}\r\n\t'; DROP TABLE";

/// The largest number of the wire contract.
const LARGE: u64 = (1 << 53) - 1;

/// A Worker as the store must hold it.
#[derive(Clone)]
pub(super) struct ReferenceModel {
    pub(super) worker_id: WorkerId,
    pub(super) ordinal: u64,
    /// The tenant that the Worker is created for.
    pub(super) tenant: Option<Arc<str>>,
    /// The text that is in everything that is said, named or remarked.
    pub(super) text: Arc<str>,
    /// `None` before the creation and after the deletion.
    pub(super) record: Option<Arc<WorkerRecord>>,
    pub(super) entries: Vec<Arc<StoredEntry>>,
    pub(super) turns: Vec<Arc<StoredTurn>>,
    /// All events, including those that the store may have dropped.
    pub(super) events: Vec<StoredEvent>,
    pub(super) keys: Vec<InputKey>,
    /// The model's own time, which advances by a second with every batch.
    pub(super) now_ms: u64,
}

impl ReferenceModel {
    /// The changes of a Worker's whole life, in order: each makes the batch that comes next.
    pub(super) const LIFE: [fn(&Self, Lease) -> Batch; 5] =
        [Self::create, Self::input, Self::answer, Self::stop, Self::delete];

    pub(super) fn new(ordinal: u64) -> Self {
        Self {
            worker_id: WorkerId::from_uuid(new_uuid()),
            ordinal,
            tenant: None,
            text: AWKWARD.into(),
            record: None,
            entries: Vec::new(),
            turns: Vec::new(),
            events: Vec::new(),
            keys: Vec::new(),
            now_ms: 1_700_000_000_000,
        }
    }

    /// A batch that creates the Worker with two initial entries.
    pub(super) fn create(&self, lease: Lease) -> Batch {
        let mut draft = Draft::creation(self.blank_record(), self.now_ms, self.metadata(None));
        for (role, text) in [(Role::System, "be brief"), (Role::User, &*self.text)] {
            draft.seed(StoredEntry {
                sequence: 0,
                role,
                text: text.into(),
                turn_id: None,
                at_ms: self.now_ms,
                truncated: false,
                usage: Usage::default(),
                idempotency_key: None,
                meta: None,
            });
        }
        draft.created();
        draft.into_batch(lease)
    }

    /// A batch that creates the Worker under an idempotency key and drops others.
    pub(super) fn create_with_key(&self, lease: Lease, key: &str, dropped: &[&str]) -> Batch {
        let key = CreateKey {
            key: key.into(),
            digest: [7; 16],
            at_ms: self.now_ms,
            worker_id: self.worker_id,
            receipt: Some((TurnId::from_uuid(new_uuid()), 1)),
        };
        let dropped = dropped.iter().map(|key| Arc::from(*key)).collect();
        let create_key = Some(NewKey { key, dropped });
        Batch { create_key, ..self.create(lease) }
    }

    /// A batch that adds an input and starts its turn.
    pub(super) fn input(&self, lease: Lease) -> Batch {
        self.begin(lease, None, &[])
    }

    /// A batch like [`Self::input`] under an idempotency key, which drops others.
    pub(super) fn input_with_key(&self, lease: Lease, key: &str, dropped: &[&str]) -> Batch {
        self.begin(lease, Some(key), dropped)
    }

    fn begin(&self, lease: Lease, key: Option<&str>, dropped: &[&str]) -> Batch {
        let mut draft = Draft::of(&self.current_record(), self.now_ms, self.metadata(key));
        let turn_id = TurnId::from_uuid(new_uuid());
        let input = Input::user(format!("{} {}", self.turns.len(), self.text));
        let profile = ProfileSelector::default();
        let entry_sequence = draft.begin_turn(turn_id, &input, profile, Some("model".into()));
        if let Some(key) = key {
            let key = InputKey {
                key: key.into(),
                digest: [9; 16],
                at_ms: self.now_ms,
                turn_id,
                entry_sequence,
                cursor_sequence: self.events.len() as u64,
            };
            draft.remember(key, dropped.iter().map(|key| Arc::from(*key)).collect());
        }
        draft.into_batch(lease)
    }

    /// A batch that completes the running turn with an answer.
    pub(super) fn answer(&self, lease: Lease) -> Batch {
        let record = self.current_record();
        let mut draft = Draft::of(&record, self.now_ms, None);
        if let Some(running) = record.running_turn() {
            let usage = TokenUsage::new()
                .input(1000)
                .output(self.turns.len() as u64)
                .reasoning(LARGE / 1_000_000);
            let end = TurnEnd {
                outcome: TurnOutcome::Completed,
                text: format!("answer {} {}", self.turns.len(), self.text).into(),
                usage,
                stop_reason: Some(StopReason::EndTurn),
                error: None,
                reason: None,
            };
            draft.end_turn(running, end, WorkerState::Idle, None);
        }
        draft.into_batch(lease)
    }

    /// A batch that changes the Worker's name and, if there are any, its instructions.
    pub(super) fn update(&self, lease: Lease, name: &str, instructions: Option<&str>) -> Batch {
        let mut draft = Draft::of(&self.current_record(), self.now_ms, self.metadata(None));
        let record = draft.record_mut();
        record.display_name = Some(name.into());
        if let Some(instructions) = instructions {
            let spec = (*record.spec).clone();
            record.spec = Arc::new(WorkerSpec { instructions: Some(instructions.into()), ..spec });
        }
        draft.updated(None);
        draft.into_batch(lease)
    }

    /// One batch with the changes of several steps, which follow each other.
    pub(super) fn together(
        &self,
        lease: Lease,
        steps: impl IntoIterator<Item = fn(&Self, Lease) -> Batch>,
    ) -> Batch {
        let mut later = self.clone();
        let mut batches = steps.into_iter().map(|step| {
            let batch = step(&later, lease);
            later.apply(&batch);
            batch
        });
        let Some(mut all) = batches.next() else { return self.input(lease) };
        for next in batches {
            // A turn that ends in the batch in which it began is there once, as it ended.
            all.turns.retain(|(ordinal, _)| next.turns.iter().all(|(other, _)| other != ordinal));
            all.turns.extend(next.turns);
            all.entries.extend(next.entries);
            all.events.extend(next.events);
            all.totals.add(&next.totals);
            all.change = next.change;
        }
        if let Change::Put(record) = &mut all.change {
            Arc::make_mut(record).version = all.expected_version + 1;
        }
        all
    }

    /// A batch that stops the Worker.
    pub(super) fn stop(&self, lease: Lease) -> Batch {
        let mut draft = Draft::of(&self.current_record(), self.now_ms, self.metadata(None));
        draft.record_mut().end_reason = Some("enough".into());
        draft.go(WorkerState::Stopped, Some("enough".into()));
        draft.into_batch(lease)
    }

    /// A batch that deletes the Worker.
    pub(super) fn delete(&self, lease: Lease) -> Batch {
        let mut draft = Draft::of(&self.current_record(), self.now_ms, None);
        draft.delete();
        draft.into_batch(lease)
    }

    /// Applies a batch that the store has accepted.
    pub(super) fn apply(&mut self, batch: &Batch) {
        self.now_ms += 1000;
        match &batch.change {
            Change::Put(record) => self.record = Some(Arc::clone(record)),
            Change::Delete => {
                let (tenant, text) = (self.tenant.take(), Arc::clone(&self.text));
                *self = Self { worker_id: self.worker_id, tenant, text, ..Self::new(self.ordinal) };
                return;
            }
        }
        self.entries.extend(batch.entries.iter().cloned());
        self.events.extend(batch.events.iter().cloned());
        if let Some(new) = &batch.key {
            self.keys.retain(|kept| !new.dropped.contains(&kept.key));
            self.keys.push(new.key.clone());
        }
        for (ordinal, turn) in &batch.turns {
            let place = usize::try_from(ordinal - 1).unwrap_or(usize::MAX);
            match self.turns.get_mut(place) {
                Some(there) => *there = Arc::clone(turn),
                None => self.turns.push(Arc::clone(turn)),
            }
        }
    }

    /// Returns a turn with its entries, as a look-up must find them.
    pub(super) fn found(&self, turn: &Arc<StoredTurn>) -> FoundTurn {
        let entry = |sequence: Option<u64>| {
            self.entries.iter().find(|entry| Some(entry.sequence) == sequence).cloned()
        };
        let (input, answer) = (entry(turn.input_sequence), entry(turn.answer_sequence));
        FoundTurn { turn: Arc::clone(turn), input, answer }
    }

    /// The record, or a blank one while the Worker does not exist.
    fn current_record(&self) -> Arc<WorkerRecord> {
        self.record.clone().unwrap_or_else(|| Arc::new(self.blank_record()))
    }

    fn blank_record(&self) -> WorkerRecord {
        let claim = ScopeClaim { resource: "workspace/app".to_owned(), access: Access::Shared };
        WorkerRecord {
            tenant: self.tenant.clone(),
            display_name: Some(format!("{} {}", self.ordinal, self.text).into()),
            labels: self.named("kind").into(),
            spec: Arc::new(WorkerSpec {
                instructions: Some(Arc::clone(&self.text)),
                scope_claims: vec![claim],
                ..WorkerSpec::default()
            }),
            ..WorkerRecord::new(self.worker_id, self.ordinal, self.now_ms)
        }
    }

    fn metadata(&self, key: Option<&str>) -> Option<Arc<CommandMetadata>> {
        CommandMetadata::of_command(Some(&self.named("actor")), key)
    }

    /// Labels or remarks that have the text as a value and as a name.
    fn named(&self, name: &str) -> BTreeMap<String, String> {
        let text = self.text.to_string();
        BTreeMap::from([(name.to_owned(), text.clone()), (text, name.to_owned())])
    }
}
