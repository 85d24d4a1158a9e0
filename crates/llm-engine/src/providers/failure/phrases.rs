//! The phrases that providers use for kinds of errors, where they have no word for it.
//!
//! All are in lower case. A `*` stands for anything.

mod overflow;

use super::{Complaint, finding::Finding};
use crate::ErrorKind::{
    Authentication, ContextLengthExceeded, InvalidRequest, NotFound, Overloaded, PermissionDenied,
    QuotaExceeded, RateLimited, Timeout,
};

/// The phrases for one finding.
struct Row {
    finding: Finding,
    /// The statuses with which the phrases count. Without a status they always do.
    counts: fn(u16) -> bool,
    phrases: &'static [&'static str],
}

/// Signs that a quota is one of the minute, and not of the account.
const PER_MINUTE: [&str; 3] = ["resource_exhausted", "quota exceeded for metric", "retrydelay"];

/// Signs that a quota of Google is used up for the day, or that there is none.
const PER_DAY: [&str; 3] = ["perday", "per_day", "per day"];

/// The rows in the order in which they are looked for.
const ROWS: &[Row] = &[
    Row {
        finding: Finding::Filtered,
        counts: |status| matches!(status, 400 | 403 | 422 | 451 | 500..),
        phrases: &[
            "content management policy",
            "content filtering policy",
            "content filter",
            "content_filter",
            "content policy",
            "contentpolicyviolation",
            "content policies",
            "data_inspection_failed",
            "inappropriate content",
            "responsibleaipolicyviolation",
            "violat*usage polic",
            "violat*usage guideline",
            "violat*safety",
            "input was flagged",
            "flagged as potentially",
            "flagged by*moderation",
            "blocked by*guardrail",
            "blocked by*safety",
            "guardrail_intervened",
            "prohibited content",
            "prohibited_content",
            "safety system",
            "considered high risk",
            "content exists risk",
            "new_sensitive",
            "sensitive content",
            "敏感内容",
        ],
    },
    Row {
        finding: Finding::Kind(QuotaExceeded),
        counts: |status| matches!(status, 400..=403 | 412 | 422 | 429 | 500..),
        phrases: &[
            "insufficient balance",
            "insufficient account balance",
            "insufficient_balance",
            "insufficient quota",
            "insufficient_quota",
            "insufficient credit",
            "insufficient funds",
            "balance is insufficient",
            "balance is too low",
            "balance is not enough",
            "not enough balance",
            "not enough credit",
            "negative credit",
            "more credits",
            "no credits",
            "out of credits",
            "never purchased credits",
            "credits*exhausted",
            "credits have been depleted",
            "credits are depleted",
            "used all available credits",
            "credit limit exceeded",
            "key limit exceeded",
            "used up your daily free allocation",
            "api calls / month",
            "exceeded your monthly",
            "monthly included credits",
            "monthly spending limit",
            "monthly usage limit",
            "monthly limit exceeded",
            "monthly limit reached",
            "spending limit",
            "spend limit",
            "billing hard limit",
            "api usage limits",
            "usage limit reached",
            "usage limit has been reached",
            "reached your usage limit",
            "budget has been exceeded",
            "budget exceeded",
            "exceeded budget",
            "exceededbudget",
            "payment required",
            "payment method",
            "overdue payment",
            "overdue-payment",
            "account*in good standing",
            "account*suspended*billing",
            "account is not active*billing",
            "billing*not enabled",
            "billing to be enabled",
            "free allocated quota exceeded",
            "free tier of the model has been exhausted",
            "余额不足",
            "额度不足",
            "欠费",
        ],
    },
    Row {
        finding: Finding::Kind(Authentication),
        counts: |status| matches!(status, 400 | 401 | 403 | 404 | 422 | 500),
        phrases: &[
            "api key not valid",
            "api key expired",
            "api key is invalid",
            "api key is not valid",
            "api key provided is invalid",
            "api key is missing",
            "invalid api key",
            "invalid api-key",
            "invalid api_key",
            "invalid apikey",
            "invalid x-api-key",
            "invalid_api_key",
            "incorrect api key",
            "incorrect api_key",
            "wrong api key",
            "missing api key",
            "no api key",
            "no auth credentials",
            "didn't provide an api key",
            "invalid subscription key",
            "invalid authentication",
            "invalid bearer token",
            "security token included in the request is*",
            "litellm.authenticationerror",
            "login fail",
            "api key was reported as leaked",
        ],
    },
    Row {
        finding: Finding::Kind(PermissionDenied),
        counts: |status| matches!(status, 400 | 401 | 403),
        phrases: &[
            "location is not supported",
            "country, region, or territory not supported",
            "don't have access to the model",
            "do not have access to the model",
            "not authorized to perform",
            "not available in your country",
            "organization has been disabled",
            "organization has been restricted",
            "litellm.permissiondeniederror",
        ],
    },
    Row {
        finding: Finding::Kind(NotFound),
        counts: |status| matches!(status, 400 | 404 | 422 | 500),
        phrases: &[
            "model*not found",
            "model*does not exist",
            "model*doesn't exist",
            "model not exist",
            "no such model",
            "unknown model",
            "invalid model name",
            "invalid model:",
            "not a valid model",
            "model identifier is invalid",
            "model*has been decommissioned",
            "model*has been deprecated",
            "model*not available",
            "unable to access model",
            "no endpoints found",
            "no models loaded",
            "model_not_found",
            "requested model is not supported",
            "unexpected endpoint or method",
            "deployment*does not exist",
            "litellm.notfounderror",
        ],
    },
    Row {
        finding: Finding::Kind(Overloaded),
        counts: |status| matches!(status, 400 | 424 | 429 | 498 | 500..),
        phrases: &[
            "overloaded",
            "loading model",
            "model is loading",
            "currently loading",
            "model*is not ready",
            "at capacity",
            "over capacity",
            "no capacity",
            "out of capacity",
            "capacity exceeded",
            "capacity constraints",
            "insufficient capacity",
            "enough capacity",
            "high demand",
            "high traffic",
            "capacity temporarily exceeded",
            "server is busy",
            "server busy",
            "too busy",
            "temporarily unavailable",
            "litellm.serviceunavailableerror",
        ],
    },
    Row {
        finding: Finding::Kind(RateLimited),
        counts: |status| matches!(status, 400 | 403 | 500),
        phrases: &[
            "rate limit",
            "ratelimit",
            "rate_limit",
            "rate-limit",
            "too many requests",
            "too many concurrent",
            "too many tokens, please wait",
            "request was throttled",
            "requests have been throttled",
            "throttlingexception",
        ],
    },
    Row {
        finding: Finding::Kind(Timeout),
        counts: |_| false,
        phrases: &[
            "timed out",
            "deadline exceeded",
            "litellm.timeout",
            "request timeout",
            "gateway timeout",
        ],
    },
    Row {
        finding: Finding::Kind(InvalidRequest),
        counts: |_| false,
        phrases: &[
            "validation error",
            "validationexception",
            "badrequesterror",
            "bad request",
            "invalid request",
            "invalid_request",
        ],
    },
];

