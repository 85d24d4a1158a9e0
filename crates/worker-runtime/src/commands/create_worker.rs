//! `create_worker`: makes a Worker, and has it answer a first input if there is one.

use std::sync::{Arc, atomic::Ordering};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    commit::{change::Answer, creation::Creation},
    domain::{
        context::DecisionContext,
        draft::Draft,
        idempotency::{self, KeyWindow},
    },
    error::RuntimeError,
    identity::{TurnId, WorkerId},
    model::{
        CapabilityGrant, ConfigBundle, Cursor, Input, InputReceipt, Intent, Labels, Meta,
        ProfileSelector, ScopeClaim, SeedEntry, Shared, Tags, TranscriptEntry, WorkerDetail,
    },
    request::Command,
    state::{core::Core, worker_cell::CellState},
    store::{CreateKey, WorkerRecord, WorkerSpec},
};

/// Makes a Worker.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CreateWorker {
    /// A name for people; not unique. The Runtime makes a short one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_display_name")]
    pub display_name: Option<String>,
    /// Why the Worker exists; `assistant` if absent. Shown, not sent to the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
    /// The profile of its turns; `runtime_default` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileSelector>,
    /// Instructions that replace the profile's, in at most `instructions_bytes` bytes of UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65_536))]
    pub instructions: Option<String>,
    /// A configuration that the Backend keeps elsewhere. Carried and shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_bundle: Option<ConfigBundle>,
    /// Names of what the Worker should be able to do. The detail shows what came of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_capabilities")]
    pub requested_capabilities: Option<Vec<String>>,
    /// What others must keep off until the Worker ends. All are taken at once, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub scope_claims: Option<Vec<ScopeClaim>>,
    /// What the Worker is filed under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_labels")]
    pub labels: Option<Labels>,
    /// What the transcript begins with, oldest first. No turn runs for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub history: Option<Vec<SeedEntry>>,
    /// The first thing that is said to the Worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_input: Option<Input>,
    /// A key of the caller's choice: sent again with the same body, the command acts once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub idempotency_key: Option<String>,
    /// The caller's remarks, shown on everything that the command causes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_meta")]
    pub meta: Option<Meta>,
}

/// The Worker exists.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct WorkerCreated {
    /// The Worker now.
    pub detail: Box<WorkerDetail>,
    /// The receipt for the initial input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<InputReceipt>,
    /// Right before the first event that the command caused, in the Worker's scope.
    pub cursor: Cursor,
    /// Whether the command had been carried out before, under the same key.
    pub replayed: bool,
}

/// The ids that a creation is given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CreationIds {
    pub(crate) worker_id: WorkerId,
    pub(crate) turn_id: TurnId,
    pub(crate) ordinal: u64,
}

impl CreateWorker {
    /// The Worker that an earlier creation with the same key made, and its receipt.
    pub(crate) fn replayed(
        &self,
        context: &DecisionContext<'_>,
        keys: &KeyWindow<CreateKey>,
    ) -> Result<Option<CreateKey>, RuntimeError> {
        let Some(key) = &self.idempotency_key else { return Ok(None) };
        let found = keys.replay(key, &self.digest(), context.now_ms, context.create_keys())?;
        Ok(found.cloned())
    }

    /// The reply to a creation that was carried out before.
    pub(crate) fn replay(
        &self,
        core: &Core,
        context: &DecisionContext<'_>,
    ) -> Result<Option<WorkerCreated>, RuntimeError> {
        if self.idempotency_key.is_none() {
            return Ok(None);
        }
        let found = self.replayed(context, &core.admission.lock().keys)?;
        let Some(earlier) = found else { return Ok(None) };
        let cell = core.catalogue.get(earlier.worker_id).ok_or(RuntimeError::WorkerNotFound {})?;
        let state = cell.lock();
        state.present().map(|state| Some(replayed_reply(context, state, &earlier)))
    }

