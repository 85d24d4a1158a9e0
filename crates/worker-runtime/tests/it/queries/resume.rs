//! Every reply can be resumed: its state, and the events after its cursor, give the state now.

use proptest::prelude::*;
use serde_json::{Value, json};
use worker_runtime::Clock;

use crate::support::{
    World, and, cancel_turn, cancel_worker, create, get_transcript, get_worker, runtime_scope,
    scope_of, send, stop, update,
};

/// One step of a random history.
#[derive(Clone, Copy, Debug)]
enum Step {
    Create,
    Send,
    CancelTurn,
    Stop,
    CancelWorker,
    Rename,
    Finish,
}

fn step() -> impl Strategy<Value = (Step, usize)> {
    let step = prop_oneof![
        2 => Just(Step::Create),
        4 => Just(Step::Send),
        2 => Just(Step::CancelTurn),
        1 => Just(Step::Stop),
        1 => Just(Step::CancelWorker),
        2 => Just(Step::Rename),
        3 => Just(Step::Finish),
    ];
    (step, 0..4_usize)
}

/// Takes a step. The command of the step may be refused.
async fn take(world: &World, workers: &mut Vec<Value>, (step, which): (Step, usize)) {
    world.clock.advance(7);
    if matches!(step, Step::Create) || workers.is_empty() {
        workers.push(world.worker().await);
        return;
    }
    let worker = workers[which % workers.len()].clone();
    let request = match step {
        Step::Create => create(),
        Step::Send => send(&worker, "hi"),
        Step::CancelTurn => cancel_turn(&worker),
        Step::Stop => stop(&worker),
        Step::CancelWorker => cancel_worker(&worker),
        Step::Rename => {
            let name = format!("n{}", world.clock.now_ms());
            and(update(&worker), json!({ "display_name": name }))
        }
        Step::Finish => {
            tokio::time::sleep(crate::support::PAUSE).await;
            return;
        }
    };
    drop(world.call(request).await);
}

/// The state of a Worker that a client knows from one reply and the events after it.
#[derive(Clone, Debug, PartialEq)]
struct Mirror {
    state: Value,
    name: Value,
    entries: Vec<Value>,
    usage_turns: u64,
    last_outcome: Value,
    sequence: u64,
}

impl Mirror {
    async fn of(world: &World, worker: &Value) -> (Self, Value) {
        let reply = world.ok(get_worker(worker)).await;
        let transcript = world.ok(and(get_transcript(worker), json!({ "limit": 1000 }))).await;
        assert_eq!(reply["cursor"], transcript["cursor"], "nothing happened in between");
        let detail = &reply["detail"];
        let mirror = Self {
            state: detail["state"].clone(),
            name: detail["display_name"].clone(),
            entries: transcript["entries"].as_array().expect("entries").clone(),
            usage_turns: detail["usage"]["turns"].as_u64().expect("a count"),
            last_outcome: detail["last_outcome"].clone(),
            sequence: detail["worker_sequence"].as_u64().expect("a sequence"),
        };
        (mirror, reply["cursor"].clone())
    }

    fn apply(&mut self, event: &Value) {
        let sequence = event["worker_sequence"].as_u64().expect("a sequence");
        assert_eq!(sequence, self.sequence + 1, "gap-free");
        self.sequence = sequence;
        let kind = event["type"].as_str().expect("a type");
        if let Some(entry) = event.get("entry") {
            self.entries.push(entry.clone());
        }
        match kind {
            "worker_state_changed" => {
                assert_eq!(event["from"], self.state);
                self.state = event["to"].clone();
            }
            "worker_updated" | "worker_created" => {
                self.name = event["detail"]["display_name"].clone();
            }
            "turn_completed" | "turn_failed" | "turn_cancelled" | "turn_lost" => {
                self.usage_turns += event["usage"]["turns"].as_u64().expect("a count");
                self.last_outcome = json!(kind.trim_start_matches("turn_"));
            }
            "input_accepted" | "turn_started" | "turn_retrying" => {}
            other => panic!("an event that a living Worker does not have: {other}"),
        }
    }
}