/// Returns what the messages say, if it is more exact than `status`.
pub(super) fn find(complaint: &Complaint, status: Option<u16>) -> Option<Finding> {
    if overflow::is_told(complaint, status) {
        return Some(Finding::Kind(ContextLengthExceeded));
    }
    let says = |row: &&Row| row.phrases.iter().any(|phrase| holds(&complaint.message, phrase));
    let counts = |row: &&Row| status.is_none_or(row.counts);
    let row = || ROWS.iter().filter(counts).find(says);
    of_quota(complaint, status).or_else(|| row().map(|row| row.finding))
}

/// Tells the quota of an account from that of a minute. Google says the same of both, and means the
/// minute unless it names the day.
fn of_quota(complaint: &Complaint, status: Option<u16>) -> Option<Finding> {
    if !status.is_none_or(|status| matches!(status, 400 | 402 | 403 | 429)) {
        return None;
    }
    let is_any = |signs: &[&str]| {
        let is_word = |sign| complaint.words.iter().any(|word| word.contains(sign));
        signs.iter().any(|sign| complaint.mentions(sign) || is_word(*sign))
    };
    let of_google = is_any(&PER_MINUTE);
    let has_none = complaint.mentions("limit: 0") && !complaint.mentions("limit: 0.");
    match (of_google, complaint.mentions("exceeded your current quota")) {
        (false, true) => Some(Finding::Kind(QuotaExceeded)),
        (true, _) if is_any(&PER_DAY) || has_none => Some(Finding::Kind(QuotaExceeded)),
        (true, _) | (false, false) => None,
    }
}

/// Returns whether a line of a text holds the parts of a phrase, one after the other.
fn holds(text: &str, phrase: &str) -> bool {
    text.lines().any(|line| {
        let mut rest = line;
        phrase.split('*').all(|part| {
            let after = rest.find(part).and_then(|place| rest.get(place + part.len()..));
            after.map(|after| rest = after).is_some()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn the_parts_of_a_phrase_stand_in_one_line_and_in_order() {
        for (text, phrase, expected) in [
            ("the model m was not found", "model*not found", true),
            ("the model m was not found", "not found*model", false),
            ("the model\nnot found", "model*not found", false),
            ("aa", "aa*a", false),
            ("a", "a*", true),
        ] {
            assert_eq!(holds(text, phrase), expected, "{text} {phrase}");
        }
    }
}
