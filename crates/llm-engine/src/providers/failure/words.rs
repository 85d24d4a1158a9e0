//! The words that providers use for kinds of errors.

use super::{Complaint, finding::Finding};
use crate::ErrorKind::{
    self, Authentication, ContextLengthExceeded, InvalidRequest, NotFound, Overloaded,
    PermissionDenied, QuotaExceeded, RateLimited, Server, Timeout,
};

type Table<T> = [(T, &'static [&'static str])];

/// Words that are more exact than an HTTP status.
const SPECIFIC: &Table<Finding> = &[
    (
        Finding::Kind(ContextLengthExceeded),
        &[
            "context_length_exceeded",
            "context_length_exceeded_error",
            "context_window_exceeded",
            "context_window_exceeded_error",
            "model_context_window_exceeded",
            "model_max_prompt_tokens_exceeded",
            "exceed_context_size_error",
            "string_above_max_length",
            "tokens_limit_reached",
            "request_too_large",
            // Zhipu.
            "1261",
        ],
    ),
    (
        Finding::Filtered,
        &[
            "content_filter",
            "content_filter_error",
            "content_policy_violation",
            "content_policy_violation_error",
            "content_moderation_failed",
            "responsible_ai_policy_violation",
            "data_inspection_failed",
            "moderation_blocked",
            "safety_violation",
            "sensitive_words_detected",
            "sensitive_content_detected",
            "input_text_sensitive_content_detected",
            "output_text_sensitive_content_detected",
            "prompt_blocked",
            // Zhipu.
            "1301",
            // MiniMax.
            "1026",
            "1027",
        ],
    ),
    (
        Finding::Kind(QuotaExceeded),
        &[
            "insufficient_quota",
            "insufficient_balance",
            "insufficient_balance_error",
            "insufficient_credits",
            "insufficient_funds",
            "insufficient_user_quota",
            "exceeded_current_quota_error",
            "exceeded_current_quota",
            "quota_exceeded",
            "quota_exceeded_error",
            "billing_hard_limit_reached",
            "billing_not_active",
            "billing_error",
            "payment_required",
            "not_enough_balance",
            "billing_disabled",
            "budget_exceeded",
            "budget_exceeded_error",
            "pre_consume_token_quota_failed",
            "arrearage",
            "account_overdue_error",
            "allocation_quota_free_tier_only",
            // Zhipu.
            "1113",
            "1304",
            "1308",
            "1309",
            "1310",
            // MiniMax.
            "1008",
            "2056",
        ],
    ),
    (
        Finding::Kind(Authentication),
        &[
            "invalid_api_key",
            "incorrect_api_key",
            "api_key_invalid",
            "api_key_expired",
            "authentication_error",
            "invalid_authentication",
            "invalid_authentication_error",
            "incorrect_api_key_error",
            "unrecognized_client_exception",
            "expired_token_exception",
            "invalid_signature_exception",
        ],
    ),
    (
        Finding::Kind(NotFound),
        &[
            "model_not_found",
            "model_not_found_error",
            "model_not_exist",
            "model_not_available",
            "model_decommissioned",
            "deployment_not_found",
            "invalid_model",
            "model_not_supported",
            "unknown_model",
            // Zhipu.
            "1211",
        ],
    ),
    (
        Finding::Kind(Overloaded),
        &[
            "overloaded",
            "overloaded_error",
            "server_overloaded",
            "server_is_overloaded",
            "engine_overloaded",
            "engine_overloaded_error",
            "capacity_exceeded",
            "no_capacity",
            "service_tier_capacity_exceeded",
            "model_not_ready_exception",
            "slow_down",
            // Zhipu.
            "1305",
        ],
    ),
    (Finding::Kind(PermissionDenied), &["unsupported_country_region_territory"]),
];

/// Words for too many requests. A phrase that says why is more exact.
const RATE: &Table<Finding> = &[(
    Finding::Kind(RateLimited),
    &[
        "rate_limit",
        "rate_limited",
        "rate_limit_exceeded",
        "rate_limit_reached",
        "rate_limit_reached_error",
        "request_limit_exceeded",
        "too_many_requests",
        "too_many_requests_error",
        "throttling",
        "throttling_exception",
        "throttling_rate_quota",
        "throttling_allocation_quota",
        "throttling_burst_rate",
        "limit_requests",
        "limit_burst_rate",
        // Zhipu.
        "1302",
        "1303",
    ],
)];

