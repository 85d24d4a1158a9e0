//! What each provider's own protocol means.

use std::time::Duration;

use llm_engine::{
    ErrorKind, StopReason, TokenUsage,
    providers::{Protocol, ProviderKind},
};
use mock_provider::{
    Reply,
    answers::{ANTHROPIC, CHAT, GEMINI, OLLAMA, RESPONSES},
};

use crate::support::{counted, impatient, outcome, policy};

/// The parts of an answer as a provider frames them.
fn framed(kind: ProviderKind, parts: &[&str]) -> Reply {
    match kind.protocol() {
        Protocol::ChatCompletions
        | Protocol::Responses
        | Protocol::Messages
        | Protocol::GenerateContent => Reply::events(parts),
        Protocol::OllamaChat => Reply::lines(parts),
    }
}

fn whole(kind: ProviderKind) -> &'static [&'static str] {
    match kind.protocol() {
        Protocol::ChatCompletions => &CHAT,
        Protocol::Responses => &RESPONSES,
        Protocol::Messages => &ANTHROPIC,
        Protocol::GenerateContent => &GEMINI,
        Protocol::OllamaChat => &OLLAMA,
    }
}

#[tokio::test]
async fn whole_answers_complete() {
    for kind in ProviderKind::ALL {
        let outcome = outcome(kind, framed(kind, whole(kind)).end(), policy()).await;
        assert_eq!(outcome.result, Ok(StopReason::EndTurn), "{kind}");
        assert_eq!(outcome.text, "Hello", "{kind}");
        let reasoning = if kind.protocol() == Protocol::ChatCompletions { "" } else { "hm" };
        assert_eq!(outcome.reasoning, reasoning, "{kind}");
        let tells_reasoning = !matches!(kind.protocol(), Protocol::Messages | Protocol::OllamaChat);
        assert_eq!(outcome.usage, counted(tells_reasoning.then_some(3)), "{kind}");
    }
}