    /// Checks the request, up to what depends on the Runtime's state.
    pub(crate) fn validate(&self, context: &DecisionContext<'_>) -> Result<(), RuntimeError> {
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
        if let Some(profile) = &self.profile {
            limits.check_profile(profile)?;
            context.profiles.resolve(profile)?;
        }
        Ok(())
    }

    /// The rule: what a creation that nothing stands against makes.
    pub(crate) fn decide(
        &self,
        context: &DecisionContext<'_>,
        ids: &CreationIds,
        dropped_keys: Vec<Arc<str>>,
    ) -> Result<(Draft, WorkerCreated), RuntimeError> {
        let now_ms = context.now_ms;
        let selector = self.profile.clone().unwrap_or_default();
        let profile = context.profiles.resolve(&selector)?;
        let tags = Tags::new(self.meta.as_ref(), self.idempotency_key.as_deref());
        let mut draft = Draft::creation(self.record(context, ids, selector), now_ms, tags);
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
        if let Some(key) = &self.idempotency_key {
            let key = CreateKey {
                key: key.as_str().into(),
                digest: self.digest(),
                at_ms: now_ms,
                worker_id: ids.worker_id,
                receipt,
            };
            draft.remember_creation(key, dropped_keys);
        }
        let record = draft.record();
        let detail = record.reply_detail(context.owner, record.turn.clone());
        let reply = reply(context, ids.worker_id, detail, receipt, false);
        Ok((draft, reply))
    }

    fn record(
        &self,
        context: &DecisionContext<'_>,
        ids: &CreationIds,
        profile: ProfileSelector,
    ) -> WorkerRecord {
        let spec = if self.has_usual_spec() { Shared::usual() } else { self.spec(profile).into() };
        WorkerRecord {
            display_name: self.display_name.as_deref().map(Arc::from),
            labels: self.labels.clone().map(Shared::from).unwrap_or_default(),
            spec,
            ..WorkerRecord::new(ids.worker_id, ids.ordinal, context.now_ms)
        }
    }

    /// Whether nothing was asked for that a spec holds.
    fn has_usual_spec(&self) -> bool {
        self.intent.is_none()
            && self.profile.is_none()
            && self.instructions.is_none()
            && self.config_bundle.is_none()
            && self.requested_capabilities.is_none()
            && self.scope_claims.is_none()
    }

    fn spec(&self, profile: ProfileSelector) -> WorkerSpec {
        WorkerSpec {
            intent: self.intent.clone().unwrap_or_default().into(),
            profile: profile.into(),
            instructions: self.instructions.as_deref().map(Arc::from),
            config_bundle: self.config_bundle.clone().map(Arc::new),
            capabilities: self
                .requested_capabilities
                .iter()
                .flatten()
                .map(|it| refused(it))
                .collect(),
            scope_claims: self.scope_claims.iter().flatten().cloned().collect(),
        }
    }

    /// What is absent counts as what it defaults to.
    fn digest(&self) -> [u8; 16] {
        idempotency::digest(&Self {
            intent: Some(self.intent.clone().unwrap_or_default()),
            profile: Some(self.profile.clone().unwrap_or_default()),
            labels: Some(self.labels.clone().unwrap_or_default()),
            requested_capabilities: Some(self.requested_capabilities.clone().unwrap_or_default()),
            scope_claims: Some(self.scope_claims.clone().unwrap_or_default()),
            history: Some(self.history.clone().unwrap_or_default()),
            idempotency_key: None,
            meta: None,
            ..self.clone()
        })
    }
}

fn reply(
    context: &DecisionContext<'_>,
    worker_id: WorkerId,
    detail: Box<WorkerDetail>,
    receipt: Option<(TurnId, u64)>,
    replayed: bool,
) -> WorkerCreated {
    WorkerCreated {
        detail,
        receipt: receipt.map(|(turn_id, entry_sequence)| InputReceipt {
            worker: context.owner.worker(worker_id),
            turn_id,
            entry_sequence,
        }),
        cursor: context.worker_cursor(worker_id, 0),
        replayed,
    }
}

