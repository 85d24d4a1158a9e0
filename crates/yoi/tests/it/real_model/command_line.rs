//! `yoi` at the command line, with a real model.

use std::process::Command;

use serde_json::Value;

use super::server::Server;
use crate::process::{Ended, Process};

const QUESTION: &str = "What is the capital of France? Answer in one sentence.";
const STORY: &str = "Tell me a long story about the mountains.";

/// Asks one question in each of the three ways to choose a model.
pub(super) fn runs(server: &Server) {
    let model = ["--model", &server.model];
    let mut flags = server.yoi(&["run", "--base-url", &server.url, "--key-env", "OPENAI_API_KEY"]);
    let mut variables = server.yoi(&["run"]);
    variables.env("OPENAI_BASE_URL", &server.url);
    for (name, command) in [
        ("flags", flags.args(model)),
        ("profile", &mut server.with_profile(&["run"])),
        ("variables", variables.args(model)),
    ] {
        ask(name, command);
    }
}

/// Checks that the answer is streamed, ends and is counted.
fn ask(name: &str, command: &mut Command) {
    let ended = end(command.args(["--json", QUESTION]), "");
    let items: Vec<Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    let deltas = items.iter().filter(|item| item["type"] == "text_delta").count();
    let completed = items.last().expect("there is an end");
    assert_eq!(completed["type"], "turn_completed", "{completed}");
    let tokens = |of: &str| completed["usage"][of].as_u64().expect("it is counted");
    let (input, output) = (tokens("input_tokens"), tokens("output_tokens"));
    println!("   {name}: {}", completed["entry"]["text"]);
    println!("     {deltas} deltas, {input} tokens in, {output} out");
    assert!(deltas > 1 && input > 0 && output > 0, "it is streamed and counted");
}

/// Has three turns, the last of which depends on the first.
pub(super) fn chats(server: &Server) {
    let lines = format!("{QUESTION}\nAnd of Italy?\nSay thank you.\n/transcript\n/usage\n");
    let ended = end(&mut server.with_profile(&["chat"]), &lines);
    for line in ended.stdout.lines().filter(|line| !line.is_empty()) {
        println!("   {line}");
    }
    for part in ["Paris", "user: And of Italy?", "\nassistant: ", "this Worker: 3 turns"] {
        assert!(ended.stdout.contains(part), "{part}: {ended:?}");
    }
    assert!(!ended.stdout.contains(" 0 input") && !ended.stdout.contains(" 0 output"), "{ended:?}");
    assert_eq!((ended.stderr.as_str(), ended.code), ("", Some(0)));
}

/// Checks that SIGINT stops the server and that the text so far was printed.
pub(super) fn is_interrupted(server: &Server) {
    let process = begin_story_by(&mut server.with_profile(&["run", STORY]), None);
    let before = server.cancels();
    process.signal("INT");
    server.wait_for_cancel(before);
    let ended = process.wait();
    println!("   yoi run: exit {:?}, the answer ended with {:?}", ended.code, ended.stdout);
    assert_eq!(ended.code, Some(130));
}

/// Starts a chat and waits until it is in the middle of its first answer.
pub(super) fn begin_story(server: &Server) -> Process {
    let lines = format!("{STORY}\n/transcript\n");
    begin_story_by(&mut server.with_profile(&["chat"]), Some(&lines))
}

/// Checks that the text so far is kept and the failure is reported.
pub(super) fn is_left_with_a_part(chat: Process) {
    let ended = chat.end();
    let kept = ended.stdout.lines().find(|line| line.starts_with("assistant (interrupted): "));
    println!("   yoi chat: {}", ended.stderr.trim_end());
    println!("     {}", kept.expect("what had come is kept, marked as interrupted"));
    assert!(ended.stderr.contains("error: the provider's answer broke off"), "{ended:?}");
    assert_eq!(ended.code, Some(75));
}

fn begin_story_by(command: &mut Command, stdin: Option<&str>) -> Process {
    let mut process = Process::spawn(command);
    match stdin {
        Some(lines) => process.write(lines),
        None => process.close_stdin(),
    }
    for _ in 0..6 {
        process.until(" ");
    }
    process
}

fn end(command: &mut Command, stdin: &str) -> Ended {
    let mut process = Process::spawn(command);
    process.write(stdin);
    process.end()
}
