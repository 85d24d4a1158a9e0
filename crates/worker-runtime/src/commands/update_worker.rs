//! `update_worker`: changes a Worker's name, labels, profile or instructions.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    commit::{change::Decision, seal::Seal},
    domain::{context::DecisionContext, draft::Draft, snapshot::Snapshot},
    error::RuntimeError,
    identity::WorkerRef,
    model::{
        Cursor, LabelPatch, Labels, Meta, Patch, ProfileSelector, WorkerDetail, setters,
        shared_labels,
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
    /// Labels to set, and with `null` to remove.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_label_patch")]
    pub labels: Option<LabelPatch>,
    /// The profile of the next turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileSelector>,
    /// Instructions that replace the profile's, in at most `instructions_bytes` bytes of UTF-8;
    /// `null` removes them.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schemars(with = "Option<String>", length(max = 65_536))]
    pub instructions: Patch<String>,
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
            profile: None,
            instructions: Patch::Keep,
            meta: None,
        }
    }

    /// Sets `instructions`. A text replaces the Worker's instructions, and [`Patch::Clear`] removes
    /// them.
    #[must_use]
    pub fn instructions(mut self, instructions: impl Into<Patch<String>>) -> Self {
        self.instructions = instructions.into();
        self
    }
}

setters!(UpdateWorker {
    display_name: String,
    labels: LabelPatch,
    profile: ProfileSelector,
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
            limits.check_label_patch(labels)?;
        }
        if let Patch::Set(instructions) = &self.instructions {
            limits.check_instructions(instructions)?;
        }
        limits.check_meta(self.meta.as_ref())?;
        if let Some(profile) = &self.profile {
            limits.check_profile(profile)?;
            context.profiles.resolve(profile)?;
        }
        Ok(())
    }

    fn labels_of(&self, record: &WorkerRecord) -> Labels {
        let mut labels = (*record.labels).clone();
        for (name, value) in self.labels.iter().flatten() {
            match value {
                Some(value) => labels.insert(name.clone(), value.clone()),
                None => labels.remove(name),
            };
        }
        labels
    }

    fn spec_of(&self, record: &WorkerRecord) -> Arc<WorkerSpec> {
        let mut spec = WorkerSpec::clone(&record.spec);
        if let Some(profile) = &self.profile {
            spec.profile = profile.clone();
        }
        match &self.instructions {
            Patch::Keep => {}
            Patch::Clear => spec.instructions = None,
            Patch::Set(instructions) => spec.instructions = Some(Arc::from(instructions.as_str())),
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
