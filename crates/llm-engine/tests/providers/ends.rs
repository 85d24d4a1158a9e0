//! An answer that was cut is never taken for a whole one, and a whole one never for one that was cut.

use std::time::Duration;

use llm_engine::{ErrorKind, StopReason, providers::ProviderKind};
use mock_provider::{
    Reply,
    answers::{ANTHROPIC, CHAT_HEL, CHAT_LO, CHAT_STOP, CHAT_USAGE, RESPONSES},
};

use crate::support::{Outcome, outcome, policy};

async fn chat(reply: Reply) -> Outcome {
    outcome(ProviderKind::OpenAi, reply, policy()).await
}

/// An event with a text and a reason to stop, as servers send it that fill every field.
fn said(text: &str, reason: &str) -> String {
    format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}},"finish_reason":"{reason}"}}]}}"#)
}

#[tokio::test]
async fn an_empty_reason_is_none() {
    for reason in ["", "null", " "] {
        let started = || Reply::events(&[&said("Hel", reason), &said("lo", reason)]);
        let late = started().wait(Duration::from_millis(2500));
        let whole = chat(late.event(CHAT_STOP).event("[DONE]").end()).await;
        assert_eq!((&*whole.text, whole.result), ("Hello", Ok(StopReason::EndTurn)), "{reason:?}");
        for cut in [started(), started().end(), started().event("[DONE]").end()] {
            let cut = chat(cut).await;
            assert_eq!(cut.result.unwrap_err().kind, ErrorKind::Interrupted, "{reason:?}");
        }
    }
}

#[tokio::test]
async fn a_reason_before_the_end_does_not_end_the_reading() {
    let pause = Duration::from_millis(2500);
    let early = Reply::events(&[&said("Hel", "stop")]).wait(pause).event(CHAT_LO);
    let outcome = chat(early.wait(pause).event(CHAT_USAGE).event("[DONE]").end()).await;
    assert_eq!((&*outcome.text, outcome.result), ("Hello", Ok(StopReason::EndTurn)));
    // Who has gone on before may go on again.
    for cut in [
        Reply::events(&[&said("Hel", "stop"), CHAT_LO]),
        Reply::events(&[&said("Hel", "stop"), CHAT_LO]).end(),
        Reply::events(&[&said("Hel", "stop"), &said("lo", "stop")]),
    ] {
        assert_eq!(chat(cut).await.result.unwrap_err().kind, ErrorKind::Interrupted);
    }
}

#[tokio::test]
async fn a_reason_beside_text_may_be_in_every_part() {
    let pause = Duration::from_millis(2500);
    let part = |text: &str| {
        format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{text}"}}]}},"finishReason":"STOP"}}],"usageMetadata":{{"promptTokenCount":1,"candidatesTokenCount":1}}}}"#
        )
    };
    let slow = Reply::events(&[&part("Hel")]).wait(pause).event(&part("lo")).end();
    let outcome = outcome(ProviderKind::Gemini, slow, policy()).await;
    assert_eq!((&*outcome.text, outcome.result), ("Hello", Ok(StopReason::EndTurn)));
}

#[tokio::test]
async fn an_error_in_place_of_a_reason_fails_the_turn() {
    use ErrorKind::*;
    let in_choice = r#"{"choices":[{"delta":{},"finish_reason":"error","error":{"code":429,"message":"slow"}}]}"#;
    for (part, kind) in [
        (said("lo", "error"), Server),
        (said("lo", "network_error"), Server),
        (said("lo", "abort"), Server),
        (in_choice.to_owned(), RateLimited),
    ] {
        let outcome = chat(Reply::events(&[CHAT_HEL, &part, "[DONE]"]).end()).await;
        assert_eq!(outcome.result.unwrap_err().kind, kind, "{part}");
        assert!(outcome.text.starts_with("Hel"), "{part}");
    }
    for status in ["response.failed", "response.cancelled"] {
        let end = format!(r#"{{"type":"{status}","response":{{"id":"r"}}}}"#);
        let reply = Reply::events(&[RESPONSES[4], &end]).end();
        let outcome = outcome(ProviderKind::OpenAiResponses, reply, policy()).await;
        assert_eq!(outcome.result.unwrap_err().kind, Server, "{status}");
    }
}

#[tokio::test]
async fn the_words_of_other_servers_are_known() {
    use StopReason::*;
    for (word, reason) in [
        ("eos", EndTurn),
        ("end", EndTurn),
        ("end_turn", EndTurn),
        ("COMPLETE", EndTurn),
        ("max_tokens", MaxTokens),
        ("model_length", MaxTokens),
        ("SAFETY", ContentFilter),
        ("content-filter", ContentFilter),
        ("sensitive", ContentFilter),
        ("guardrail_intervened", ContentFilter),
        ("stop_sequence", StopSequence),
        ("refusal", Refusal),
        ("function_call", ToolCall),
    ] {
        let outcome = chat(Reply::events(&[&said("Hel", word), "[DONE]"]).end()).await;
        assert_eq!(outcome.result, Ok(reason), "{word}");
    }
}

#[tokio::test]
async fn another_mark_of_the_end_is_understood() {
    let parts = &ANTHROPIC[..8];
    let reply = parts.iter().fold(Reply::events(&[]), |reply, part| reply.event(part));
    let outcome_of = |kind, reply| outcome(kind, reply, policy());
    let anthropic = outcome_of(ProviderKind::Anthropic, reply.event("[DONE]").hang()).await;
    assert_eq!((&*anthropic.text, anthropic.result), ("Hello", Ok(StopReason::EndTurn)));
    let done = RESPONSES[6].replace("response.completed", "response.done");
    let reply = Reply::events(&[RESPONSES[4], RESPONSES[5], &done, "[DONE]"]).end();
    let responses = outcome_of(ProviderKind::OpenAiResponses, reply).await;
    assert_eq!((&*responses.text, responses.result), ("Hello", Ok(StopReason::EndTurn)));
}

#[tokio::test]
async fn text_that_comes_only_at_the_end_is_the_answer() {
    let whole = r#"{"type":"response.completed","response":{"status":"completed","output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},{"type":"message","content":[{"type":"output_text","text":"Hello"}]}]}}"#;
    let empty = r#"{"type":"response.completed","response":{"status":"completed","output":[]}}"#;
    let text = r#"{"type":"response.output_text.done","text":"Hello"}"#;
    let part =
        r#"{"type":"response.content_part.done","part":{"type":"output_text","text":"Hello"}}"#;
    let item = r#"{"type":"response.output_item.done","item":{"type":"message","content":[{"type":"output_text","text":"Hello"}]}}"#;
    let pieces = [RESPONSES[4], RESPONSES[5]];
    for parts in [
        &[whole][..],
        &[text, empty],
        &[part, empty],
        &[item, empty],
        &[text, part, item, whole],
        &[pieces[0], pieces[1], text, part, item, whole],
    ] {
        let reply = Reply::events(parts).end();
        let outcome = outcome(ProviderKind::OpenAiResponses, reply, policy()).await;
        assert_eq!(
            (&*outcome.text, outcome.result),
            ("Hello", Ok(StopReason::EndTurn)),
            "{parts:?}"
        );
    }
}
