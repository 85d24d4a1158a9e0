//! Limits of texts, in characters or in bytes.

use llm_engine::Script;
use serde_json::{Value, json};

use worker_runtime::{Limits, Runtime};

use super::{chars, check_size};
use crate::support::{
    World, and, cancel_turn, cancel_worker, create, delete, send, send_keyed, stop, stop_runtime,
    update,
};

pub(super) async fn request_bytes() {
    let world =
        World::limited(|limits| (limits.request_bytes, limits.input_bytes) = (400, 200)).await;
    let padded = |bytes: usize| format!("{:<bytes$}", create().to_string());
    world.call_text(&padded(400)).await.expect("at the edge");
    let before = world.everything().await;
    let error = world.call_text(&padded(401)).await.expect_err("past it");
    let said = (&error["code"], &error["field"], &error["max"]);
    assert_eq!(said, (&json!("too_large"), &json!(""), &json!(400)));
    assert_eq!(world.everything().await, before);
}

pub(super) async fn input_bytes() {
    let world = World::limited(|limits| limits.input_bytes = 10).await;
    let worker = world.worker().await;
    check_size(&world, send(&worker, &chars(5)), send(&worker, "12345678901"), "input.text", 10)
        .await;
    let first =
        |text: &str| and(create(), json!({ "initial_input": { "kind": "user", "text": text } }));
    let field = "initial_input.text";
    check_size(&world, first(&chars(5)), first("12345678901"), field, 10).await;
    let seeded = |text: &str| {
        let history = json!([{ "role": "user", "text": "ok" }, { "role": "user", "text": text }]);
        and(create(), json!({ "history": history }))
    };
    check_size(&world, seeded(&chars(5)), seeded("12345678901"), "history[1].text", 10).await;
}

pub(super) async fn answer_bytes() {
    let scripts = [
        Script::new().reasoning("1234").text("567890").finish(),
        Script::new().reasoning("1234").text("567").text("8901").finish(),
    ];
    let provider = llm_engine::ScriptedProvider::new();
    let provider = scripts.into_iter().fold(provider, llm_engine::ScriptedProvider::script);
    let world =
        World::builder().provider(provider).limits(|limits| limits.answer_bytes = 10).build().await;
    let worker = world.worker().await;
    let turn_id = world.turn(&worker, "at the edge").await;
    let turn = world.finished(&worker, &turn_id).await;
    assert_eq!(turn["turn"]["outcome"], "completed");
    assert_eq!(turn["answer"]["text"], "567890");
    let turn_id = world.turn(&worker, "one past").await;
    let turn = world.finished(&worker, &turn_id).await;
    assert_eq!(turn["turn"]["outcome"], "failed");
    assert_eq!(turn["turn"]["error"]["kind"], "too_large");
    let text = turn["answer"]["text"].as_str().expect("the text within the limit stays");
    assert!("5678901".starts_with(text) && text.len() <= 6, "{text}");
}

pub(super) async fn instructions_bytes() {
    let world = World::limited(|limits| limits.instructions_bytes = 6).await;
    let worker = world.worker().await;
    for request in [create(), update(&worker)] {
        let told = |text: &str| and(request.clone(), json!({ "instructions": text }));
        check_size(&world, told(&chars(3)), told("1234567"), "instructions", 6).await;
    }
}

pub(super) async fn display_name_chars() {
    let builder = World::builder().limits(|limits| limits.display_name_chars = 3);
    let world = builder.with(|builder| builder.display_name("abc")).build().await;
    let worker = world.worker().await;
    for request in [create(), update(&worker)] {
        let named = |count| and(request.clone(), json!({ "display_name": chars(count) }));
        check_size(&world, named(3), named(4), "display_name", 3).await;
    }
    let listed = |count| json!({ "type": "list_workers", "name_contains": chars(count) });
    check_size(&world, listed(3), listed(4), "name_contains", 3).await;
    let limits = Limits::default().display_name_chars(3);
    let error = Runtime::builder().limits(limits).display_name("abcd").build().await;
    assert!(error.expect_err("the Runtime's own is one too").to_string().contains("display_name"));
}

