//! `update_worker`: changes a Worker's name, labels, profile or instructions.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    commit::{change::Decision, seal::Seal},
    domain::{context::DecisionContext, draft::Draft, snapshot::Snapshot, validate},
    error::RuntimeError,
    identity::WorkerRef,
    model::{
        Cursor, Labels, Meta, ProfileSelector, WorkerDetail, WorkerSetting, setters, shared_labels,
    },
    request::Command,
    state::core::Core,
    store::{CommandMetadata, WorkerRecord, WorkerSpec},
};

/// Changes a Worker's name, labels, profile or instructions. What is absent stays. Profile and
/// instructions count from the next turn on.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateWorker {
    /// Which Worker.
    pub worker: WorkerRef,
    /// A new name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_display_name")]
    pub display_name: Option<String>,
    /// Labels to add, or to give another value. All other labels stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_labels")]
    pub labels: Option<Labels>,
    /// Names of labels to remove, before `labels` are added. A name that the Worker does not have
    /// changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_label_names")]
    pub remove_labels: Option<Vec<String>>,
    /// The profile of the next turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileSelector>,
    /// Instructions that replace the profile's, in at most `instructions_bytes` bytes of UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65_536))]
    pub instructions: Option<String>,
    /// Settings to remove from the Worker, before others are set, so that its profile's count again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub clear: Option<Vec<WorkerSetting>>,
    /// The caller's remarks, shown on everything that the command causes.
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

/// The Worker is as asked.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WorkerUpdated {
    /// The Worker now.
    pub detail: WorkerDetail,
    /// Right before the first event that the command caused, in the Worker's scope.
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

    async fn execute(self, core: &Arc<Core>) -> Result<WorkerUpdated, RuntimeError> {
        let cell = core.find(self.worker)?;
        core.change(&cell, Seal::No, true, |context, worker| self.decide(context, worker)).await
    }
}