#[tokio::test]
async fn an_answer_without_its_last_part_is_interrupted_or_known_to_be_whole() {
    for kind in ProviderKind::ALL {
        let parts = whole(kind);
        let outcome = outcome(kind, framed(kind, &parts[..parts.len() - 1]).end(), policy()).await;
        let is_whole = matches!(kind.protocol(), Protocol::ChatCompletions | Protocol::Messages);
        match outcome.result {
            Ok(reason) => assert!(is_whole && reason == StopReason::EndTurn, "{kind}"),
            Err(error) => {
                assert!(!is_whole && error.kind == ErrorKind::Interrupted, "{kind}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn errors_are_classified() {
    use ErrorKind::*;
    use ProviderKind::*;
    for (provider, status, body, kind) in [
        (
            Anthropic,
            "401 X",
            r#"{"type":"error","error":{"type":"authentication_error","message":"raw-body"}}"#,
            Authentication,
        ),
        (
            Anthropic,
            "529 X",
            r#"{"type":"error","error":{"type":"overloaded_error","message":"raw-body"}}"#,
            Overloaded,
        ),
        (
            Anthropic,
            "413 X",
            r#"{"type":"error","error":{"type":"request_too_large","message":"raw-body"}}"#,
            ContextLengthExceeded,
        ),
        (
            OpenAiResponses,
            "404 X",
            r#"{"error":{"code":"model_not_found","message":"raw-body"}}"#,
            NotFound,
        ),
        (
            Gemini,
            "400 X",
            r#"[{"error":{"code":400,"message":"API key not valid. raw-body","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]"#,
            Authentication,
        ),
        (
            Gemini,
            "400 X",
            r#"{"error":{"code":400,"message":"The input token count (9) exceeds the maximum number of tokens allowed (8).","status":"INVALID_ARGUMENT"}}"#,
            ContextLengthExceeded,
        ),
        (
            Gemini,
            "429 X",
            r#"{"error":{"code":429,"message":"raw-body","status":"RESOURCE_EXHAUSTED"}}"#,
            RateLimited,
        ),
        (Ollama, "404 X", r#"{"error":"model 'raw-body' not found"}"#, NotFound),
    ] {
        let outcome = outcome(provider, Reply::json(status, &[], body), policy()).await;
        assert_eq!(outcome.result.unwrap_err().kind, kind, "{provider} {body}");
    }
}

#[tokio::test]
async fn errors_in_the_middle_of_an_answer_are_classified() {
    use ErrorKind::*;
    use ProviderKind::*;
    for (provider, part, kind) in [
        (
            Anthropic,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"raw-body"}}"#,
            Overloaded,
        ),
        (
            Anthropic,
            r#"{"type":"error","error":{"type":"api_error","message":"raw-body"}}"#,
            Server,
        ),
        (
            OpenAiResponses,
            r#"{"type":"error","code":"rate_limit_exceeded","message":"raw-body","param":null}"#,
            RateLimited,
        ),
        (
            OpenAiResponses,
            r#"{"type":"error","error":{"type":"invalid_request_error","code":"context_length_exceeded","message":"raw-body"}}"#,
            ContextLengthExceeded,
        ),
        (
            OpenAiResponses,
            r#"{"type":"response.failed","response":{"error":{"code":"server_error","message":"raw-body"}}}"#,
            Server,
        ),
        (
            Gemini,
            r#"{"error":{"code":503,"message":"raw-body","status":"UNAVAILABLE"}}"#,
            Overloaded,
        ),
        (Ollama, r#"{"error":"raw-body"}"#, Server),
        (Ollama, "raw-body", Protocol),
    ] {
        let mut parts = whole(provider).to_vec();
        parts.pop();
        // Anthropic has said by then why the model stopped.
        parts.retain(|part| !part.contains("message_delta"));
        parts.push(part);
        let outcome = outcome(provider, framed(provider, &parts).end(), policy()).await;
        assert_eq!(outcome.result.unwrap_err().kind, kind, "{provider} {part}");
        assert!(outcome.text.starts_with("Hel"), "{provider}");
    }
}

#[tokio::test]
async fn tokens_are_told_as_early_as_the_provider_does() {
    let started = |kind| framed(kind, &whole(kind)[..1]).hang();
    let of = |kind| async move { outcome(kind, started(kind), impatient()).await.usage };
    let anthropic = counted(None).output(1);
    assert_eq!(of(ProviderKind::Anthropic).await, anthropic);
    let gemini = TokenUsage::new().input(40);
    assert_eq!(of(ProviderKind::Gemini).await, gemini);

    let failed = r#"{"type":"response.failed","response":{"error":{"code":"server_error"},"usage":{"input_tokens":7,"output_tokens":1}}}"#;
    let outcome =
        outcome(ProviderKind::OpenAiResponses, Reply::events(&[failed]).end(), policy()).await;
    assert_eq!(outcome.result.unwrap_err().kind, ErrorKind::Server);
    assert_eq!(outcome.usage.input_tokens, Some(7.into()));
}

/// Tokens and text that come in one part with an error, or with content of a wrong type.
#[tokio::test]
async fn tokens_in_a_part_that_ends_the_call_are_told() {
    use ProviderKind::*;
    let told = TokenUsage::new().input(7).output(1);
    for (provider, part, text) in [
        (
            OpenAi,
            r#"{"error":{"message":"x"},"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":7,"completion_tokens":1.0}}"#,
            "a",
        ),
        (OpenAi, r#"{"choices":"x","usage":{"prompt_tokens":7,"completion_tokens":1}}"#, ""),
        (
            Gemini,
            r#"{"error":{"code":500},"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":1}}"#,
            "a",
        ),
        (
            Ollama,
            r#"{"error":"x","message":{"content":"a"},"prompt_eval_count":7,"eval_count":1}"#,
            "a",
        ),
        (
            OpenAiResponses,
            r#"{"type":"response.failed","response":{"error":{"code":"server_error"},"usage":{"input_tokens":7,"output_tokens":1}}}"#,
            "",
        ),
        (
            Anthropic,
            r#"{"type":"error","error":{"type":"api_error"},"usage":{"input_tokens":7,"output_tokens":1}}"#,
            "",
        ),
    ] {
        let outcome = outcome(provider, framed(provider, &[part]).end(), policy()).await;
        assert!(outcome.result.is_err(), "{provider} {part}");
        assert_eq!((outcome.usage, &*outcome.text), (told, text), "{provider} {part}");
    }
}

/// Reports that each leave out what the other one tells.
#[tokio::test]
async fn tokens_are_converted_from_all_reports_together() {
    let start = r#"{"type":"message_start","message":{"usage":{"input_tokens":10,"cache_read_input_tokens":1000,"output_tokens":1}}}"#;
    let delta = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":10,"output_tokens":20}}"#;
    let stop = r#"{"type":"message_stop"}"#;
    let reply = Reply::events(&[start, delta, stop]).end();
    let usage = outcome(ProviderKind::Anthropic, reply, policy()).await.usage;
    assert_eq!(usage, TokenUsage::new().input(1010).cached_input(1000).output(20));

    let thought = r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true}]}}],"usageMetadata":{"promptTokenCount":4,"thoughtsTokenCount":5}}"#;
    let said = r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":7}}"#;
    let usage =
        outcome(ProviderKind::Gemini, Reply::events(&[thought, said]).end(), policy()).await.usage;
    assert_eq!(usage, TokenUsage::new().input(4).output(12).reasoning(5));
}

