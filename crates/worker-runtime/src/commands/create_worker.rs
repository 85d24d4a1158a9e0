//! `create_worker`: makes a Worker, and has it answer a first input if there is one.

mod digest;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use worker::Profile;

use crate::{
    commit::{outcome::SentCommit, pending::PendingCommit},
    domain::{context::DecisionContext, creation_key, draft::Draft},
    error::RuntimeError,
    identity::{TurnId, WorkerId},
    model::{
        CapabilityGrant, ConfigBundle, Cursor, Input, InputReceipt, Intent, Labels, Meta,
        ProfileSelector, ScopeClaim, SeedEntry, Usage, WorkerDetail, setters, shared_labels,
    },
    request::Command,
    state::{
        admission::{CreationRequest, RequestKey, Rival},
        caller::Caller,
        core::Core,
        reservation::Admitted,
        tenant::Tenant,
        worker_cell::CellState,
    },
    store::{CommandMetadata, CreateKey, StoredEntry, WorkerRecord, WorkerSpec},
};

/// A command that creates a Worker. If it has an `initial_input`, the Worker's first turn runs at
/// once.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CreateWorker {
    /// The name of the Worker, for people. It is not unique, has at most `display_name_chars`
    /// characters, is not blank, and has no `@`, control or bidirectional-override characters. If
    /// absent, the Runtime makes a short one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_display_name")]
    pub display_name: Option<String>,
    /// The reason for which the Worker exists. It is shown, and is not sent to the model. If
    /// absent, it is `assistant`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
    /// The profile of the Worker's turns. If absent, it is `runtime_default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileSelector>,
    /// Instructions for the model that replace those of the profile, in at most
    /// `instructions_bytes` bytes of UTF-8. If absent, those of the profile count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65_536))]
    pub instructions: Option<String>,
    /// A reference to a configuration that the Backend keeps elsewhere. The Runtime keeps and shows
    /// it. If absent, none is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_bundle: Option<ConfigBundle>,
    /// The names of the capabilities that the Worker requests, at most `requested_capabilities` of
    /// them, of 1 to `text_chars` characters without control characters. The Worker's
    /// `capabilities` say which were granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_capabilities")]
    pub requested_capabilities: Option<Vec<String>>,
    /// The claims that the Worker holds until it ends, at most `scope_claims` of them. Either all
    /// are taken, or the command is refused with `scope_conflict`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub scope_claims: Option<Vec<ScopeClaim>>,
    /// The labels of the Worker, at most `labels` of them. Names have 1 to `label_chars` characters
    /// and values at most `label_chars`, none of them a control character. If absent, it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_labels")]
    pub labels: Option<Labels>,
    /// The entries that the transcript begins with, oldest first, at most `history_entries` of
    /// them. No turn runs for them. If absent, the transcript begins empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub history: Option<Vec<SeedEntry>>,
    /// The tenant that the Worker belongs to from then on, of 1 to `label_chars` characters, none of
    /// them a control character. If absent, it is the tenant that is acted for, or none. Whoever acts
    /// for a tenant can name no other one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_tenant")]
    pub tenant: Option<String>,
    /// The first input of the Worker. If absent, the Worker waits for input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_input: Option<Input>,
    /// A key that the caller chooses, of 1 to `key_chars` characters. If the command is sent again
    /// with the same key and the same fields (`meta` aside), it does not act again, and the reply
    /// repeats the first receipt and cursor. The keys of two tenants never meet. If absent, the command
    /// acts each time that it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub idempotency_key: Option<String>,
    /// Strings that the caller adds for its own use, such as an actor or a trace id. They are shown
    /// on the events, entries and turns that the command causes. There are at most `meta_pairs`
    /// pairs, whose names and values have at most `meta_chars` characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_meta")]
    pub meta: Option<Meta>,
}

impl CreateWorker {
    /// Makes a command that creates a Worker with nothing but defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            display_name: None,
            intent: None,
            profile: None,
            instructions: None,
            config_bundle: None,
            requested_capabilities: None,
            scope_claims: None,
            labels: None,
            history: None,
            tenant: None,
            initial_input: None,
            idempotency_key: None,
            meta: None,
        }
    }
}

setters!(CreateWorker { display_name: String, intent: Intent, profile: ProfileSelector, instructions: String, config_bundle: ConfigBundle, requested_capabilities: Vec<String>, scope_claims: Vec<ScopeClaim>, labels: Labels, history: Vec<SeedEntry>, tenant: String, initial_input: Input, idempotency_key: String, meta: Meta });

/// The reply to `create_worker`: the Worker exists.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WorkerCreated {
    /// The Worker as it is now.
    pub detail: WorkerDetail,
    /// The receipt of the initial input. If absent, the command had no initial input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<InputReceipt>,
    /// The position right before the first event that the command caused, in the scope of the
    /// Worker. Subscribing from it shows everything that the command caused. If the command caused
    /// no event, it is the end of the log.
    pub cursor: Cursor,
    /// Whether the command had been carried out before under the same idempotency key, so that the
    /// reply repeats the first receipt and cursor.
    pub replayed: bool,
}

