//! What each provider says of each kind of failure, in its own words.

use std::time::Duration;

use llm_engine::{
    EngineError,
    ErrorKind::{self, *},
    providers::ProviderKind,
};
use mock_provider::Reply;
use serde_json::{Value, json};

use crate::support::{outcome, policy};

async fn refused(status: u16, headers: &[&str], body: &Value) -> EngineError {
    let reply = Reply::json(&format!("{status} X"), headers, &body.to_string());
    outcome(ProviderKind::OpenAi, reply, policy()).await.result.unwrap_err()
}

/// Checks that messages in an error object, with these statuses, are of one kind.
async fn are(kind: ErrorKind, table: &[(u16, &str)]) {
    for (status, message) in table {
        let error = refused(*status, &[], &json!({ "error": { "message": message } })).await;
        assert_eq!(error.kind, kind, "{status} {message}");
        let said = error.provider.expect("it said something");
        assert!(message.starts_with(said.message.unwrap().trim_end_matches('…')), "{message}");
    }
}

/// The same for codes.
async fn codes_are(kind: ErrorKind, table: &[(u16, &str)]) {
    for (status, code) in table {
        let error = refused(*status, &[], &json!({ "error": { "code": code } })).await;
        assert_eq!(error.kind, kind, "{status} {code}");
        assert_eq!(error.provider.unwrap().code.unwrap(), *code);
    }
}