/// A count of no sense costs neither the answer nor the other counts.
#[tokio::test]
async fn odd_counts_are_left_out_or_bounded() {
    for (usage, told) in [
        (r#"{"prompt_tokens":-1,"completion_tokens":2}"#, TokenUsage::new().output(2)),
        (r#"{"prompt_tokens":"7","completion_tokens":2}"#, TokenUsage::new().output(2)),
        (r#"{"prompt_tokens":7,"prompt_tokens_details":3}"#, TokenUsage::new().input(7)),
        (r#"{"prompt_tokens":18446744073709551615}"#, TokenUsage::new().input(u64::MAX)),
        ("\"none\"", TokenUsage::new()),
        ("null", TokenUsage::new()),
    ] {
        let part = format!(
            r#"{{"choices":[{{"delta":{{"content":"a"}},"finish_reason":"stop"}}],"usage":{usage}}}"#
        );
        let reply = Reply::events(&[&part, "[DONE]"]).end();
        let outcome = outcome(ProviderKind::OpenAi, reply, policy()).await;
        assert_eq!(outcome.result, Ok(StopReason::EndTurn), "{usage}");
        assert_eq!((outcome.usage, &*outcome.text), (told, "a"), "{usage}");
    }
}

#[tokio::test]
async fn why_the_model_stopped_is_told() {
    use ProviderKind::*;
    use StopReason::*;
    for (provider, from, to, reason) in [
        (Anthropic, "end_turn", "max_tokens", MaxTokens),
        (Anthropic, "end_turn", "stop_sequence", StopSequence),
        (Anthropic, "end_turn", "refusal", Refusal),
        (Anthropic, "end_turn", "pause_turn", Other),
        (Gemini, "STOP", "MAX_TOKENS", MaxTokens),
        (Gemini, "STOP", "SAFETY", ContentFilter),
        (Gemini, "STOP", "MALFORMED_FUNCTION_CALL", MalformedCall),
        (Ollama, r#""stop""#, r#""length""#, MaxTokens),
        (Ollama, r#""stop""#, r#""load""#, Other),
        (
            OpenAiResponses,
            r#""incomplete_details":null"#,
            r#""incomplete_details":{"reason":"max_output_tokens"}"#,
            MaxTokens,
        ),
        (
            OpenAiResponses,
            r#""incomplete_details":null"#,
            r#""incomplete_details":{"reason":"content_filter"}"#,
            ContentFilter,
        ),
        (OpenAiResponses, "output_text.delta", "refusal.delta", Refusal),
    ] {
        let parts: Vec<_> = whole(provider).iter().map(|part| part.replace(from, to)).collect();
        let parts: Vec<_> = parts.iter().map(String::as_str).collect();
        let outcome = outcome(provider, framed(provider, &parts).end(), policy()).await;
        assert_eq!(outcome.result, Ok(reason), "{provider} {to}");
    }
}

#[tokio::test]
async fn a_call_of_a_tool_is_told_though_the_reason_names_none() {
    use ProviderKind::*;
    let calls: [(ProviderKind, &[&str]); 7] = [
        (
            OpenAi,
            &[
                r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f"}}]}}]}"#,
                r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
            ],
        ),
        (
            OpenAi,
            &[r#"{"choices":[{"message":{"function_call":{"name":"f"}},"finish_reason":"stop"}]}"#],
        ),
        (
            OpenAiResponses,
            &[
                r#"{"type":"response.output_item.done","item":{"type":"function_call","name":"f"}}"#,
                r#"{"type":"response.completed","response":{"status":"completed","output":[]}}"#,
            ],
        ),
        (
            OpenAiResponses,
            &[
                r#"{"object":"response","status":"completed","output":[{"type":"function_call","name":"f"}]}"#,
            ],
        ),
        (
            Anthropic,
            &[
                r#"{"type":"message_start","message":{}}"#,
                r#"{"type":"content_block_start","content_block":{"type":"tool_use","name":"f","input":{}}}"#,
                r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"}}"#,
                r#"{"type":"message_stop"}"#,
            ],
        ),
        (
            Gemini,
            &[
                r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"STOP"}]}"#,
            ],
        ),
        (
            Ollama,
            &[
                r#"{"message":{"content":"","tool_calls":[{"function":{"name":"f"}}]},"done":false}"#,
                r#"{"message":{"content":""},"done":true,"done_reason":"stop"}"#,
            ],
        ),
    ];
    for (provider, parts) in calls {
        let outcome = outcome(provider, framed(provider, parts).end(), policy()).await;
        let told = (outcome.text.as_str(), outcome.result);
        assert_eq!(told, ("", Ok(StopReason::ToolCall)), "{provider} {parts:?}");
    }
}

#[tokio::test]
async fn a_prompt_that_is_blocked_ends_without_text() {
    let blocked =
        r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4}}"#;
    let outcome = outcome(ProviderKind::Gemini, Reply::events(&[blocked]).end(), policy()).await;
    assert_eq!((outcome.text.as_str(), outcome.result), ("", Ok(StopReason::ContentFilter)));
}

/// Whoever speaks another protocol is told so, and not that the answer broke off.
#[tokio::test]
async fn an_answer_in_another_protocol_is_none() {
    for kind in [
        ProviderKind::OpenAi,
        ProviderKind::OpenAiResponses,
        ProviderKind::Anthropic,
        ProviderKind::Gemini,
        ProviderKind::Ollama,
    ] {
        for other in [&CHAT[..5], &RESPONSES, &ANTHROPIC, &GEMINI, &OLLAMA] {
            if other[0] == whole(kind)[0] {
                continue;
            }
            let outcome = outcome(kind, Reply::events(other).end(), policy()).await;
            let error = outcome.result.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Protocol, "{kind} {} {error}", other[0]);
        }
    }
}

/// A provider's own word that it still works keeps a call alive, up to the end of the turn.
#[tokio::test]
async fn pings_of_the_provider_itself_are_progress() {
    let ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n";
    let policy = impatient();
    let often = Duration::from_millis(50);
    let slow =
        (0..12).fold(Reply::events(&ANTHROPIC[..4]), |reply, _| reply.wait(often).chunk(ping));
    let slow = ANTHROPIC[5..].iter().fold(slow, |reply, part| reply.event(part)).end();
    let outcome_of = |reply, policy| outcome(ProviderKind::Anthropic, reply, policy);
    let whole = outcome_of(slow, policy).await;
    assert_eq!((&*whole.text, whole.result), ("Hello", Ok(StopReason::EndTurn)));

    let deadlines = policy.deadlines.turn(Duration::from_millis(900));
    let endless = Reply::events(&ANTHROPIC[..2]).flood(ping, often);
    let error = outcome_of(endless, policy.deadlines(deadlines)).await.result.unwrap_err();
    assert!(error.message.contains("deadlines.turn"), "{error}");
}