/// The ids and the ordinal that the Runtime assigns to a creation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CreationIds {
    pub(crate) worker_id: WorkerId,
    pub(crate) turn_id: TurnId,
    pub(crate) ordinal: u64,
}

impl CreateWorker {
    /// Returns the request for admission of a Worker of this tenant, or of none, with the digest of the
    /// command and the result of its checks.
    pub(crate) fn prepare(
        &self,
        context: &DecisionContext<'_>,
        tenant: Option<Arc<Tenant>>,
    ) -> CreationRequest {
        let may_be_known = context.limits.check_key(self.idempotency_key.as_ref()).is_ok();
        let key = self.idempotency_key.as_deref().filter(|_| may_be_known);
        let of_tenant = tenant.as_ref().map(|tenant| &*tenant.name);
        let stored = key.map(|key| creation_key::stored(of_tenant, key));
        CreationRequest {
            key: stored.map(|key| RequestKey { key, digest: self.digest() }),
            claims: self.scope_claims.iter().flatten().cloned().collect(),
            with_turn: self.initial_input.is_some(),
            profile: self.validate(context),
            tenant,
        }
    }

    /// Makes all checks that do not depend on the Runtime's state, and returns the profile of the
    /// Worker's turns.
    fn validate(&self, context: &DecisionContext<'_>) -> Result<Arc<Profile>, RuntimeError> {
        let limits = context.limits;
        if let Some(name) = &self.display_name {
            limits.check_display_name(name)?;
        }
        if let Some(intent) = &self.intent {
            limits.check_intent(intent)?;
        }
        if let Some(instructions) = &self.instructions {
            limits.check_instructions(instructions)?;
        }
        if let Some(bundle) = &self.config_bundle {
            limits.check_config_bundle(bundle)?;
        }
        limits.check_capabilities(self.requested_capabilities.as_deref().unwrap_or_default())?;
        limits.check_claims(self.scope_claims.as_deref().unwrap_or_default())?;
        if let Some(labels) = &self.labels {
            limits.check_labels(labels)?;
        }
        let history = self.history.as_deref().unwrap_or_default();
        limits.check_history(history)?;
        if let Some(input) = &self.initial_input {
            limits.check_input("initial_input", input)?;
        }
        limits.check_key(self.idempotency_key.as_ref())?;
        limits.check_meta(self.meta.as_ref())?;
        match &self.profile {
            Some(profile) => {
                limits.check_profile(profile)?;
                context.profiles.resolve(profile)
            }
            None => context.profiles.resolve(&ProfileSelector::default()),
        }
    }

    /// Decides a command that admission has accepted, and returns the new Worker's draft and the
    /// reply.
    pub(crate) fn decide(
        &self,
        context: &DecisionContext<'_>,
        request: &CreationRequest,
        ids: &CreationIds,
        dropped_keys: Vec<Arc<str>>,
    ) -> Result<(Draft, WorkerCreated), RuntimeError> {
        let now_ms = context.now_ms;
        let profile = request.profile.clone()?;
        let metadata =
            CommandMetadata::of_command(self.meta.as_ref(), self.idempotency_key.as_deref());
        let selector = self.profile.clone().unwrap_or_default();
        let record = WorkerRecord {
            tenant: request.tenant.as_ref().map(|tenant| Arc::clone(&tenant.name)),
            ..self.record(context, ids, selector)
        };
        let mut draft = Draft::creation(record, now_ms, metadata);
        for entry in self.history.iter().flatten() {
            draft.seed(seeded(entry, now_ms));
        }
        draft.created();
        if self.initial_input.is_some() {
            context.has_room_for_two(draft.record().entries)?;
        }
        let receipt = self.initial_input.as_ref().map(|input| {
            let selector = draft.record().spec.profile.clone();
            let model = profile.model.clone();
            (ids.turn_id, draft.begin_turn(ids.turn_id, input, selector, model))
        });
        if let Some(RequestKey { key, digest }) = request.key.clone() {
            let worker_id = ids.worker_id;
            let key = CreateKey { key, digest, at_ms: now_ms, worker_id, receipt };
            draft.remember_creation(key, dropped_keys);
        }
        let record = draft.record();
        let detail = record.detail(context.identity, 0);
        let reply = reply(context, ids.worker_id, detail, receipt, false);
        Ok((draft, reply))
    }

    fn record(
        &self,
        context: &DecisionContext<'_>,
        ids: &CreationIds,
        profile: ProfileSelector,
    ) -> WorkerRecord {
        WorkerRecord {
            display_name: self.display_name.as_deref().map(Arc::from),
            labels: shared_labels(self.labels.clone().unwrap_or_default()),
            spec: self.spec(profile).shared(),
            ..WorkerRecord::new(ids.worker_id, ids.ordinal, context.now_ms)
        }
    }