pub(super) async fn text_chars() {
    type Case = (&'static str, fn(String) -> Value);
    let world = World::limited(|limits| limits.text_chars = 6).await;
    let creations: [Case; 6] = [
        ("intent.purpose", |text| json!({ "intent": { "type": "assistant", "purpose": text } })),
        ("intent.objective", |text| json!({ "intent": { "type": "task", "objective": text } })),
        ("intent.role", |text| json!({ "intent": { "type": "role", "role": text } })),
        ("config_bundle.id", |text| json!({ "config_bundle": { "id": text } })),
        ("config_bundle.digest", |text| json!({ "config_bundle": { "id": "a", "digest": text } })),
        ("requested_capabilities[0]", |text| json!({ "requested_capabilities": [text] })),
    ];
    for (field, fields) in creations {
        let made = |count| and(create(), fields(chars(count)));
        check_size(&world, made(6), made(7), field, 6).await;
    }
    let role = |count| {
        let intent = json!({ "type": "role", "role": "a", "purpose": chars(count) });
        and(create(), json!({ "intent": intent }))
    };
    check_size(&world, role(6), role(7), "intent.purpose", 6).await;
    let claiming = |count| {
        let claims = json!([{ "resource": chars(count), "access": "shared" }]);
        and(create(), json!({ "scope_claims": claims }))
    };
    check_size(&world, claiming(6), claiming(7), "scope_claims[0].resource", 6).await;
    for kind in ["named", "builtin"] {
        let selecting =
            |count| and(create(), json!({ "profile": { "type": kind, "name": chars(count) } }));
        assert_eq!(world.refused(selecting(6)).await["code"], "profile_not_found");
        let error = world.refused(selecting(7)).await;
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("too_large"), &json!("profile.name"))
        );
    }
    reasons(&world).await;
}

async fn reasons(world: &World) {
    for request in [cancel_turn, stop, cancel_worker] {
        let worker = world.worker().await;
        let told = |count| and(request(&worker), json!({ "reason": chars(count) }));
        check_size(world, told(6), told(7), "reason", 6).await;
        let error = world.refused(told(0)).await;
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("invalid_request"), &json!("reason"))
        );
    }
    let told = |count| and(stop_runtime(), json!({ "reason": chars(count) }));
    let error = world.refused(told(7)).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("too_large"), &json!("reason")));
    world.ok(told(6)).await;
}

pub(super) async fn label_chars() {
    let world = World::limited(|limits| limits.label_chars = 3).await;
    let worker = world.worker().await;
    for request in [create(), update(&worker)] {
        let valued = |count| and(request.clone(), json!({ "labels": { "a": chars(count) } }));
        check_size(&world, valued(3), valued(4), "labels.a", 3).await;
        let named = |count| and(request.clone(), json!({ "labels": { chars(count): "v" } }));
        check_size(&world, named(3), named(4), "labels", 3).await;
    }
}

pub(super) async fn meta_chars() {
    let world = World::limited(|limits| limits.meta_chars = 3).await;
    let worker = world.worker().await;
    let ended = world.worker().await;
    world.ok(stop(&ended)).await;
    let requests = [
        create(),
        send(&worker, "hi"),
        cancel_turn(&worker),
        update(&worker),
        stop(&worker),
        cancel_worker(&worker),
    ];
    for request in requests {
        let valued = |count| and(request.clone(), json!({ "meta": { "a": chars(count) } }));
        check_size(&world, valued(3), valued(4), "meta.a", 3).await;
    }
    let valued = |count| and(create(), json!({ "meta": { chars(count): "" } }));
    check_size(&world, valued(3), valued(4), "meta", 3).await;
    for request in [delete(&ended), stop_runtime()] {
        let error = world.refused(and(request, json!({ "meta": { "a": chars(4) } }))).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("too_large"), &json!("meta.a")));
    }
}

pub(super) async fn key_chars() {
    let world = World::limited(|limits| limits.key_chars = 3).await;
    let worker = world.worker().await;
    let field = "idempotency_key";
    let sent = |count| send_keyed(&worker, "hi", &chars(count));
    check_size(&world, sent(3), sent(4), field, 3).await;
    let created = |count| and(create(), json!({ "idempotency_key": chars(count) }));
    check_size(&world, created(3), created(4), field, 3).await;
    let asked = |count| crate::support::get_turn_by_key(&worker, &chars(count));
    check_size(&world, asked(3), asked(4), "turn.idempotency_key", 3).await;
    for request in [sent(0), created(0), asked(0)] {
        assert_eq!(world.refused(request).await["code"], "invalid_request");
    }
}
