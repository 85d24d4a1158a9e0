//! Recorded answers of the providers: the reasoning `hm` if they show it, the text `Hello`, usage;
//! and answers with two calls of a tool.

/// A whole answer of chat completions, by its events.
pub const CHAT: [&str; 6] = [CHAT_ROLE, CHAT_HEL, CHAT_LO, CHAT_STOP, CHAT_USAGE, "[DONE]"];

/// The event with the role.
pub const CHAT_ROLE: &str = r#"{"id":"x","choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}]}"#;
/// The event with the text `Hel`.
pub const CHAT_HEL: &str = r#"{"id":"x","choices":[{"index":0,"delta":{"content":"Hel"}}]}"#;
/// The event with the text `lo`.
pub const CHAT_LO: &str = r#"{"id":"x","choices":[{"index":0,"delta":{"content":"lo"}}]}"#;
/// The event with the reason of the end.
pub const CHAT_STOP: &str =
    r#"{"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
/// The event with the usage: 40 input tokens, 32 of them cached, and 5 output tokens, 3 of them for
/// reasoning.
pub const CHAT_USAGE: &str = r#"{"id":"x","choices":[],"usage":{"prompt_tokens":40,"completion_tokens":5,"total_tokens":45,"prompt_tokens_details":{"cached_tokens":32},"completion_tokens_details":{"reasoning_tokens":3}}}"#;

/// A whole answer of the Responses API, by its events.
pub const RESPONSES: [&str; 7] = [
    r#"{"type":"response.created","response":{"id":"r","status":"in_progress","error":null,"usage":null}}"#,
    r#"{"type":"response.in_progress","response":{"id":"r","error":null}}"#,
    r#"{"type":"response.output_item.added","item":{"type":"reasoning"}}"#,
    r#"{"type":"response.reasoning_summary_text.delta","delta":"hm"}"#,
    r#"{"type":"response.output_text.delta","delta":"Hel"}"#,
    r#"{"type":"response.output_text.delta","delta":"lo"}"#,
    r#"{"type":"response.completed","response":{"status":"completed","error":null,"incomplete_details":null,"usage":{"input_tokens":40,"input_tokens_details":{"cached_tokens":32},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":3},"total_tokens":45}}}"#,
];

/// A whole answer of Anthropic, by its events.
pub const ANTHROPIC: [&str; 9] = [
    r#"{"type":"message_start","message":{"id":"m","role":"assistant","content":[],"stop_reason":null,"usage":{"input_tokens":6,"cache_creation_input_tokens":2,"cache_read_input_tokens":32,"output_tokens":1}}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
    r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
    r#"{"type":"ping"}"#,
    r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hel"}}"#,
    r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"lo"}}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":5}}"#,
    r#"{"type":"message_stop"}"#,
];

/// A whole answer of Gemini, by its events.
pub const GEMINI: [&str; 3] = [
    r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":40}}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":"Hel"}],"role":"model"},"index":0}]}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":"lo"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":40,"cachedContentTokenCount":32,"candidatesTokenCount":2,"thoughtsTokenCount":3,"totalTokenCount":45}}"#,
];

/// A whole answer of Ollama, by its lines.
pub const OLLAMA: [&str; 4] = [
    r#"{"model":"m","message":{"role":"assistant","content":"","thinking":"hm"},"done":false}"#,
    r#"{"model":"m","message":{"role":"assistant","content":"Hel"},"done":false}"#,
    r#"{"model":"m","message":{"role":"assistant","content":"lo"},"done":false}"#,
    r#"{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":40,"prompt_eval_cached_count":32,"eval_count":5}"#,
];

/// An answer of chat completions with two calls of the tool `f`, by its events.
pub const CHAT_CALLS: [&str; 5] = [
    r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}}]}"#,
    r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}"#,
    r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"f","arguments":"{}"}}]}}]}"#,
    r#"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
    "[DONE]",
];

/// An answer of the Responses API with two calls of the tool `f`, by its events.
pub const RESPONSES_CALLS: [&str; 6] = [
    r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","id":"fc_1","call_id":"a","name":"f","arguments":""}}"#,
    r#"{"type":"response.function_call_arguments.delta","output_index":0,"item_id":"fc_1","delta":"{}"}"#,
    r#"{"type":"response.function_call_arguments.done","output_index":0,"item_id":"fc_1","arguments":"{}"}"#,
    r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","id":"fc_1","call_id":"a","name":"f","arguments":"{}","status":"completed"}}"#,
    r#"{"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","id":"fc_2","call_id":"b","name":"f","arguments":"{}","status":"completed"}}"#,
    r#"{"type":"response.completed","response":{"status":"completed","output":[]}}"#,
];

/// An answer of Anthropic with two calls of the tool `f`, by its events.
pub const ANTHROPIC_CALLS: [&str; 8] = [
    r#"{"type":"message_start","message":{"id":"m","role":"assistant","content":[]}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
    r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"b","name":"f","input":{}}}"#,
    r#"{"type":"content_block_stop","index":1}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"}}"#,
    r#"{"type":"message_stop"}"#,
];

/// An answer of Gemini with two calls of the tool `f`, by its events.
pub const GEMINI_CALLS: [&str; 2] = [
    r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"c2ln"},{"functionCall":{"name":"f","args":{}}}],"role":"model"},"index":0}]}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}]}"#,
];

/// An answer of Ollama with two calls of the tool `f`, by its lines.
pub const OLLAMA_CALLS: [&str; 2] = [
    r#"{"message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{}}},{"function":{"name":"f","arguments":{}}}]},"done":false}"#,
    r#"{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}"#,
];
