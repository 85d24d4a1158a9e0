//! Batches that a Runtime made, as models for many more.

use std::{
    error::Error,
    sync::{Arc, Mutex},
};

use llm_engine::ScriptedProvider;
use uuid::Uuid;
use worker_runtime::{
    Profile, Runtime, TurnId, WorkerId,
    commands::{CreateWorker, SendInput},
    store::{Batch, Change, Lease, MemoryStore, StoredEventBody, WorkerRecord},
};

use crate::turns::Recorder;

/// The batches of a Worker that has just been created, and of its first input.
pub(crate) struct Templates {
    creation: Batch,
    input: Batch,
}

impl Templates {
    pub(crate) async fn make() -> Result<Self, Box<dyn Error>> {
        let recorder =
            Arc::new(Recorder { store: Arc::new(MemoryStore::new()), batches: Mutex::default() });
        let hanging = Profile::new("hanging", Arc::new(ScriptedProvider::hanging()));
        let runtime =
            Runtime::builder().profile(hanging).store(Arc::clone(&recorder) as _).build().await?;
        let worker = runtime.handle(CreateWorker::default()).await?.detail.worker;
        runtime.handle(SendInput::new(worker, "The text of an input")).await?;
        let batches = recorder.batches.lock().unwrap();
        Ok(Self { creation: batches[0].clone(), input: batches[1].clone() })
    }

    pub(crate) fn creation(&self, lease: Lease, ordinal: u64) -> Batch {
        of(&self.creation, lease, ordinal)
    }

    pub(crate) fn input(&self, lease: Lease, ordinal: u64) -> Batch {
        of(&self.input, lease, ordinal)
    }
}

/// A batch like this one, of another Worker.
fn of(template: &Batch, lease: Lease, ordinal: u64) -> Batch {
    let worker_id = WorkerId::from_uuid(Uuid::from_u128(u128::from(ordinal) << 64));
    let turn_id = TurnId::from_uuid(Uuid::from_u128(u128::from(ordinal) << 64 | 1));
    let own = |record: &Arc<WorkerRecord>| {
        let turn = record.turn.as_ref().map(|turn| {
            let mut turn = (**turn).clone();
            turn.turn_id = turn_id;
            Arc::new(turn)
        });
        Arc::new(WorkerRecord { worker_id, ordinal, turn, ..(**record).clone() })
    };
    let mut batch = Batch { lease, worker_id, ..template.clone() };
    if let Change::Put(record) = &mut batch.change {
        *record = own(record);
    }
    for entry in &mut batch.entries {
        let mut own = (**entry).clone();
        own.turn_id = own.turn_id.map(|_| turn_id);
        *entry = Arc::new(own);
    }
    for event in &mut batch.events {
        event.turn_id = event.turn_id.map(|_| turn_id);
        if let StoredEventBody::WorkerCreated { record } = &mut event.body {
            *record = own(record);
        }
    }
    batch
}
