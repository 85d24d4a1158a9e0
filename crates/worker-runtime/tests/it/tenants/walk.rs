//! Every request, cursor, page token, error and event of two tenants against each other.

use serde_json::{Value, json};

use super::{are_all, furnish, requests_about, requests_about_the_whole};
use crate::support::{
    World, and, collect, create, get_worker, next_item, read_events, runtime_scope, scope_of,
    stop_runtime,
};

const NOBODY: &str = "018bcfe5-6800-7000-8000-0000000000ff";

/// Looks for what belongs to others in everything that a tenant is told.
struct Foreign(Vec<String>);

impl Foreign {
    fn is_not_in(&self, told: &Value, request: &Value) {
        let told = told.to_string();
        for word in &self.0 {
            assert!(!told.contains(word.as_str()), "{request} tells of {word}: {told}");
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[tokio::test(start_paused = true)]
async fn no_request_of_a_tenant_finds_anything_of_another() {
    let world = World::new().await;
    let (acme, rival) = (world.tenant("acme"), world.tenant("rival"));
    let own = furnish(&acme, "plum").await;
    let [theirs, their_turn, their_cursor, their_runtime_cursor] = furnish(&rival, "canary").await;
    let [nobodys, nobodys_turn, nobodys_cursor, _] = furnish(&world, "canary").await;

    let mut secrets: Vec<String> = ["canary", "rival"].map(str::to_owned).into();
    for id in [&theirs["worker_id"], &nobodys["worker_id"], &their_turn, &nobodys_turn] {
        secrets.push(text(id));
    }
    let foreign = Foreign(secrets);
    let mut asked = requests_about_the_whole();
    asked.push(stop_runtime());
    for request in &asked {
        let told = acme.call(request.clone()).await.unwrap_or_else(|error| error);
        foreign.is_not_in(&told, request);
    }

    // A Worker of another tenant, or of none, is like one that never was.
    let missing = and(theirs.clone(), json!({ "worker_id": NOBODY }));
    let others = [
        (&theirs, &their_turn, &their_cursor),
        (&nobodys, &nobodys_turn, &nobodys_cursor),
        (&missing, &their_turn, &own[2]),
    ];
    let told: Vec<Vec<Value>> = {
        let mut told = Vec::new();
        for (worker, turn_id, cursor) in others {
            let mut replies = Vec::new();
            for request in requests_about(worker, turn_id, cursor) {
                let reply = acme.call(request.clone()).await.unwrap_or_else(|error| error);
                foreign.is_not_in(&reply, &request);
                let subscribing = acme.subscribe(json!({ "scope": scope_of(worker) })).await;
                assert_eq!(subscribing.expect_err("no stream")["code"], "worker_not_found");
                replies.push(reply);
                asked.push(request);
            }
            told.push(replies);
        }
        told
    };
    assert!(are_all(&asked));
    assert_eq!(told[0], told[2], "a foreign Worker is like a missing one");
    assert_eq!(told[1], told[2]);
    for reply in &told[0] {
        let error = if reply["type"] == "preview" { &reply["result"]["error"] } else { reply };
        let is_gone = reply["already"] == true || reply["result"]["reply"]["already"] == true;
        assert!(is_gone || error["code"] == "worker_not_found", "{reply}");
    }

    // Nothing of the others has changed.
    let kept = rival.ok(get_worker(&theirs)).await;
    assert_eq!(kept["detail"]["state"], "idle");
    assert_eq!(kept["detail"]["display_name"], "canary Ada");
    assert_eq!(kept["cursor"], their_cursor);

    // The cursor of another tenant is like that of another start of the Runtime.
    let after = |cursor: &Value| {
        let from = json!({ "type": "after", "cursor": cursor });
        and(read_events(&runtime_scope()), json!({ "from": from }))
    };
    let refused = acme.refused(after(&their_runtime_cursor)).await;
    let whole = world.ok(json!({ "type": "get_runtime" })).await["cursor"].clone();
    let earlier = World::new().await.ok(json!({ "type": "get_runtime" })).await["cursor"].clone();
    assert_eq!(refused["what"], "epoch");
    assert_eq!(acme.refused(after(&whole)).await, refused);
    assert_eq!(acme.refused(after(&earlier)).await["code"], "cursor_foreign");
    assert_eq!(world.refused(after(&own[3])).await, refused);
    acme.ok(after(&own[3])).await;

    // In the scope of an own Worker, the cursor of a foreign one is like that of a missing one.
    let within = |cursor: &Value| {
        let from = json!({ "type": "after", "cursor": cursor });
        and(read_events(&scope_of(&own[0])), json!({ "from": from }))
    };
    let refused = acme.refused(within(&their_cursor)).await;
    assert_eq!(refused["what"], "worker");
    assert_eq!(acme.refused(within(&nobodys_cursor)).await, refused);
}

#[tokio::test(start_paused = true)]
async fn no_event_of_a_tenant_is_told_to_another() {
    let world = World::new().await;
    let (acme, rival) = (world.tenant("acme"), world.tenant("rival"));
    let mut stream = acme.stream(&runtime_scope()).await;
    furnish(&rival, "canary").await;
    furnish(&world, "canary").await;
    furnish(&acme, "plum").await;
    world
        .ok(json!({ "type": "stop_runtime", "reason": "a deploy", "meta": { "by": "canary" } }))
        .await;

    let foreign = Foreign(["canary", "rival"].map(str::to_owned).into());
    let items = collect(&mut stream, |item| item["type"] == "ended").await;
    let mut sequence = 0;
    for item in &items {
        foreign.is_not_in(item, &json!("the stream"));
        if let Some(number) = item.get("sequence") {
            sequence += 1;
            assert_eq!(number, &json!(sequence), "no number is left out: {item}");
            let is_of_a_worker = item.get("worker").is_some() || item["type"] == "diagnostic";
            assert_eq!(item.get("tenant").is_some(), is_of_a_worker, "{item}");
            assert!(item.get("tenant").is_none_or(|tenant| tenant == "acme"), "{item}");
        }
    }
    let of_type = |name: &str| items.iter().find(|item| item["type"] == name).expect("told");
    assert_eq!(of_type("runtime_started")["sequence"], 1);
    assert_eq!(of_type("runtime_stopping")["reason"], "a deploy");
    assert_eq!(items[items.len() - 2]["type"], "runtime_stopped");
    assert!(next_item(&mut stream).await.is_none());

    // Pages show the same events as the stream.
    let events = items.iter().filter(|item| item.get("sequence").is_some());
    let streamed: Vec<Value> =
        events.map(|item| crate::support::without(item.clone(), ["cursor"])).collect();
    let read = acme.events_from(&runtime_scope(), json!({ "type": "oldest" })).await;
    let forget_texts = |events: &[Value]| -> Vec<(Value, Value)> {
        events.iter().map(|it| (it["type"].clone(), it["sequence"].clone())).collect()
    };
    assert_eq!(forget_texts(&read), forget_texts(&streamed));
}

#[tokio::test(start_paused = true)]
async fn a_page_token_is_of_its_tenant_and_tells_no_position() {
    let world = World::new().await;
    let (acme, rival) = (world.tenant("acme"), world.tenant("rival"));
    for _ in 0..3 {
        acme.worker().await;
        rival.worker().await;
        world.worker().await;
    }
    let list = |token: Option<&Value>| {
        let page = token
            .map_or_else(|| json!({ "limit": 1 }), |token| json!({ "limit": 1, "token": token }));
        json!({ "type": "list_workers", "page": page })
    };
    let (own, theirs) = (acme.ok(list(None)).await, rival.ok(list(None)).await);
    let all = world.ok(list(None)).await;
    let mut refusals = Vec::new();
    for token in [&theirs["next"], &all["next"], &json!("garbage")] {
        refusals.push(acme.refused(list(Some(token))).await);
    }
    assert_eq!(refusals[0]["field"], "page.token");
    assert!(refusals.iter().all(|refusal| *refusal == refusals[0]));
    assert_eq!(world.refused(list(Some(&own["next"]))).await, refusals[0]);

    let mut found = vec![own["items"][0]["worker"].clone()];
    let mut next = own["next"].clone();
    while !next.is_null() {
        let page = acme.ok(list(Some(&next))).await;
        found
            .extend(page["items"].as_array().expect("items").iter().map(|it| it["worker"].clone()));
        next = page["next"].clone();
    }
    assert_eq!(found.len(), 3);
    // The ordinal of the first Worker, 1, is in the Backend's token and not in the tenant's.
    let position = "AAAAAAAAAA";
    assert!(text(&all["next"]).contains(position));
    assert!(!text(&own["next"]).contains(position));
}

#[tokio::test(start_paused = true)]
async fn what_concerns_others_is_not_allowed() {
    let world = World::new().await;
    let (acme, _rival) = (world.tenant("acme"), world.tenant("rival"));
    let stop = acme.refused(stop_runtime()).await;
    assert_eq!((&stop["code"], &stop["what"]), (&json!("not_allowed"), &json!("stop_runtime")));
    let preview = acme.ok(json!({ "type": "preview", "command": stop_runtime() })).await;
    assert_eq!(preview["result"]["error"], stop);
    let runtime = acme.ok(json!({ "type": "get_runtime" })).await;
    assert_eq!(runtime["summary"]["state"], "running");
    let commands = runtime["capabilities"]["commands"].as_array().expect("commands");
    assert!(!commands.contains(&json!("stop_runtime")));

    let naming = |tenant: &str| {
        let filter = json!({ "filter": { "tenant": tenant } });
        [
            and(create(), json!({ "tenant": tenant })),
            json!({ "type": "list_workers", "tenant": tenant }),
            json!({ "type": "get_overview", "tenant": tenant }),
            json!({ "type": "list_diagnostics", "tenant": tenant }),
            json!({ "type": "get_usage", "scope": { "type": "tenant", "tenant": tenant } }),
            and(read_events(&runtime_scope()), filter),
        ]
    };
    for (foreign, missing) in naming("rival").into_iter().zip(naming("nobody")) {
        let refused = acme.refused(foreign.clone()).await;
        assert_eq!((&refused["code"], &refused["what"]), (&json!("not_allowed"), &json!("tenant")));
        assert_eq!(acme.refused(missing).await, refused);
        if foreign["type"] == "create_worker" {
            let preview = acme.ok(json!({ "type": "preview", "command": foreign })).await;
            assert_eq!(preview["result"]["error"], refused);
        }
    }
    for own in naming("acme") {
        acme.ok(own).await;
    }
    let subscribe =
        |tenant: &str| json!({ "scope": runtime_scope(), "filter": { "tenant": tenant } });
    let _stream = acme.subscribe(subscribe("acme")).await.expect("a stream");
    let refused = acme.subscribe(subscribe("rival")).await.expect_err("another tenant");
    assert_eq!(refused["code"], "not_allowed");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_no_tenant_can_have_is_refused() {
    let world = World::new().await;
    for name in ["", "a\nb"] {
        let error = world.tenant(name).refused(json!({ "type": "get_runtime" })).await;
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("invalid_request"), &json!("tenant"))
        );
        let refused = world.refused(and(create(), json!({ "tenant": name }))).await;
        assert_eq!(refused, error);
    }
    let long = world.tenant(&"x".repeat(129));
    assert_eq!(long.refused(create()).await["code"], "too_large");
    let subscribing = long.subscribe(json!({ "scope": runtime_scope() })).await;
    assert_eq!(subscribing.expect_err("no stream")["code"], "too_large");
    world.tenant(&"ü".repeat(128)).worker().await;
}
