//! Who may ask at all.

use axum::{Extension, Router};
use reqwest::{StatusCode, header::AUTHORIZATION};
use serde_json::json;
use worker_runtime::Runtime;
use yoi_http::{Access, Tokens};

use crate::support::{ACME, Answer, Client, OPERATOR, Server, serve};

const WORKER: &str = "/workers/018bcfe5-6800-7000-8000-0000000000ff/events";

#[tokio::test]
async fn a_request_needs_a_token_that_is_known() {
    let server = Server::new().await;
    let client = server.client(ACME);
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let ask = async |authorization: Option<&str>| {
        let request = http.post(client.url("/queries")).json(&json!({ "type": "get_runtime" }));
        let with_header =
            |header| request.try_clone().expect("a request").header(AUTHORIZATION, header);
        Answer::of(authorization.map_or(request.try_clone().expect("a request"), with_header)).await
    };
    for header in
        ["Bearer acme-token", "bearer acme-token", "BEARER acme-token", "Bearer  acme-token"]
    {
        assert_eq!(ask(Some(header)).await.status, StatusCode::OK, "{header}");
    }
    let wrong = [
        "Bearer acme-toke",
        "Bearer acme-token2",
        "Bearer ACME-TOKEN",
        "Bearer acme-token globex-token",
        "Bearer",
        "Bearer ",
        "acme-token",
        "Beareracme-token",
        "Basic acme-token",
        "Basic YWNtZTphY21lLXRva2Vu",
        "Bearer \u{e9}",
        "",
    ];
    for header in wrong.map(Some).into_iter().chain([None]) {
        let answer = ask(header).await;
        assert_eq!(answer.error(), (401, "unauthorized"), "{header:?}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        assert_eq!(answer.body["retry"]["type"], "never");
    }
}

#[tokio::test]
async fn every_endpoint_asks_for_the_token() {
    let server = Server::new().await;
    refuses_everything(&server.client("unknown-token")).await;
}

#[tokio::test]
async fn a_router_without_a_middleware_opens_nothing() {
    let address = serve(Router::new().nest("/v1", yoi_http::router())).await;
    refuses_everything(&Client::new(address, OPERATOR)).await;
}

/// Checks requests that are as they must be, and others: nobody learns from the answer which they are.
async fn refuses_everything(client: &Client) {
    let upgrade = |request: reqwest::RequestBuilder| {
        request
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    };
    for request in [
        client.post("/commands").json(&json!({ "type": "stop_runtime" })),
        client.post("/commands").body("not JSON"),
        client.post("/queries").json(&json!({ "type": "get_runtime" })),
        client.get("/events"),
        client.get("/events?after=a&after=b&filter={"),
        client.get(WORKER),
        client.get("/workers/%ff/events"),
        client.get("/ws"),
        upgrade(client.get("/ws")),
    ] {
        let asked = format!("{request:?}");
        let answer = Answer::of(request).await;
        assert_eq!(answer.error(), (401, "unauthorized"), "{asked}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
}

#[tokio::test]
async fn a_middleware_of_ones_own_gives_the_access() {
    let runtime = Runtime::builder().build().await.expect("a Runtime");
    let access = Access::Tenant(runtime.tenant("acme"));
    let router = yoi_http::router().layer(Extension(access));
    let client = Client::new(serve(Router::new().nest("/v1", router)).await, "unknown-token");
    client.create(json!({})).await;
    let shown = client.query(json!({ "type": "list_workers" })).await;
    assert_eq!(shown["items"][0]["tenant"], "acme");
}

#[test]
fn tokens_do_not_show_themselves() {
    let tokens = Tokens::new([] as [(&str, Access); 0]);
    assert_eq!(format!("{tokens:?}"), "Tokens { .. }");
}
