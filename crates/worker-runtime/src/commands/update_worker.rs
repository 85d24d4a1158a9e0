//! `update_worker`: changes a Worker's name, labels, profile or instructions.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    commit::{
        change::{Cause, Decision},
        seal::Seal,
    },
    domain::{context::DecisionContext, draft::Draft, snapshot::Snapshot, validate},
    error::RuntimeError,
    identity::WorkerRef,
    model::{
        Cursor, Labels, Meta, ProfileSelector, WorkerDetail, WorkerSetting, setters, shared_labels,
    },
    request::Command,
    state::caller::Caller,
    store::{CommandMetadata, WorkerRecord, WorkerSpec},
};

/// A command that changes a Worker's name, labels, profile or instructions. Those that are absent
/// stay as they are. Profile and instructions count from the next turn on.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateWorker {
    /// The Worker that the command is for.
    pub worker: WorkerRef,
    /// The new name of the Worker, for people. It is not unique, has at most `display_name_chars`
    /// characters, is not blank, and has no `@`, control or bidirectional-override characters. If
    /// absent, the name stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_display_name")]
    pub display_name: Option<String>,
    /// The labels to add or to give another value, at most `labels` of them. Names have 1 to
    /// `label_chars` characters and values at most `label_chars`, none of them a control character.
    /// If absent, none is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_labels")]
    pub labels: Option<Labels>,
    /// The names of the labels to remove, at most `labels` of them, before `labels` are added. A
    /// name that the Worker does not have changes nothing. If absent, none is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_label_names")]
    pub remove_labels: Option<Vec<String>>,
    /// The profile of the Worker's next turn. If absent, the profile stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileSelector>,
    /// Instructions for the model that replace those of the profile, in at most
    /// `instructions_bytes` bytes of UTF-8. If absent, the instructions stay, unless `clear`
    /// removes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65_536))]
    pub instructions: Option<String>,
    /// The settings to remove from the Worker before others are set, at most 16, so that the
    /// profile's count again. If absent, none is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub clear: Option<Vec<WorkerSetting>>,
    /// Strings that the caller adds for its own use, such as an actor or a trace id. They are shown
    /// on the events, entries and turns that the command causes. There are at most `meta_pairs`
    /// pairs, whose names and values have at most `meta_chars` characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_meta")]
    pub meta: Option<Meta>,
}

impl UpdateWorker {
    /// Makes a command that changes nothing until one of its fields is set.
    #[must_use]
    pub const fn new(worker: WorkerRef) -> Self {
        Self {
            worker,
            display_name: None,
            labels: None,
            remove_labels: None,
            profile: None,
            instructions: None,
            clear: None,
            meta: None,
        }
    }
}

setters!(UpdateWorker {
    display_name: String,
    labels: Labels,
    remove_labels: Vec<String>,
    profile: ProfileSelector,
    instructions: String,
    clear: Vec<WorkerSetting>,
    meta: Meta
});

/// The reply to `update_worker`: the Worker is as the command asked.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WorkerUpdated {
    /// The Worker as it is now.
    pub detail: WorkerDetail,
    /// The position right before the first event that the command caused, in the scope of the
    /// Worker. Subscribing from it shows everything that the command caused. If the command caused
    /// no event, it is the end of the log.
    pub cursor: Cursor,
}

impl UpdateWorker {
    pub(crate) fn decide(
        &self,
        context: &DecisionContext<'_>,
        worker: &Snapshot<'_>,
    ) -> Result<Decision<WorkerUpdated>, RuntimeError> {
        self.validate(context)?;
        let record = worker.record;
        let labels = self.labels_of(record);
        context.limits.check_labels(&labels)?;
        let cursor = context.worker_cursor(record.worker_id, record.worker_sequence);
        let reply = |record: &WorkerRecord| WorkerUpdated {
            detail: worker.detail_of(record, context.identity),
            cursor: cursor.clone(),
        };
        let spec = self.spec_of(record);
        let name: Option<Arc<str>> = match &self.display_name {
            Some(name) => Some(Arc::from(name.as_str())),
            None => record.display_name.clone(),
        };
        let same_labels = labels == *record.labels;
        if name == record.display_name && same_labels && *spec == *record.spec {
            return Ok(Decision::Keep(reply(record)));
        }
        context.can_change()?;
        let metadata = CommandMetadata::of_command(self.meta.as_ref(), None);
        let mut draft = Draft::of(record, context.now_ms, metadata);
        let next = draft.record_mut();
        next.display_name = name;
        next.spec = spec;
        let labels_before = (!same_labels).then(|| Arc::clone(&record.labels));
        if !same_labels {
            next.labels = shared_labels(labels);
        }
        draft.updated(labels_before);
        let reply = reply(draft.record());
        Ok(Decision::Change(draft, reply))
    }

    fn validate(&self, context: &DecisionContext<'_>) -> Result<(), RuntimeError> {
        let limits = context.limits;
        if let Some(name) = &self.display_name {
            limits.check_display_name(name)?;
        }
        if let Some(labels) = &self.labels {
            limits.check_labels(labels)?;
        }
        if let Some(names) = &self.remove_labels {
            limits.check_label_names("remove_labels", names)?;
        }
        validate::check_clear(self.clear.as_deref().unwrap_or_default())?;
        if let Some(instructions) = &self.instructions {
            limits.check_instructions(instructions)?;
        }
        limits.check_meta(self.meta.as_ref())?;
        if let Some(profile) = &self.profile {
            limits.check_profile(profile)?;
            context.profiles.resolve(profile)?;
        }
        Ok(())
    }

    fn clears(&self, setting: WorkerSetting) -> bool {
        self.clear.iter().flatten().any(|named| *named == setting)
    }

    fn labels_of(&self, record: &WorkerRecord) -> Labels {
        let mut labels = (*record.labels).clone();
        for name in self.remove_labels.iter().flatten() {
            labels.remove(name);
        }
        labels.extend(self.labels.clone().unwrap_or_default());
        labels
    }

    fn spec_of(&self, record: &WorkerRecord) -> Arc<WorkerSpec> {
        let mut spec = WorkerSpec::clone(&record.spec);
        if let Some(profile) = &self.profile {
            spec.profile = profile.clone();
        }
        if self.clears(WorkerSetting::Instructions) {
            spec.instructions = None;
        }
        if let Some(instructions) = &self.instructions {
            spec.instructions = Some(Arc::from(instructions.as_str()));
        }
        if spec == *record.spec { Arc::clone(&record.spec) } else { spec.shared() }
    }
}

impl Command for UpdateWorker {
    type Reply = WorkerUpdated;

    async fn execute(self, caller: &Caller) -> Result<WorkerUpdated, RuntimeError> {
        let core = &caller.core;
        let cell = caller.find(self.worker)?;
        core.change(&cell, Seal::No, Cause::REPEATABLE, move |context, worker| {
            self.decide(context, worker)
        })
        .await
    }
}
