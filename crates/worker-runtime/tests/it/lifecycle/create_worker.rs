//! `create_worker`: the initial state of a Worker.

use serde_json::{Value, json};

use crate::support::{BEGIN_MS, World, and, create, scope_of, send, texts, types, without};

#[tokio::test(start_paused = true)]
async fn without_fields_it_has_defaults() {
    let world = World::new().await;
    world.clock.advance(3);
    let reply = world.ok(create()).await;
    assert_eq!(reply["replayed"], false);
    assert_eq!(reply.get("receipt"), None);
    let detail = &reply["detail"];
    let zero = json!({
        "turns": 0, "input_tokens": 0, "cached_input_tokens": 0, "output_tokens": 0,
        "reasoning_tokens": 0, "duration_ms": 0,
    });
    let at = BEGIN_MS + 3;
    let shown = without(detail.clone(), ["worker", "display_name", "display_ref"]);
    let expected = json!({
        "state": "idle", "labels": {}, "entries": 0, "usage": zero, "worker_sequence": 1,
        "created_at_ms": at, "active_at_ms": at, "intent": { "type": "assistant" },
        "profile": { "type": "runtime_default" }, "capabilities": [], "scope_claims": [],
        "allowed_commands": ["send_input", "stop_worker", "cancel_worker", "update_worker"],
    });
    assert_eq!(shown, expected);
    let name = detail["display_name"].as_str().expect("a name");
    assert!((1..=64).contains(&name.chars().count()) && !name.contains('@'), "{name}");
    assert_eq!(detail["display_ref"], format!("{name}@home"));
    let events = world.events_after(&scope_of(&detail["worker"]), &reply["cursor"]).await;
    assert_eq!(types(&events), ["worker_created"]);
    assert_eq!(events[0]["detail"], *detail);
    assert_eq!(events[0]["worker_sequence"], 1);
    assert_eq!(world.detail(&detail["worker"]).await, *detail);
}

#[tokio::test(start_paused = true)]
async fn everything_given_is_shown() {
    let world = World::new().await;
    let fields = json!({
        "display_name": "Ada", "intent": { "type": "task", "objective": "tidy up" },
        "profile": { "type": "builtin", "name": "echo" }, "instructions": "be brief",
        "config_bundle": { "id": "b-1", "digest": "d" },
        "scope_claims": [{ "resource": "workspace/app", "access": "shared" }],
        "labels": { "team": "red" },
        "history": [
            { "role": "user", "text": "earlier", "at_ms": 5 },
            { "role": "assistant", "text": "indeed" },
            { "role": "system", "text": "note" },
        ],
    });
    let more = json!({ "requested_capabilities": ["shell", "web"], "meta": { "a": "b" } });
    let reply = world.ok(and(and(create(), fields.clone()), more)).await;
    let detail = &reply["detail"];
    let same = ["display_name", "intent", "profile", "instructions", "config_bundle", "labels"];
    for field in same.iter().chain(&["scope_claims"]) {
        assert_eq!(detail[*field], fields[*field], "{field}");
    }
    let capabilities = detail["capabilities"].as_array().expect("capabilities");
    for (capability, name) in capabilities.iter().zip(["shell", "web"]) {
        assert_eq!((&capability["name"], &capability["granted"]), (&json!(name), &json!(false)));
        assert!(capability["why"].as_str().is_some_and(|why| !why.is_empty()));
    }
    assert_eq!(detail["entries"], 3);
    let transcript = world.transcript(&detail["worker"]).await;
    let expected =
        [("user", "earlier", false), ("assistant", "indeed", false), ("system", "note", false)];
    assert_eq!(texts(&transcript), expected);
    assert_eq!(transcript["entries"][0]["at_ms"], 5);
    assert_eq!(transcript["entries"][1]["at_ms"], BEGIN_MS);
    assert_eq!(transcript["entries"][0].get("turn_id"), None, "no turn runs for it");
    let events = world.events(&detail["worker"]).await;
    assert_eq!(types(&events), ["worker_created"]);
    assert_eq!(events[0]["meta"], json!({ "a": "b" }));
}

#[tokio::test(start_paused = true)]
async fn a_first_input_begins_a_turn_in_the_same_commit() {
    let world = World::new().await;
    let request = and(
        create(),
        json!({
            "history": [{ "role": "user", "text": "before" }],
            "initial_input": { "kind": "user", "text": "hi" },
            "idempotency_key": "k", "meta": { "actor": "ann" },
        }),
    );
    let reply = world.ok(request).await;
    let worker = &reply["detail"]["worker"];
    let receipt = &reply["receipt"];
    assert_eq!(receipt["worker"], *worker);
    assert_eq!(receipt["entry_sequence"], 2);
    assert_eq!(reply["detail"]["state"], "running");
    assert_eq!(reply["detail"]["turn_id"], receipt["turn_id"]);
    let events = world.events_after(&scope_of(worker), &reply["cursor"]).await;
    let expected = ["worker_created", "input_accepted", "turn_started", "worker_state_changed"];
    assert_eq!(types(&events), expected);
    for event in &events {
        assert_eq!(event["meta"], json!({ "actor": "ann" }), "{event}");
        assert_eq!(event["idempotency_key"], "k", "{event}");
    }
    let turn = world.finished(worker, &receipt["turn_id"]).await;
    assert_eq!(turn["turn"]["outcome"], "completed");
    let asked = world.provider.requests();
    let heard: Vec<&str> = asked[0].messages.iter().map(|message| &*message.text).collect();
    assert_eq!(heard, ["before", "hi"]);
}