fn history(steps: Vec<(Step, usize)>) {
    let mut tokio = tokio::runtime::Builder::new_current_thread();
    let tokio = tokio.enable_time().start_paused(true).build().expect("a tokio runtime");
    tokio.block_on(async {
        let world = World::new().await;
        let mut workers = Vec::new();
        let mut cuts: Vec<(Value, Mirror, Value)> = Vec::new();
        let mut counts = Vec::new();
        for step in steps {
            take(&world, &mut workers, step).await;
            for worker in &workers {
                let (mirror, cursor) = Mirror::of(&world, worker).await;
                cuts.push((worker.clone(), mirror, cursor));
            }
            let runtime = world.ok(json!({ "type": "get_runtime" })).await;
            counts.push((runtime["summary"]["workers"].clone(), runtime["cursor"].clone()));
        }
        for (worker, mut mirror, cursor) in cuts {
            for event in world.events_after(&scope_of(&worker), &cursor).await {
                mirror.apply(&event);
            }
            assert_eq!(mirror, Mirror::of(&world, &worker).await.0);
        }
        let now = world.ok(json!({ "type": "get_runtime" })).await;
        for (mut workers, cursor) in counts {
            for event in world.events_after(&runtime_scope(), &cursor).await {
                count(&mut workers, &event);
            }
            assert_eq!(workers, now["summary"]["workers"]);
        }
    });
}

fn count(workers: &mut Value, event: &Value) {
    let mut add = |state: &Value, by: i64| {
        let state = state.as_str().expect("a state");
        workers[state] = json!(workers[state].as_i64().expect("a count") + by);
    };
    match event["type"].as_str() {
        Some("worker_created") => add(&event["detail"]["state"], 1),
        Some("worker_state_changed") => {
            add(&event["from"], -1);
            add(&event["to"], 1);
        }
        Some(_) | None => {}
    }
}

#[test]
fn what_is_shown_and_what_comes_after_is_what_there_is() {
    let config = proptest::test_runner::Config {
        cases: 40,
        failure_persistence: None,
        ..Default::default()
    };
    proptest!(config, |(steps in proptest::collection::vec(step(), 1..25))| history(steps));
}

#[tokio::test(start_paused = true)]
async fn a_listings_cursor_lies_before_its_first_item() {
    let world = World::new().await;
    let worker = world.worker().await;
    let list = world.ok(json!({ "type": "list_workers" })).await;
    let runtime = world.ok(json!({ "type": "get_runtime" })).await;
    assert_eq!(list["cursor"], runtime["cursor"]);
    world.turn(&worker, "hi").await;
    let later = world.events_after(&runtime_scope(), &list["cursor"]).await;
    let shown = list["items"][0]["worker_sequence"].as_u64().expect("a sequence");
    let sequences: Vec<u64> =
        later.iter().map(|event| event["worker_sequence"].as_u64().expect("a sequence")).collect();
    assert_eq!(sequences, (shown + 1..=shown + 5).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn sequences_are_gap_free_and_agree_in_both_logs() {
    let world = World::new().await;
    let [one, two] = [world.worker().await, world.worker().await];
    world.ok(send(&one, "hi")).await;
    world.turn(&two, "hi").await;
    world.turn(&one, "hi").await;
    world.ok(stop(&two)).await;
    let all = world.events_from(&runtime_scope(), json!({ "type": "oldest" })).await;
    let sequences: Vec<u64> =
        all.iter().map(|event| event["sequence"].as_u64().expect("a sequence")).collect();
    assert_eq!(sequences, (1..=all.len() as u64).collect::<Vec<_>>());
    for worker in [&one, &two] {
        let own = world.events(worker).await;
        let about = all.iter().filter(|event| event.get("worker") == Some(worker));
        let without_sequence: Vec<Value> =
            about.map(|event| crate::support::without(event.clone(), ["sequence"])).collect();
        assert_eq!(own, without_sequence);
        assert!(own.iter().all(|event| event.get("sequence").is_none()));
    }
}
