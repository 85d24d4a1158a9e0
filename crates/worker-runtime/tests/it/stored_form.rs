//! The stored form: the JSON of everything that a store is given. Each version of it has a folder of
//! golden files in `tests/stored`, which every later version must read.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use llm_engine::{EngineError, ErrorKind, ProviderError, Script, ScriptedProvider};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use worker_runtime::store::{
    Batch, Change, CreateKey, FORMAT, InputKey, MemoryStore, Store, StoreError, StoreFuture,
    StoreWrapper, StoredEntry, StoredEvent, StoredEventBody, StoredTurn, Totals, WorkerRecord,
};

use crate::support::{
    FIRST_PIECE, World, and, cancel_turn, cancel_worker, delete, full_creation, send, send_keyed,
    slow_answer, stop, update,
};

/// A store that keeps every batch it is given.
#[derive(Default)]
struct Recorder {
    inner: Arc<MemoryStore>,
    batches: Arc<Mutex<Vec<Batch>>>,
}

impl StoreWrapper for Recorder {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn commit(&self, batch: &Batch) -> StoreFuture<Result<(), StoreError>> {
        self.batches.lock().expect("no test panics in here").push(batch.clone());
        self.inner.commit(batch)
    }
}

/// A value of each kind, by name. Of several with one name, the one with the longest JSON.
#[derive(Default)]
struct Examples(BTreeMap<String, Value>);

impl Examples {
    fn keep(&mut self, name: String, value: &impl Serialize) {
        let value = serde_json::to_value(value).expect("JSON");
        let length = |value: &Value| value.to_string().len();
        let is_longer = self.0.get(&name).is_none_or(|kept| length(kept) < length(&value));
        if is_longer {
            self.0.insert(name, value);
        }
    }

    fn keep_all_of(&mut self, batch: &Batch) {
        if let Change::Put(record) = &batch.change {
            self.keep("record".to_owned(), record);
        }
        for entry in &batch.entries {
            let role = json!(entry.role);
            self.keep(format!("entry-{}", role.as_str().expect("a name")), entry);
        }
        for (_, turn) in &batch.turns {
            let outcome = turn.outcome.map_or(json!("running"), |outcome| json!(outcome));
            self.keep(format!("turn-{}", outcome.as_str().expect("a name")), turn);
        }
        for event in &batch.events {
            self.keep(format!("event-{}", event.event_type().as_str()), event);
        }
        if let Some(new) = &batch.key {
            self.keep("input_key".to_owned(), &new.key);
        }
        if let Some(new) = &batch.create_key {
            self.keep("create_key".to_owned(), &new.key);
        }
        self.keep("totals".to_owned(), &batch.totals);
    }
}

/// Has a Runtime commit everything that there is.
async fn examples() -> BTreeMap<String, Value> {
    let recorder = Recorder::default();
    let (store, batches) = (Arc::clone(&recorder.inner), Arc::clone(&recorder.batches));
    let said = ProviderError::new()
        .status(429)
        .code("slow_down")
        .error_type("requests")
        .message("Too many requests. Please try again in 1s.")
        .request_id("req_1");
    let failure = EngineError::new(ErrorKind::RateLimited, "too many requests")
        .with_retry_after(std::time::Duration::from_secs(1))
        .with_provider(said);
    let provider = ScriptedProvider::new()
        .script(Script::new().error(failure))
        .script(slow_answer())
        .script(Script::new().error(EngineError::new(ErrorKind::InvalidRequest, "no such model")))
        .script(slow_answer());
    let world = World::builder().provider(provider).store(Arc::new(recorder)).build().await;
    let earlier = json!({ "role": "system", "text": "Earlier.", "at_ms": 1_600_000_000_000_u64 });
    let created = world.ok(and(full_creation(), json!({ "history": [earlier] }))).await;
    let ada = created["detail"]["worker"].clone();
    world.clock.advance(1000);
    world.finished(&ada, &created["receipt"]["turn_id"]).await;
    let meta = json!({ "meta": { "actor": "ann" } });
    let sent = world.ok(and(send_keyed(&ada, "Go on", "key-2"), meta.clone())).await;
    world.finished(&ada, &sent["receipt"]["turn_id"]).await;
    world
        .ok(and(update(&ada), json!({ "labels": { "team": "blue" }, "display_name": "Eve" })))
        .await;
    world.ok(and(send(&ada, "More"), meta)).await;
    world.streamed(&ada, FIRST_PIECE).await;
    world.clock.advance(1000);
    world.ok(and(cancel_turn(&ada), json!({ "reason": "enough" }))).await;
    world.ok(and(stop(&ada), json!({ "reason": "done" }))).await;
    world.ok(delete(&ada)).await;
    let bob = world.worker().await;
    world.ok(and(cancel_worker(&bob), json!({ "reason": "now" }))).await;
    let cid = world.worker().await;
    world.running(&cid, FIRST_PIECE).await;
    drop(world);
    tokio::time::sleep(std::time::Duration::from_mins(1)).await;
    let recorder = Recorder { inner: store, batches: Arc::clone(&batches) };
    drop(World::builder().store(Arc::new(recorder)).build().await);
    let mut examples = Examples::default();
    for batch in &*batches.lock().expect("no test panics in here") {
        examples.keep_all_of(batch);
    }
    examples.0
}

fn folder(format: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/stored/v{format}"))
}

