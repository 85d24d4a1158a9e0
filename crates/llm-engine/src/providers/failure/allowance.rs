//! Finds requests that are larger than an allowance, which no wait makes smaller.

use super::{Complaint, numbers::number_after};

/// Signs of an allowance that comes back with time, and is not the room of a model.
const SIGNS: [&str; 7] =
    ["per min", "per day", "per hour", "per second", "(tpm)", "(tpd)", "rate limit"];

/// Returns whether a single request asks for more than its whole allowance.
pub(super) fn is_exceeded(complaint: &Complaint) -> bool {
    let is_of_rate = SIGNS.iter().any(|sign| complaint.mentions(sign))
        || complaint.words.iter().any(|word| word.starts_with("rate_limit"));
    let number = |name| number_after(&complaint.message, name);
    let is_more = number("limit").zip(number("requested")).is_some_and(|(limit, it)| it > limit);
    is_of_rate && (is_more || complaint.mentions("request too large for"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_larger_than_its_allowance_is_told_apart() {
        for (message, is_too_large) in [
            (
                "Request too large for model `m` on tokens per minute (TPM): Limit 8000, Requested \
                 14137, please reduce your message size and try again.",
                true,
            ),
            ("Request too large for m in organization o on tokens per min (TPM)", true),
            ("Rate limit reached on tokens per day (TPD): limit: 1,000, requested: 1,001", true),
            (
                "Rate limit reached for m on tokens per min (TPM): Limit 8000, Used 7000, \
                 Requested 2000. Please try again in 6s.",
                false,
            ),
            ("Your request exceeded model token limit: 262144 (requested: 274613)", false),
            ("Too many requests per minute", false),
        ] {
            let complaint = Complaint { message: message.to_lowercase(), ..Complaint::default() };
            assert_eq!(is_exceeded(&complaint), is_too_large, "{message}");
        }
    }
}