#[tokio::test(start_paused = true)]
async fn names_need_not_be_unique_and_are_no_address() {
    let world = World::new().await;
    let one = world.worker_with(json!({ "display_name": "Ada" })).await;
    let two = world.worker_with(json!({ "display_name": "Ada" })).await;
    assert_ne!(one["worker_id"], two["worker_id"]);
    let error = world.refused(send(&json!("Ada@home"), "hi")).await;
    assert_eq!(error["code"], "invalid_request");
}

#[tokio::test(start_paused = true)]
async fn a_name_is_bounded_and_clean() {
    let world = World::new().await;
    let good = ["a", "x y", "\u{1F980}", "名前", &"é".repeat(64)];
    for name in good {
        world.worker_with(json!({ "display_name": name })).await;
    }
    let before = world.everything().await;
    let given = world.ids.given();
    let bad = ["", " ", "\u{3000}", "a@b", "a\nb", "\u{7f}", "\u{202e}abc", "a\u{2066}", "\u{85}x"];
    for name in bad {
        let error = world.refused(and(create(), json!({ "display_name": name }))).await;
        assert_eq!(error["code"], "invalid_request", "{name:?}");
        assert_eq!(error["field"], "display_name", "{name:?}");
    }
    assert_eq!(world.everything().await, before);
    assert_eq!(world.ids.given(), given, "no id is made for what is refused");
}

#[tokio::test(start_paused = true)]
async fn claims_are_names_and_all_are_taken_or_none() {
    let world = World::new().await;
    let claim = |resource: &str, access: &str| json!({ "resource": resource, "access": access });
    let claiming = |claims: Value| and(create(), json!({ "scope_claims": claims }));
    for bad in ["", "/a", "a/", "a//b", ".", "..", "a/./b", "a/..", "a\\b", "/", "a\u{1}"] {
        let error = world.refused(claiming(json!([claim(bad, "shared")]))).await;
        assert_eq!(error["code"], "invalid_request", "{bad:?}");
        assert_eq!(error["field"], "scope_claims[0].resource", "{bad:?}");
    }
    let reply =
        world.ok(claiming(json!([claim("w/app/src", "exclusive"), claim("d", "shared")]))).await;
    let holder = &reply["detail"]["worker"];
    let before = world.everything().await;
    let conflicts = [
        ("w/app/src", "shared"),
        ("w/app", "shared"),
        ("w", "exclusive"),
        ("w/app/src/main.rs", "shared"),
        ("d", "exclusive"),
        ("d/x", "exclusive"),
    ];
    for (resource, access) in conflicts {
        let request = claiming(json!([claim("free", "exclusive"), claim(resource, access)]));
        let error = world.refused(request).await;
        assert_eq!(error["code"], "scope_conflict", "{resource}");
        assert_eq!(error["holder"], *holder, "{resource}");
        assert_eq!(error["resource"], resource);
        assert_eq!(error["retry"], json!({ "type": "after_change" }));
    }
    assert_eq!(world.everything().await, before);
    for (resource, access) in
        [("w/app/srcs", "exclusive"), ("d/x", "shared"), ("free", "exclusive")]
    {
        world.ok(claiming(json!([claim(resource, access)]))).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_creation_leaves_no_trace() {
    let world = World::limited(|limits| limits.turns_in_flight = 1).await;
    let busy = world.worker().await;
    world.ok(send(&busy, "hi")).await;
    let before = world.everything().await;
    let input = json!({ "kind": "user", "text": "hi" });
    let claims = json!([{ "resource": "a", "access": "exclusive" }]);
    let full = json!({
        "initial_input": input, "idempotency_key": "k", "scope_claims": claims.clone(),
    });
    let error = world.refused(and(create(), full.clone())).await;
    assert_eq!(
        (&error["code"], &error["what"]),
        (&json!("capacity_exhausted"), &json!("turns_in_flight"))
    );
    let unknown =
        json!({ "profile": { "type": "named", "name": "nobody" }, "idempotency_key": "k" });
    let error = world.refused(and(create(), unknown)).await;
    assert_eq!(error["code"], "profile_not_found");
    assert_eq!(world.everything().await, before);
    // Neither the key nor the claim is in use.
    let reply =
        world.ok(and(create(), json!({ "idempotency_key": "k", "scope_claims": claims }))).await;
    assert_eq!(reply["replayed"], false);
}
