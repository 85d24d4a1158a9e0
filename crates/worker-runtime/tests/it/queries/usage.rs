//! Usage and counts are the sums of their parts.

use llm_engine::{EngineError, ErrorKind, Script, ScriptedProvider, StopReason};
use serde_json::{Value, json};

use crate::support::{
    FIRST_PIECE, TOKENS, World, and, cancel_turn, cancel_worker, delete, scope_of, send, stop,
};

const FIGURES: [&str; 6] = [
    "turns",
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "duration_ms",
];

fn sum<'a>(usages: impl IntoIterator<Item = &'a Value>) -> Value {
    let mut sum = json!({});
    for figure in FIGURES {
        sum[figure] = json!(0);
    }
    for usage in usages {
        for figure in FIGURES {
            let both =
                sum[figure].as_u64().expect("a count") + usage[figure].as_u64().expect("a count");
            sum[figure] = json!(both);
        }
        if usage.get("incomplete").is_some_and(|incomplete| incomplete == true) {
            sum["incomplete"] = json!(true);
        }
    }
    sum
}

async fn usage_of(world: &World, scope: Value) -> Value {
    world.ok(json!({ "type": "get_usage", "scope": scope })).await["usage"].clone()
}

fn provider() -> ScriptedProvider {
    ScriptedProvider::new()
        .script(Script::new().text("a").finish_with(StopReason::EndTurn, TOKENS))
        .script(
            Script::new().usage(TOKENS).text("a").error(EngineError::new(ErrorKind::Server, "no")),
        )
        .script(Script::new().usage(TOKENS).text(FIRST_PIECE).hang())
        .script(Script::new().text("a").finish())
}

#[tokio::test(start_paused = true)]
async fn turns_sum_to_their_worker_and_workers_to_their_runtime() {
    let world = World::builder().provider(provider()).build().await;
    let [one, two] = [world.worker().await, world.worker().await];
    world.turn(&one, "completed").await;
    world.turn(&one, "failed").await;
    world.running(&two, FIRST_PIECE).await;
    world.clock.advance(500);
    world.ok(cancel_turn(&two)).await;
    let mut workers = Vec::new();
    for worker in [&one, &two] {
        let turns = world.ok(json!({ "type": "list_turns", "worker": worker })).await;
        let turns = turns["items"].as_array().expect("items");
        let usage = usage_of(&world, scope_of(worker)).await;
        assert_eq!(usage, sum(turns.iter().map(|turn| &turn["usage"])));
        assert_eq!(world.detail(worker).await["usage"], usage);
        workers.push(usage);
    }
    let total = usage_of(&world, json!({ "type": "runtime" })).await;
    assert_eq!(total, sum(&workers));
    assert_eq!(total["turns"], 3);
    assert_eq!(total["input_tokens"], 21, "usage survives failure and cancel");
    assert_eq!(total["duration_ms"], 500);
    assert_eq!(total.get("incomplete"), None);
    world.turn(&two, "silent about tokens").await;
    assert_eq!(usage_of(&world, scope_of(&two)).await["incomplete"], true);
    assert_eq!(usage_of(&world, json!({ "type": "runtime" })).await["incomplete"], true);
    assert_eq!(usage_of(&world, scope_of(&one)).await.get("incomplete"), None);
}

#[tokio::test(start_paused = true)]
async fn a_report_of_too_many_tokens_spoils_no_other_worker() {
    let most = TOKENS.input(u64::MAX);
    let provider = ScriptedProvider::new()
        .script(Script::new().text("a").finish_with(StopReason::EndTurn, most))
        .script(Script::new().text("a").finish_with(StopReason::EndTurn, TOKENS))
        .script(Script::new().text("a").finish_with(StopReason::EndTurn, most));
    let world = World::builder().provider(provider).build().await;
    let [one, two, three] = [world.worker().await, world.worker().await, world.worker().await];
    for worker in [&one, &two, &three] {
        world.turn(worker, "hi").await;
        assert_eq!(world.detail(worker).await["state"], "idle");
    }
    let largest = json!(9_007_199_254_740_991_u64);
    for scope in [scope_of(&one), scope_of(&three), json!({ "type": "runtime" })] {
        let usage = usage_of(&world, scope).await;
        assert_eq!((&usage["input_tokens"], &usage["incomplete"]), (&largest, &json!(true)));
    }
    let usage = usage_of(&world, scope_of(&two)).await;
    assert_eq!(usage["input_tokens"], 7);
    assert_eq!(usage.get("incomplete"), None);
    assert_eq!(usage_of(&world, json!({ "type": "runtime" })).await["turns"], 3);
}

#[tokio::test(start_paused = true)]
async fn deleted_workers_stay_counted_also_across_restarts() {
    let ids = std::sync::Arc::default();
    let store: std::sync::Arc<dyn worker_runtime::store::Store> =
        std::sync::Arc::new(worker_runtime::store::MemoryStore::new());
    let build =
        || World::builder().store(std::sync::Arc::clone(&store)).ids(std::sync::Arc::clone(&ids));
    let world = build().provider(provider()).build().await;
    let worker = world.worker().await;
    world.turn(&worker, "completed").await;
    let kept = world.worker().await;
    world.turn(&kept, "failed").await;
    let before = usage_of(&world, json!({ "type": "runtime" })).await;
    world.ok(stop(&worker)).await;
    world.ok(delete(&worker)).await;
    assert_eq!(usage_of(&world, json!({ "type": "runtime" })).await, before);
    let overview = world.ok(json!({ "type": "get_overview" })).await;
    assert_eq!(
        overview["turns"],
        json!({ "completed": 1, "failed": 1, "cancelled": 0, "lost": 0 })
    );
    drop(world);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let again = build().build().await;
    assert_eq!(usage_of(&again, json!({ "type": "runtime" })).await, before);
    assert_eq!(again.ok(json!({ "type": "get_overview" })).await["turns"], overview["turns"]);
}

#[tokio::test(start_paused = true)]
async fn the_overview_counts_states_and_shows_the_recently_active() {
    let world = World::new().await;
    let mut workers = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        world.clock.advance(1);
        workers.push(world.worker_with(json!({ "display_name": name })).await);
    }
    world.clock.advance(1);
    world.running(&workers[1], FIRST_PIECE).await;
    world.clock.advance(1);
    world.ok(stop(&workers[2])).await;
    world.clock.advance(1);
    world.ok(cancel_worker(&workers[3])).await;
    let overview = world.ok(json!({ "type": "get_overview", "recent": 3 })).await;
    let counts = json!({ "idle": 2, "running": 1, "stopping": 0, "stopped": 1, "cancelled": 1 });
    assert_eq!(overview["workers"], counts);
    let recent = overview["recent"].as_array().expect("items");
    let names: Vec<&Value> = recent.iter().map(|worker| &worker["display_name"]).collect();
    assert_eq!(names, ["d", "c", "b"]);
    let runtime = world.ok(json!({ "type": "get_runtime" })).await;
    assert_eq!(runtime["summary"]["workers"], counts);
    assert_eq!(runtime["summary"]["turns_in_flight"], 1);
    world.clock.advance(1);
    world.ok(stop(&workers[1])).await;
    let overview = world.ok(and(json!({ "type": "get_overview" }), json!({ "recent": 1 }))).await;
    assert_eq!(overview["workers"]["stopping"], 1);
    assert_eq!(overview["recent"][0]["display_name"], "b");
    assert_eq!(world.refused(send(&workers[1], "hi")).await["code"], "worker_stopping");
}