/// The golden files of a version, by name.
fn golden(format: u32) -> BTreeMap<String, Value> {
    let files = fs::read_dir(folder(format)).expect("a folder for each version");
    let file = |file: std::io::Result<fs::DirEntry>| {
        let path = file.expect("a file").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a text");
        (name, serde_json::from_str(&text).expect("JSON"))
    };
    files.map(file).collect()
}

#[tokio::test(start_paused = true)]
async fn golden_files_are_what_a_store_is_given() {
    let examples = examples().await;
    let folder = folder(FORMAT);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(&folder).expect("the folder is created");
        for (name, example) in &examples {
            let text = serde_json::to_string_pretty(example).expect("JSON can be written") + "\n";
            fs::write(folder.join(format!("{name}.json")), text).expect("the file is written");
        }
    }
    let golden = golden(FORMAT);
    for (name, example) in &examples {
        let kept = golden.get(name);
        assert_eq!(
            kept,
            Some(example),
            "{name} is stored in another form: docs/stored-form.md says what a change needs"
        );
    }
    let names = |of: &BTreeMap<String, Value>| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&golden), names(&examples), "one file for each kind of value");
}

/// Reads a value and writes it again.
fn again<T: DeserializeOwned + Serialize>(value: &Value) -> Result<Value, serde_json::Error> {
    let read: T = serde_json::from_value(value.clone())?;
    serde_json::to_value(read)
}

fn read(name: &str, value: &Value) -> Result<Value, serde_json::Error> {
    match name.split('-').next() {
        Some("record") => again::<WorkerRecord>(value),
        Some("entry") => again::<StoredEntry>(value),
        Some("turn") => again::<StoredTurn>(value),
        Some("event") => again::<StoredEvent>(value),
        Some("input_key") => again::<InputKey>(value),
        Some("create_key") => again::<CreateKey>(value),
        Some("totals") => again::<Totals>(value),
        _ => panic!("no type is stored as {name}"),
    }
}

#[test]
fn every_version_is_read_and_nothing_of_it_is_lost() {
    for format in 1..=FORMAT {
        for (name, value) in golden(format) {
            let again = read(&name, &value).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(has_all_of(&again, &value), "{name} of version {format}: {again}");
        }
    }
}

/// Whether `now` has every field of `before`. A later version may have more.
fn has_all_of(now: &Value, before: &Value) -> bool {
    match (now, before) {
        (Value::Object(now), Value::Object(before)) => before
            .iter()
            .all(|(name, value)| now.get(name).is_some_and(|now| has_all_of(now, value))),
        (Value::Array(now), Value::Array(before)) => {
            now.len() == before.len() && now.iter().zip(before).all(|(now, it)| has_all_of(now, it))
        }
        _ => now == before,
    }
}

/// The fields that every version has. A field that comes later has a default, so that it is never
/// added here.
const REQUIRED: [(&str, &[&str]); 7] = [
    (
        "record",
        &[
            "worker_id",
            "ordinal",
            "version",
            "labels",
            "spec",
            "state",
            "turns",
            "entries",
            "usage",
            "worker_sequence",
            "created_at_ms",
            "active_at_ms",
        ],
    ),
    ("entry", &["sequence", "role", "text", "at_ms"]),
    ("turn", &["turn_id", "profile", "usage"]),
    ("event", &["sequence", "at_ms", "labels", "body"]),
    ("input_key", &["key", "digest", "at_ms", "turn_id", "entry_sequence", "cursor_sequence"]),
    ("create_key", &["key", "digest", "at_ms", "worker_id"]),
    ("totals", &["usage", "outcomes", "created"]),
];

#[test]
fn a_field_that_is_not_of_the_first_version_has_a_default() {
    for (name, value) in golden(FORMAT) {
        let kind = name.split('-').next().unwrap_or_default();
        let (_, required) = REQUIRED.iter().find(|(of, _)| *of == kind).expect("a kind");
        for field in value.as_object().expect("an object").keys() {
            let mut without = value.clone();
            without.as_object_mut().expect("an object").remove(field);
            let is_read = read(&name, &without).is_ok();
            assert_eq!(!is_read, required.contains(&field.as_str()), "{name} without {field}");
        }
    }
}

#[test]
fn an_event_of_a_later_version_is_read_and_kept() {
    let later = json!({
        "sequence": 7, "at_ms": 1, "turn_id": null, "labels": {},
        "body": { "type": "tool_started", "call_id": "call-1", "attempt": 1 }
    });
    let event: StoredEvent = serde_json::from_value(later.clone()).expect("an event");
    assert!(matches!(event.body, StoredEventBody::Unknown(_)));
    assert_eq!(serde_json::to_value(event).expect("JSON"), later);
    // A kind that is known, with fields that do not fit, is a fault and nothing new.
    let wrong =
        json!({ "sequence": 7, "at_ms": 1, "labels": {}, "body": { "type": "turn_ended" } });
    assert!(serde_json::from_value::<StoredEvent>(wrong).is_err());
    // The list of the kinds has all of them.
    for (name, mut event) in
        golden(FORMAT).into_iter().filter(|(name, _)| name.starts_with("event"))
    {
        let body = event["body"].as_object_mut().expect("a body");
        let fields: Vec<String> = body.keys().filter(|name| *name != "type").cloned().collect();
        for field in fields {
            body.remove(&field);
        }
        if let Ok(event) = serde_json::from_value::<StoredEvent>(event) {
            assert!(!matches!(event.body, StoredEventBody::Unknown(_)), "{name}");
        }
    }
}