/// The reply to a creation that was carried out before, with the Worker as it is now.
pub(crate) fn replayed_reply(
    context: &DecisionContext<'_>,
    state: &CellState,
    earlier: &CreateKey,
) -> WorkerCreated {
    let detail = state.detail(context.owner);
    reply(context, earlier.worker_id, detail, earlier.receipt, true)
}

/// No capability is granted as long as there are no tools.
fn refused(name: &str) -> CapabilityGrant {
    let why = "this Runtime runs no tools".to_owned();
    CapabilityGrant { name: name.to_owned(), granted: false, why: Some(why) }
}

fn seeded(entry: &SeedEntry, now_ms: u64) -> TranscriptEntry {
    TranscriptEntry {
        sequence: 0,
        role: entry.role,
        text: Arc::clone(&entry.text),
        turn_id: None,
        at_ms: entry.at_ms.unwrap_or(now_ms),
        truncated: false,
        usage: Shared::usual(),
        tags: Shared::usual(),
    }
}

/// How far an attempt at a creation has come.
enum Attempt {
    Replayed(WorkerCreated),
    Sent(Answer, WorkerCreated),
    /// Another creation is under way or came in between: once it is decided, all is looked at anew.
    Behind(Rival),
}

/// What another creation shares with this one.
enum Rival {
    Key,
    Claims,
}

impl CreateWorker {
    /// Does everything that does not wait. Apart from `execute`, so that a request's future is small.
    fn attempt(
        &self,
        core: &Arc<Core>,
        claims: &Shared<[ScopeClaim]>,
    ) -> Result<Attempt, RuntimeError> {
        let key: Option<Arc<str>> = self.idempotency_key.as_deref().map(Arc::from);
        if key.as_ref().is_some_and(|key| core.key_is_under_way(key)) {
            return Ok(Attempt::Behind(Rival::Key));
        }
        let context = core.context();
        if let Some(replayed) = self.replay(core, &context)? {
            return Ok(Attempt::Replayed(replayed));
        }
        self.validate(&context)?;
        context.takes_work()?;
        if core.claims_are_under_way(claims) {
            return Ok(Attempt::Behind(Rival::Claims));
        }
        let worker_id = WorkerId::from_uuid(core.ids.next(context.now_ms));
        let with_turn = self.initial_input.is_some();
        let Some(ticket) = core.admit(&context, worker_id, key.as_ref(), claims, with_turn)? else {
            return Ok(Attempt::Behind(Rival::Claims));
        };
        let turn_id =
            if with_turn { TurnId::from_uuid(core.ids.next(context.now_ms)) } else { TurnId::NIL };
        let dropped = if key.is_some() {
            core.admission.lock().keys.pushed_out(context.now_ms, context.create_keys())
        } else {
            Vec::new()
        };
        let ordinal = core.next_ordinal.fetch_add(1, Ordering::Relaxed);
        let ids = CreationIds { worker_id, turn_id, ordinal };
        let (draft, reply) = self.decide(&context, &ids, dropped)?;
        Ok(Attempt::Sent(Creation::new(draft, ticket).commit(core), reply))
    }
}

impl Command for CreateWorker {
    type Reply = WorkerCreated;

    #[expect(clippy::manual_async_fn, reason = "an async fn would hold the request twice")]
    fn execute(
        self,
        core: &Arc<Core>,
    ) -> impl Future<Output = Result<WorkerCreated, RuntimeError>> + Send {
        async move {
            let claims: Shared<[ScopeClaim]> =
                self.scope_claims.iter().flatten().cloned().collect();
            loop {
                match self.attempt(core, &claims)? {
                    Attempt::Replayed(reply) => return Ok(reply),
                    Attempt::Sent(answer, reply) => {
                        answer.committed(self.idempotency_key.is_some()).await?;
                        return Ok(reply);
                    }
                    Attempt::Behind(Rival::Key) => {
                        core.key_settled(self.idempotency_key.as_deref().unwrap_or_default())
                            .await?;
                    }
                    Attempt::Behind(Rival::Claims) => core.claims_settled(&claims).await?,
                }
            }
        }
    }
}