/// Words that are as exact as an HTTP status, for errors without one.
const GENERIC: &Table<ErrorKind> = &[
    (
        RateLimited,
        &[
            "rate_limit_error",
            "resource_exhausted",
            // MiniMax, which tells of errors without a status.
            "1002",
            "1039",
            "1041",
            "2045",
        ],
    ),
    (
        Authentication,
        &[
            "unauthenticated",
            "unauthorized",
            "unauthorized_error",
            "auth_error",
            // MiniMax.
            "1004",
            "2049",
        ],
    ),
    (
        PermissionDenied,
        &[
            "permission_error",
            "permission_denied",
            "permission_denied_error",
            "access_denied",
            "access_denied_exception",
            "forbidden",
        ],
    ),
    (NotFound, &["not_found_error", "not_found", "resource_not_found_exception"]),
    (
        Overloaded,
        &[
            "unavailable_error",
            "unavailable",
            "service_unavailable",
            "service_unavailable_error",
            "service_unavailable_exception",
        ],
    ),
    (
        Timeout,
        &[
            "timeout",
            "timeout_error",
            "deadline_exceeded",
            "gateway_timeout",
            "model_timeout_exception",
        ],
    ),
    // These may stand beside a word that is more exact.
    (
        InvalidRequest,
        &[
            "invalid_request_error",
            "invalid_request",
            "invalid_prompt",
            "invalid_argument",
            "invalid_parameter",
            "invalid_parameter_error",
            "failed_precondition",
            "bad_request",
            "bad_request_error",
            "unprocessable_entity",
            "unprocessable_entity_error",
            "validation",
            "validation_error",
            "validation_exception",
            // MiniMax.
            "2013",
        ],
    ),
    (Server, &["server_error", "api_error", "internal", "internal_server_error"]),
];

/// Returns what the words name, if they are more exact than a status.
pub(super) fn specific(complaint: &Complaint) -> Option<Finding> {
    look_up(SPECIFIC, complaint)
}

/// Returns what the words name, if it is the rate of requests.
pub(super) fn of_rate(complaint: &Complaint) -> Option<Finding> {
    look_up(RATE, complaint)
}

/// Returns the kind that the words name, for an error without a status.
pub(super) fn generic(complaint: &Complaint) -> Option<ErrorKind> {
    look_up(GENERIC, complaint)
}

fn look_up<T: Copy>(table: &Table<T>, complaint: &Complaint) -> Option<T> {
    let said = |word: &&str| complaint.words.iter().any(|said| is_same(said, word));
    table.iter().find(|(_, words)| words.iter().any(&said)).map(|(it, _)| *it)
}

/// Returns whether two words are the same but for signs and case, as `InvalidApiKey` and
/// `invalid_api_key` are. Amazon writes the name of a folder and `#` before a word.
fn is_same(said: &str, word: &str) -> bool {
    let letters = |text: &str| {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let (said, word): (String, String) =
        (letters(said.rsplit('#').next().unwrap_or_default()), letters(word));
    said == word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_in_every_spelling() {
        for said in [
            "access_denied_exception",
            "AccessDeniedException",
            "access-denied exception",
            "com.amazon.coral.service#AccessDeniedException",
        ] {
            assert!(is_same(said, "access_denied_exception"), "{said}");
        }
        assert!(!is_same("access_denied", "access_denied_exception"));
        assert!(!is_same("", "access_denied_exception"));
    }

    #[test]
    fn the_more_exact_word_counts() {
        let complaint = |words: &[&str]| Complaint {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            ..Complaint::default()
        };
        let both = complaint(&["invalid_request_error", "model_not_found"]);
        assert_eq!(specific(&both), Some(Finding::Kind(NotFound)));
        assert_eq!(generic(&both), Some(InvalidRequest));
        assert_eq!(
            of_rate(&complaint(&["Throttling.RateQuota"])),
            Some(Finding::Kind(RateLimited))
        );
        assert_eq!(specific(&complaint(&["invalid_request_error"])), None);
    }
}
