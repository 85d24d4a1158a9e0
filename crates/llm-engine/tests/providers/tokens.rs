//! Token counts, in the fields and at the times at which servers tell them.

use llm_engine::{TokenUsage, providers::ProviderKind};
use mock_provider::{
    Reply,
    answers::{CHAT_HEL, CHAT_STOP},
};

use crate::support::{outcome, policy};

async fn told(kind: ProviderKind, parts: &[&str]) -> TokenUsage {
    let outcome = outcome(kind, Reply::events(parts).end(), policy()).await;
    assert!(outcome.result.is_ok(), "{parts:?} {:?}", outcome.result);
    outcome.usage
}

#[tokio::test]
async fn cached_tokens_have_many_names() {
    for (usage, cached) in [
        (
            r#"{"prompt_tokens":100,"completion_tokens":5,"prompt_cache_hit_tokens":80,"prompt_cache_miss_tokens":20}"#,
            80,
        ),
        (r#"{"prompt_tokens":100,"completion_tokens":5,"cached_tokens":80}"#, 80),
        (r#"{"prompt_tokens":100,"completion_tokens":5,"cache_read_input_tokens":80}"#, 80),
        (
            r#"{"input_tokens":100,"output_tokens":5,"input_tokens_details":{"cached_tokens":80}}"#,
            80,
        ),
        (
            r#"{"prompt_tokens":100,"completion_tokens":5,"cached_tokens":0,"prompt_tokens_details":{"cached_tokens":80}}"#,
            80,
        ),
        (r#"{"prompt_tokens":20,"completion_tokens":5,"cache_read_input_tokens":80}"#, 80),
    ] {
        let part = format!(r#"{{"choices":[],"usage":{usage}}}"#);
        let usage_told = told(ProviderKind::OpenAi, &[CHAT_HEL, CHAT_STOP, &part, "[DONE]"]).await;
        assert_eq!(
            usage_told,
            TokenUsage::new().input(100).cached_input(cached).output(5),
            "{usage}"
        );
    }
}

#[tokio::test]
async fn counts_are_read_wherever_they_stand() {
    let usage = r#"{"prompt_tokens":7,"completion_tokens":5}"#;
    let in_choice =
        format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"stop","usage":{usage}}}]}}"#);
    let beside = format!(
        r#"{{"choices":[{{"delta":{{}},"finish_reason":"stop"}}],"x_groq":{{"usage":{usage}}}}}"#
    );
    let first = format!(r#"{{"choices":[],"usage":{usage}}}"#);
    let zero = r#"{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}}"#;
    for parts in [
        &[CHAT_HEL, &in_choice, "[DONE]"][..],
        &[CHAT_HEL, &beside, "[DONE]"],
        &[&first, CHAT_HEL, CHAT_STOP, zero, "[DONE]"],
    ] {
        let usage = told(ProviderKind::OpenAi, parts).await;
        assert_eq!(usage, TokenUsage::new().input(7).output(5), "{parts:?}");
    }
}

#[tokio::test]
async fn reasoning_beside_the_output_is_part_of_it() {
    let part = r#"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,"completion_tokens_details":{"reasoning_tokens":100}}}"#;
    let usage = told(ProviderKind::OpenAi, &[CHAT_HEL, CHAT_STOP, part, "[DONE]"]).await;
    assert_eq!(usage, TokenUsage::new().input(10).output(105).reasoning(100));
}

#[tokio::test]
async fn a_later_zero_erases_nothing() {
    let start =
        r#"{"type":"message_start","message":{"usage":{"input_tokens":15,"output_tokens":1}}}"#;
    let text = r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}}"#;
    let delta = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":0,"output_tokens":5}}"#;
    let parts = [start, text, delta, r#"{"type":"message_stop"}"#];
    let usage = told(ProviderKind::Anthropic, &parts).await;
    assert_eq!(usage, TokenUsage::new().input(15).output(5));
}