#[tokio::test]
async fn a_conversation_that_is_too_long() {
    are(
        ContextLengthExceeded,
        &[
            (400, "This model's maximum context length is 8192 tokens. However, you requested 9000"),
            (400, "This endpoint's maximum context length is 8192 tokens."),
            (400, "Your input exceeds the context window of this model."),
            (400, "Input tokens exceed the configured limit of 272000 tokens."),
            (400, "This model's maximum prompt length is 131072 but the request contains 537812"),
            (400, "Please reduce the length of the messages or completion."),
            (400, "prompt is too long: 210000 tokens > 200000 maximum"),
            (400, "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"),
            (400, "The input token count (1196265) exceeds the maximum number of tokens allowed (1)"),
            (400, "The input token count is 32770 but model only supports up to 32768."),
            (400, "Input is too long for requested model."),
            (400, "Input Tokens Exceeded: Number of input tokens exceeds maximum length."),
            (400, "too many tokens: total number of tokens in the prompt cannot exceed 4081"),
            (400, "Invalid request: Your request exceeded model token limit: 262144 (requested: 3)"),
            (400, "<400> InternalError: Range of input length should be [1, 30720]"),
            (400, "invalid params, context window exceeds limit (2013)"),
            (400, "Prompt exceeds max length"),
            (400, "Prompt contains 40000 tokens, too large for model with 32768 maximum context length"),
            (400, "The input (5000 tokens) is longer than the model's context length (4096 tokens)."),
            (400, "The decoder prompt (length 5000) is longer than the maximum model length of 4096."),
            (422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096."),
            (400, "The number of tokens to keep from the initial prompt is greater than the context length"),
            (400, "prompt too long; exceeded max context length by 10 tokens"),
            (400, "prompt token count of 140000 exceeds the limit of 128000"),
            (413, "Request body too large for gpt-4o model. Max size: 8000 tokens."),
            (500, "litellm.ContextWindowExceededError: no"),
            (500, "the prompt is too long for the model behind this gateway: input is too long"),
        ],
    )
    .await;
    let codes = [
        "context_length_exceeded",
        "exceed_context_size_error",
        "model_max_prompt_tokens_exceeded",
        "string_above_max_length",
        "tokens_limit_reached",
        "1261",
    ];
    codes_are(ContextLengthExceeded, &codes.map(|code| (400, code))).await;
    are(
        InvalidRequest,
        &[
            (400, "max_tokens is too large: 100000. This model supports at most 16384"),
            (400, "max_tokens: 9 > 8, which is the maximum allowed number of output tokens"),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_account_with_nothing_left() {
    are(
        QuotaExceeded,
        &[
            (429, "You exceeded your current quota, please check your plan and billing details."),
            (402, "Insufficient Balance"),
            (400, "Your credit balance is too low to access the API."),
            (400, "You have reached your specified API usage limits. You will regain access on"),
            (402, "This request requires more credits, or fewer max_tokens."),
            (402, "Prompt tokens limit exceeded: 69120 > 36608."),
            (403, "Your team has used all available credits or reached its monthly spending limit"),
            (403, "The free tier of the model has been exhausted."),
            (400, "Access denied, please make sure your account is in good standing."),
            (412, "Account is suspended, possibly due to reaching the monthly spending limit"),
            (400, "Budget has been exceeded! Current cost: 1.0, Max budget: 0.5"),
            (403, "Sorry, your account balance is insufficient"),
            (429, "余额不足或无可用资源包,请充值。"),
        ],
    )
    .await;
    let codes =
        ["insufficient_quota", "Arrearage", "budget_exceeded", "billing_not_active", "1113"];
    codes_are(QuotaExceeded, &codes.map(|code| (429, code))).await;
}

/// Google says of every quota that it is exceeded, and means mostly the one of the minute.
#[tokio::test]
async fn a_quota_of_the_minute_is_no_quota_of_the_account() {
    let google = |quota: &str| {
        json!({ "error": {
            "code": 429,
            "status": "RESOURCE_EXHAUSTED",
            "message": "You exceeded your current quota, please check your plan and billing details. \
                Quota exceeded for metric: requests, limit: 10. Please retry in 37.4s.",
            "details": [{ "violations": [{ "quotaId": quota }] }, { "retryDelay": "37s" }],
        } })
    };
    let minute = refused(429, &[], &google("GenerateRequestsPerMinutePerProject")).await;
    assert_eq!((minute.kind, minute.retryable), (RateLimited, true));
    assert_eq!(minute.retry_after, Some(Duration::from_secs(37)));
    let day = refused(429, &[], &google("GenerateRequestsPerDayPerProject")).await;
    assert_eq!((day.kind, day.retryable), (QuotaExceeded, false));
    are(
        RateLimited,
        &[
            (429, "Resource exhausted. Please try again later."),
            (429, "Quota exceeded for metric: generate_content_requests_per_minute"),
            (429, "Rate limit reached for m on requests per day (RPD): Limit 200, Used 200"),
            (429, "Too many tokens, please wait before trying again."),
            (403, "Too many requests: rate limit reached"),
        ],
    )
    .await;
    let codes =
        ["rate_limit_exceeded", "Throttling.AllocationQuota", "ThrottlingException", "1302"];
    codes_are(RateLimited, &codes.map(|code| (429, code))).await;
}

#[tokio::test]
async fn a_request_that_is_larger_than_its_allowance() {
    for (status, numbers, fits) in [
        (413, "Limit 8000, Requested 14137", false),
        (429, "Limit 30000, Requested 342389", false),
        (429, "Limit 30000, Used 29000, Requested 2000", true),
    ] {
        let message = format!("On tokens per minute (TPM): {numbers}, please try again.");
        let body = json!({ "error": { "message": message, "code": "rate_limit_exceeded" } });
        let error = refused(status, &["retry-after: 1"], &body).await;
        assert_eq!((error.kind, error.retryable), (RateLimited, fits), "{numbers}");
        assert_eq!(error.message.contains("wait and try again"), fits, "{error}");
        assert_eq!(error.message.contains("larger than"), !fits, "{error}");
    }
}

#[tokio::test]
async fn a_content_filter() {
    let filter = "the provider's content filter refused the request";
    for (status, body) in [
        (
            400,
            json!({ "error": { "code": "content_filter", "status": 400, "message": "no",
                "innererror": { "code": "ResponsibleAIPolicyViolation" } } }),
        ),
        (400, json!({ "code": "DataInspectionFailed", "message": "no" })),
        (400, json!({ "error": { "code": "data_inspection_failed" } })),
        (400, json!({ "error": { "code": "1301", "message": "no" } })),
        (400, json!({ "error": { "code": "content_policy_violation" } })),
        (400, json!({ "error": { "message": "Output blocked by content filtering policy" } })),
        (
            400,
            json!({ "error": { "message": "The request was rejected because it was considered high risk" } }),
        ),
        (400, json!({ "error": { "message": "Content Exists Risk" } })),
        (403, json!({ "error": { "message": "Your input was flagged", "code": 403 } })),
        (403, json!({ "error": "Content violates usage guidelines" })),
        (200, json!({ "base_resp": { "status_code": 1026, "status_msg": "input new_sensitive" } })),
    ] {
        let error = refused(status, &[], &body).await;
        assert_eq!((error.kind, error.retryable), (InvalidRequest, false), "{body}");
        assert!(error.message.starts_with(filter), "{error} {body}");
    }
}

#[tokio::test]
async fn a_key_a_model_or_a_right_that_is_missing() {
    are(
        Authentication,
        &[
            (400, "API key not valid. Please pass a valid API key."),
            (400, "Incorrect API key provided: x."),
            (403, "The security token included in the request is invalid."),
            (401, "invalid x-api-key"),
            (401, "User not found."),
        ],
    )
    .await;
    codes_are(Authentication, &[(400, "InvalidApiKey"), (403, "UnrecognizedClientException")])
        .await;
    are(
        NotFound,
        &[
            (400, "Model Not Exist"),
            (400, "nobody/m is not a valid model ID"),
            (400, "Invalid model name passed in model=m"),
            (400, "The provided model identifier is invalid."),
            (400, "The model `m` has been decommissioned and is no longer supported."),
            (404, "No endpoints found for nobody/m."),
            (404, "models/m is not found for API version v1beta"),
            (422, "The model `m` does not exist"),
        ],
    )
    .await;
    codes_are(NotFound, &[(400, "invalid_model"), (503, "model_not_found")]).await;
    are(
        PermissionDenied,
        &[
            (400, "User location is not supported for the API use."),
            (403, "You don't have access to the model with the specified model ID."),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_provider_without_room() {
    are(
        Overloaded,
        &[
            (429, "The engine is currently overloaded, please try again later"),
            (429, "Service tier capacity exceeded for this model."),
            (498, "Flex tier capacity exceeded"),
            (500, "That model is currently overloaded with other requests."),
            (503, "Loading model"),
            (400, "The model is loading"),
        ],
    )
    .await;
    let loading = json!({ "error": "Model m is currently loading", "estimated_time": 20.0 });
    let error = refused(503, &[], &loading).await;
    assert_eq!((error.kind, error.retryable), (Overloaded, true));
    assert_eq!(error.retry_after, Some(Duration::from_secs(20)));
    let busy = json!({ "error": "Model is overloaded", "error_type": "overloaded" });
    assert_eq!(refused(429, &[], &busy).await.kind, Overloaded);
}

#[tokio::test]
async fn errors_that_gateways_wrap() {
    let inner = json!({ "type": "error", "error": { "type": "invalid_request_error",
        "message": "prompt is too long: 9 tokens > 8 maximum" } });
    let raw = inner.to_string();
    for (status, body) in [
        (
            400,
            json!({ "error": { "message": "Provider returned error", "code": 400, "metadata": { "raw": raw } } }),
        ),
        (
            400,
            json!({ "error": { "message": format!("litellm.BadRequestError: {raw}"), "code": "400" } }),
        ),
        (400, json!({ "error": inner })),
        (400, json!({ "error": raw })),
        (400, json!({ "detail": inner })),
        (400, json!({ "message": raw })),
        (400, json!([inner])),
        (422, json!({ "detail": [{ "loc": ["body"], "msg": raw }] })),
        (500, json!({ "errors": [inner], "code": "400" })),
        (502, json!({ "error": { "message": "upstream", "code": 400, "cause": inner } })),
        (200, json!({ "error": { "message": inner, "code": "400" } })),
    ] {
        let error = refused(status, &[], &body).await;
        assert_eq!(error.kind, ContextLengthExceeded, "{body}");
        let said = error.provider.unwrap();
        assert_eq!(said.error_type.unwrap(), "invalid_request_error", "{body}");
        assert!(said.message.unwrap().contains("9 tokens > 8 maximum"), "{body}");
    }
}

#[tokio::test]
async fn a_status_behind_a_gateway_counts_where_the_gateway_failed_over_it() {
    for (status, code, kind) in [
        (500, json!("400"), InvalidRequest),
        (502, json!(429), RateLimited),
        (500, json!(401), Authentication),
        (500, json!(503), Server),
        (400, json!(500), InvalidRequest),
        (200, json!("429"), RateLimited),
        (200, json!("503"), Overloaded),
    ] {
        let error = refused(status, &[], &json!({ "error": { "code": code } })).await;
        assert_eq!(error.kind, kind, "{status} {code}");
    }
}

#[tokio::test]
async fn errors_without_a_status_are_known_by_their_words() {
    let of_minimax =
        |code: u16| json!({ "base_resp": { "status_code": code, "status_msg": "no" } });
    for (body, kind) in [
        (of_minimax(1002), RateLimited),
        (of_minimax(1004), Authentication),
        (of_minimax(1008), QuotaExceeded),
        (of_minimax(2013), InvalidRequest),
        (of_minimax(1000), Server),
        (json!({ "error": "Error code: 400 - {'error': {'message': 'no'}}" }), InvalidRequest),
        (json!({ "error": "upstream failed with status code 429" }), RateLimited),
        (json!({ "error": "litellm.BadRequestError: no" }), InvalidRequest),
        (json!({ "error": "litellm.RateLimitError: no" }), RateLimited),
        (json!({ "error": "litellm.AuthenticationError: no" }), Authentication),
        (json!({ "error": "Input validation error: no" }), InvalidRequest),
        (json!({ "error": "Request timed out" }), Timeout),
        (json!({ "error": "Model is overloaded" }), Overloaded),
        (json!({ "error": "Unexpected endpoint or method. (POST /x)" }), NotFound),
        (json!({ "error": { "type": "ThrottlingException" } }), RateLimited),
        (json!({ "error": { "type": "ValidationException" } }), InvalidRequest),
        (json!({ "error": { "type": "ServiceUnavailableException" } }), Overloaded),
        (json!({ "error": "something" }), Server),
    ] {
        assert_eq!(refused(200, &[], &body).await.kind, kind, "{body}");
    }
}
