//! Decides whether a failed call is made again, and after which pause.

use std::time::Duration;

use crate::{EngineError, RetryPolicy};

impl RetryPolicy {
    /// Returns the pause before the next call, after `made` retries. `None` if the call is not made
    /// again.
    pub(super) fn pause_after(&self, error: &EngineError, made: u32) -> Option<Duration> {
        let asked = error.retry_after.unwrap_or_default();
        let again = error.retryable && made < self.max_retries && asked <= self.max_retry_after;
        again.then(|| jittered(self.backoff(made)).max(asked))
    }

    fn backoff(&self, made: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(made);
        self.initial_delay.saturating_mul(doubled).min(self.max_delay)
    }
}

fn jittered(longest: Duration) -> Duration {
    let half = longest / 2;
    half.saturating_add(half.mul_f64(fastrand::f64()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn pauses(policy: RetryPolicy, error: &EngineError) -> Vec<Duration> {
        (0..).map_while(|made| policy.pause_after(error, made)).collect()
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_lose_at_most_half() {
        let policy = RetryPolicy { max_retries: 70, ..RetryPolicy::default() };
        let pauses = pauses(policy, &EngineError::new(ErrorKind::Server, ""));
        assert_eq!(pauses.len(), 70);
        for (index, pause) in pauses.into_iter().enumerate() {
            let longest = policy.max_delay.min(policy.initial_delay * (1 << index.min(10)));
            assert!(pause >= longest / 2 && pause <= longest, "{index}: {pause:?}");
        }
    }

    #[test]
    fn endless_delays_do_not_overflow() {
        let policy = RetryPolicy {
            max_retries: 3,
            initial_delay: Duration::MAX,
            max_delay: Duration::MAX,
            max_retry_after: Duration::MAX,
        };
        assert_eq!(pauses(policy, &EngineError::new(ErrorKind::Server, "")).len(), 3);
    }

    #[test]
    fn the_provider_may_ask_for_a_longer_pause_up_to_a_bound() {
        let policy = RetryPolicy { max_retries: 1, ..RetryPolicy::default() };
        let error = EngineError::new(ErrorKind::RateLimited, "");
        let asking = |wait| pauses(policy, &error.clone().with_retry_after(wait));
        assert_eq!(asking(policy.max_retry_after), [policy.max_retry_after]);
        assert!(asking(policy.max_retry_after + Duration::from_millis(1)).is_empty());
        assert!(asking(Duration::ZERO)[0] >= policy.initial_delay / 2);
    }

    #[test]
    fn a_final_error_is_not_retried() {
        let error = EngineError::new(ErrorKind::InvalidRequest, "");
        assert!(pauses(RetryPolicy::default(), &error).is_empty());
    }
}
