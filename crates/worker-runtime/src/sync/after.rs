//! Adds a duration to a time.

use std::time::Duration;

use tokio::time::Instant;

/// Returns `start + wait`. A wait of more than thirty years, which a policy or a provider may name,
/// is one of thirty years, so that no duration is too long to add.
pub(crate) fn after(start: Instant, wait: Duration) -> Instant {
    const FAR: Duration = Duration::from_hours(30 * 365 * 24);
    start + wait.min(FAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_wait_is_too_long() {
        let now = Instant::now();
        assert_eq!(after(now, Duration::from_secs(3)), now + Duration::from_secs(3));
        assert!(after(now, Duration::MAX) > now + Duration::from_hours(29 * 365 * 24));
    }
}
