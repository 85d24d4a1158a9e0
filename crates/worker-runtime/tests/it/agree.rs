//! The schemas and the Runtime accept the same requests, generated and mutated ones.

mod generate;
mod mutate;

use proptest::{prelude::*, test_runner::Config};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use worker_runtime::{
    CommandReply, Decode, QueryReply, RuntimeCommand, RuntimeError, RuntimeEvent, RuntimeQuery,
    StreamItem, Subscribe, schema,
};

use crate::support::World;
use generate::{Choices, instance};

/// A schema with its compiled validator.
struct Document {
    schema: Value,
    validator: jsonschema::Validator,
}

impl Document {
    fn named(name: &str) -> Self {
        let (_, schema) =
            schema::documents().into_iter().find(|(path, _)| *path == name).expect(name);
        let validator = jsonschema::draft202012::new(&schema).expect("a schema");
        Self { schema, validator }
    }
}

fn choices() -> impl Strategy<Value = Vec<u16>> {
    proptest::collection::vec(any::<u16>(), 0..120)
}

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// Whether the Runtime accepts the form of `request` and its sizes. Each reference to a Worker is replaced
/// by one to an existing Worker.
fn accepts(document: &str, request: &Value) -> Result<(), Value> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().expect("a tokio runtime");
    runtime.block_on(async {
        let world = World::new().await;
        let worker = world.worker().await;
        let text = located(request.clone(), &worker).to_string();
        let max = world.runtime.limits().request_bytes;
        let outcome = match document {
            "runtime_command.json" => match RuntimeCommand::decode(text.as_bytes(), max) {
                Ok(command) => world.runtime.handle(command).await.map(|reply| json!(reply)),
                Err(error) => Err(error),
            },
            "runtime_query.json" => match RuntimeQuery::decode(text.as_bytes(), max) {
                Ok(query) => world.runtime.handle(query).await.map(|reply| json!(reply)),
                Err(error) => Err(error),
            },
            _ => match Subscribe::decode(text.as_bytes(), max) {
                Ok(subscribe) => world.runtime.subscribe(subscribe).await.map(|_| Value::Null),
                Err(error) => Err(error),
            },
        };
        let error = match outcome {
            Ok(reply) => reply["result"]["error"].clone(),
            Err(error) => json!(error),
        };
        match error["code"].as_str() {
            Some("invalid_request" | "too_large" | "limit_out_of_range") => Err(error),
            Some(_) | None => Ok(()),
        }
    })
}

/// Replaces every complete reference to a Worker by `worker`.
fn located(mut request: Value, worker: &Value) -> Value {
    let is_whole =
        |value: &Value| value["runtime_id"].is_string() && value["worker_id"].is_string();
    match &mut request {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                let untouched =
                    is_whole(value) && value.as_object().is_some_and(|fields| fields.len() == 2);
                let is_id = |id: &str| value[id].as_str().is_some_and(|id| id == generate::ID);
                if name == "worker" && untouched && is_id("runtime_id") && is_id("worker_id") {
                    value.clone_from(worker);
                } else {
                    *value = located(value.take(), worker);
                }
            }
        }
        Value::Array(items) => {
            for item in items.iter_mut() {
                *item = located(item.take(), worker);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    request
}

/// Whether a rule that no schema expresses may refuse `request`: a page token contains a checksum.
fn is_beyond_schemas(request: &Value) -> bool {
    request["page"]["token"].is_string()
}

/// Whether two parts of `request`, each good by itself, contradict each other: a sequence of a Worker's
/// log is no position in the Runtime's.
fn contradicts_itself(request: &Value) -> bool {
    request["from"]["type"] == "after_sequence" && request["scope"]["type"] == "runtime"
}

const REQUESTS: [&str; 3] = ["runtime_command.json", "runtime_query.json", "subscribe.json"];

#[test]
fn what_the_schema_allows_is_accepted() {
    for name in REQUESTS {
        let document = Document::named(name);
        proptest!(config(100), |(choices in choices())| {
            let request = instance(&document.schema, &mut Choices::of(&choices));
            let is_valid = document.validator.is_valid(&request);
            prop_assert_eq!(is_valid, !contradicts_itself(&request), "the test's own: {}", request);
            if is_valid && !is_beyond_schemas(&request) {
                let accepted = accepts(name, &request);
                prop_assert!(accepted.is_ok(), "{name}: {request}: {accepted:?}");
            }
        });
    }
}

#[test]
fn a_broken_request_has_the_same_verdict_from_both() {
    for name in REQUESTS {
        let document = Document::named(name);
        proptest!(config(300), |(choices in choices(), faults in choices())| {
            let request = instance(&document.schema, &mut Choices::of(&choices));
            let broken = mutate::mutated(request, &mut Choices::of(&faults));
            if !is_beyond_schemas(&broken) {
                let by_schema = document.validator.is_valid(&broken);
                let accepted = accepts(name, &broken);
                prop_assert_eq!(
                    by_schema, accepted.is_ok(),
                    "{}: the schema says {}, the Runtime {:?}: {}", name, by_schema, accepted, broken
                );
            }
        });
    }
}

fn check_read<T: DeserializeOwned>(name: &str) {
    let document = Document::named(name);
    proptest!(config(100), |(choices in choices())| {
        let said = instance(&document.schema, &mut Choices::of(&choices));
        prop_assert!(document.validator.is_valid(&said), "the test's own: {said}");
        let read = serde_json::from_value::<T>(said.clone());
        prop_assert!(read.is_ok(), "{name}: {said}: {:?}", read.err());
    });
}

#[test]
fn what_the_schema_says_of_replies_can_be_read() {
    check_read::<CommandReply>("command_reply.json");
    check_read::<QueryReply>("query_reply.json");
    check_read::<RuntimeEvent>("runtime_event.json");
    check_read::<StreamItem>("stream_item.json");
    check_read::<RuntimeError>("runtime_error.json");
}

#[test]
fn the_generator_reaches_every_branch() {
    for name in REQUESTS {
        let document = Document::named(name);
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..300_u16 {
            let choices: Vec<u16> = (0..60_u16)
                .map(|index| seed.wrapping_mul(40_503) ^ index.wrapping_mul(9973))
                .collect();
            let request = instance(&document.schema, &mut Choices::of(&choices));
            seen.insert(request["type"].as_str().unwrap_or("subscribe").to_owned());
        }
        let branches = document.schema["oneOf"].as_array().map_or(1, Vec::len);
        assert_eq!(seen.len(), branches, "{name}: {seen:?}");
    }
}
