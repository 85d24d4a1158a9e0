//! How the server ends, and how the next one goes on.

use reqwest::StatusCode;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    events::{Events, Frame, sequences, text_of},
    server::{Folder, Server, TOKEN},
    within,
};

/// An input whose answer takes the profile `slow` some seconds.
fn long() -> String {
    vec!["word"; 100].join(" ")
}

fn items(frames: &[Frame]) -> impl Iterator<Item = &Value> {
    frames.iter().map(|frame| &frame.data)
}

fn last_id(frames: &[Frame]) -> &str {
    frames.iter().rev().find_map(|frame| frame.id.as_deref()).expect("an id")
}

/// Has a Worker begin to answer, and returns what has come of it.
async fn begin(server: &Server, worker: &Value) -> (Events, Vec<Frame>) {
    let mut events = server.events(worker).await;
    let mut frames = events.up_to("synced").await;
    server.say(worker, &long()).await;
    frames.extend(events.up_to("text_delta").await);
    (events, frames)
}

fn assert_whole(frames: &[Frame], first: u64) {
    let seen = sequences(items(frames));
    assert_eq!(seen, (first..first + seen.len() as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_turn_finishes_before_the_server_ends_and_the_next_one_goes_on() {
    let folder = Folder::new();
    let server = folder.start().await;
    let worker = server.create("slow").await;
    let (events, mut frames) = begin(&server, &worker).await;
    let before = last_id(&frames).to_owned();
    server.signal(Signal::TERM);
    frames.extend(events.rest().await);

    assert_eq!(frames.last().expect("the end").data["reason"], "runtime_stopped");
    assert!(frames.iter().any(|frame| frame.event == "turn_completed"));
    assert_eq!(text_of(items(&frames)), format!("echo: {}", long()));
    assert_eq!(server.exit().await, Some(0));

    let server = folder.start().await;
    let missed = server.events_after(&worker, &before).await.up_to("synced").await;
    assert!(missed.iter().any(|frame| frame.event == "turn_completed"), "{missed:?}");
    assert!(missed.iter().all(|frame| frame.event != "reset"), "{missed:?}");
    let mut events = server.events_after(&worker, last_id(&frames)).await;
    server.say(&worker, "again").await;
    frames.extend(events.up_to("turn_completed").await);
    assert_whole(&frames, 2);
    let texts = server.texts(&worker).await;
    let answer = format!("echo: {}", long());
    assert_eq!(texts, [long(), answer, "again".to_owned(), "echo: again".to_owned()]);
}

#[tokio::test]
async fn a_second_signal_cancels_what_runs() {
    let folder = Folder::new();
    let server = folder.start().await;
    let worker = server.create("endless").await;
    let events = server.events(&worker).await;
    server.say(&worker, "hello").await;
    server.signal(Signal::TERM);
    let create = json!({ "type": "create_worker" });
    let stopping = async {
        while server.post("/commands", &create).await.0 != StatusCode::SERVICE_UNAVAILABLE {}
    };
    within("the stop", stopping).await;
    server.signal(Signal::INT);
    let frames = events.rest().await;
    let names: Vec<_> = frames.iter().map(|frame| &*frame.event).collect();
    assert!(names.contains(&"turn_cancelled"), "{names:?}");
    assert_eq!(names.last(), Some(&"ended"));
    assert_eq!(server.exit().await, Some(0));
}

#[tokio::test]
async fn the_next_server_waits_for_the_store_and_takes_over() {
    let folder = Folder::new();
    let first = folder.start().await;
    let worker = first.create("slow").await;
    let (events, mut frames) = begin(&first, &worker).await;
    let second = folder.spawn();
    first.signal(Signal::TERM);
    frames.extend(events.rest().await);
    assert!(frames.iter().any(|frame| frame.event == "turn_completed"));

    let address = first.address.clone();
    let (code, second) = tokio::join!(first.exit(), Server::of(second));
    assert_eq!(code, Some(0));
    assert_eq!(second.address, address);
    let mut events = second.events_after(&worker, last_id(&frames)).await;
    second.say(&worker, "again").await;
    frames.extend(events.up_to("turn_completed").await);
    assert_whole(&frames, 2);
}

#[tokio::test]
async fn a_server_that_is_killed_loses_the_turn_and_nothing_else() {
    let folder = Folder::new();
    let server = folder.start().await;
    let worker = server.create("slow").await;
    let (_events, mut frames) = begin(&server, &worker).await;
    server.signal(Signal::KILL);
    assert_eq!(server.exit().await, None);

    let server = folder.start().await;
    let mut events = server.events_after(&worker, last_id(&frames)).await;
    frames.extend(events.up_to("synced").await);
    let lost = frames.iter().find(|frame| frame.event == "turn_lost").expect("the turn is lost");
    assert_eq!(lost.data["worker"], worker);
    server.say(&worker, "again").await;
    frames.extend(events.up_to("turn_completed").await);
    assert_whole(&frames, 2);
    let texts = server.texts(&worker).await;
    assert_eq!((&texts[0], texts.last().expect("an answer")), (&long(), &"echo: again".to_owned()));
}

/// Neither a client that reads nothing nor one that does not finish its request keeps the old server:
/// it ends, and the next one gets the address.
#[tokio::test]
async fn a_client_that_does_nothing_does_not_keep_the_server() {
    let folder = Folder::new();
    let first = folder.start().await;
    let head = format!("HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n");
    let mut half = TcpStream::connect(&first.address).await.expect("a connection");
    let request = format!(
        "POST /v1/commands {head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    );
    half.write_all(request.as_bytes()).await.expect("half a request");
    let mut silent = TcpStream::connect(&first.address).await.expect("a connection");
    let request = format!("GET /v1/events {head}\r\n");
    silent.write_all(request.as_bytes()).await.expect("a request");

    // The answers are more than the buffers of a connection hold.
    let worker = first.create("echo").await;
    let mut events = first.events(&worker).await;
    let text = "x".repeat(200_000);
    for _ in 0..80 {
        first.say(&worker, &text).await;
        events.up_to("turn_completed").await;
    }
    let second = folder.spawn();
    first.signal(Signal::TERM);
    let (code, second) = tokio::join!(first.exit(), Server::of(second));
    assert_eq!(code, Some(0));
    second.create("echo").await;
}