    fn spec(&self, profile: ProfileSelector) -> WorkerSpec {
        WorkerSpec {
            intent: self.intent.clone().unwrap_or_default(),
            profile,
            instructions: self.instructions.as_deref().map(Arc::from),
            config_bundle: self.config_bundle.clone().map(Arc::new),
            capabilities: self
                .requested_capabilities
                .iter()
                .flatten()
                .map(|name| refused(name))
                .collect(),
            scope_claims: self.scope_claims.iter().flatten().cloned().collect(),
        }
    }
}

fn reply(
    context: &DecisionContext<'_>,
    worker_id: WorkerId,
    detail: WorkerDetail,
    receipt: Option<(TurnId, u64)>,
    replayed: bool,
) -> WorkerCreated {
    WorkerCreated {
        detail,
        receipt: receipt.map(|(turn_id, entry_sequence)| InputReceipt {
            worker: context.identity.worker(worker_id),
            turn_id,
            entry_sequence: Some(entry_sequence),
        }),
        cursor: context.worker_cursor(worker_id, 0),
        replayed,
    }
}

/// Returns the reply to a creation that was carried out before, with the current state of the
/// Worker.
pub(crate) fn replayed_reply(
    context: &DecisionContext<'_>,
    state: &CellState,
    earlier: &CreateKey,
) -> WorkerCreated {
    let detail = state.detail(context.identity);
    reply(context, earlier.worker_id, detail, earlier.receipt, true)
}

/// Refuses a capability. No capability is granted, because this Runtime runs no tools.
fn refused(name: &str) -> CapabilityGrant {
    let why = "this Runtime runs no tools".to_owned();
    CapabilityGrant { name: name.to_owned(), granted: false, why: Some(why) }
}

fn seeded(entry: &SeedEntry, now_ms: u64) -> StoredEntry {
    StoredEntry {
        sequence: 0,
        role: entry.role,
        text: Arc::clone(&entry.text),
        turn_id: None,
        at_ms: entry.at_ms.unwrap_or(now_ms),
        truncated: false,
        usage: Usage::default(),
        idempotency_key: None,
        meta: None,
    }
}

impl Command for CreateWorker {
    type Reply = WorkerCreated;

    async fn execute(self, caller: &Caller) -> Result<WorkerCreated, RuntimeError> {
        let core = &caller.core;
        let tenant = caller.named("tenant", self.tenant.as_deref())?.map(|name| core.tenant(&name));
        let request = self.prepare(&core.context(core.asked_ms()), tenant);
        loop {
            match self.attempt(core, &request)? {
                Attempt::Replayed(reply) => return Ok(reply),
                Attempt::Sent(sent, reply) => {
                    return sent.committed(request.key.is_some()).await.map(|()| reply);
                }
                Attempt::Wait(rival) => core.rival_decided(&request, rival).await?,
            }
        }
    }
}

/// The result of an attempt to create a Worker.
enum Attempt {
    Replayed(WorkerCreated),
    Sent(SentCommit, WorkerCreated),
    Wait(Rival),
}

impl CreateWorker {
    /// Admits and decides the command and sends its commit, all without waiting.
    fn attempt(
        &self,
        core: &Arc<Core>,
        request: &CreationRequest,
    ) -> Result<Attempt, RuntimeError> {
        let context = core.context(core.asked_ms());
        let new_id = || core.asked_id(context.now_ms);
        let is_valid = request.profile.is_ok();
        let worker_id = if is_valid { WorkerId::from_uuid(new_id()) } else { WorkerId::NIL };
        let mut reservation = match core.admit(&context, worker_id, request)? {
            Admitted::Replay(earlier) => return replay(core, &context, &earlier),
            Admitted::Wait(rival) => return Ok(Attempt::Wait(rival)),
            Admitted::Reserved(reservation) => reservation,
        };
        let turn_id = if request.with_turn { TurnId::from_uuid(new_id()) } else { TurnId::NIL };
        let ids = CreationIds { worker_id, turn_id, ordinal: reservation.ordinal };
        let dropped_keys = std::mem::take(&mut reservation.dropped_keys);
        let (draft, reply) = self.decide(&context, request, &ids, dropped_keys)?;
        Ok(Attempt::Sent(PendingCommit::creation(core, draft, reservation).send(core), reply))
    }
}

/// Returns the reply to a creation that was carried out before.
fn replay(
    core: &Core,
    context: &DecisionContext<'_>,
    earlier: &CreateKey,
) -> Result<Attempt, RuntimeError> {
    let cell = core.catalogue.get(earlier.worker_id).ok_or(RuntimeError::WorkerNotFound {})?;
    let state = cell.lock();
    Ok(Attempt::Replayed(replayed_reply(context, state.present()?, earlier)))
}
