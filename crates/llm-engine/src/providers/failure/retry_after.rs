//! Reads the time that a provider asks to wait from its headers.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::durations::duration;

/// The longest wait that is believed.
const LONGEST: Duration = Duration::from_hours(31 * 24);

/// The number of seconds from which on a number is a time since 1970 and no wait. As milliseconds,
/// it is 1000 times as many.
const EPOCH_SECONDS: f64 = 1e9;

/// The headers that say when an allowance is there again, each with the one that says how much of
/// it is left.
const RESETS: [(&str, &str); 9] = [
    ("x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"),
    ("x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"),
    ("x-ratelimit-reset-requests-minute", "x-ratelimit-remaining-requests-minute"),
    ("x-ratelimit-reset-requests-day", "x-ratelimit-remaining-requests-day"),
    ("x-ratelimit-reset-tokens-minute", "x-ratelimit-remaining-tokens-minute"),
    ("x-ratelimit-reset-tokens-day", "x-ratelimit-remaining-tokens-day"),
    ("x-ratelimit-reset", "x-ratelimit-remaining"),
    ("ratelimit-reset", "ratelimit-remaining"),
    ("x-rate-limit-reset", "x-rate-limit-remaining"),
];

/// Returns the wait that headers ask for, in milliseconds, in seconds or as a date.
pub(super) fn in_headers(headers: &HeaderMap) -> Option<Duration> {
    let milliseconds = text(headers, "retry-after-ms").and_then(seconds);
    milliseconds.map(|wait| wait / 1000).or_else(|| {
        text(headers, RETRY_AFTER.as_str()).and_then(|value| wait(value, SystemTime::now()))
    })
}

/// Returns the wait until an allowance is there again: the longest of those that are used up, or if
/// it is not told which are, the shortest.
pub(super) fn reset(headers: &HeaderMap) -> Option<Duration> {
    let now = SystemTime::now();
    let told = RESETS.iter().filter_map(|(reset, remaining)| {
        let wait = moment(text(headers, reset)?, now)?;
        Some((wait, text(headers, remaining).and_then(|left| left.parse::<f64>().ok())))
    });
    let told: Vec<_> = told.collect();
    let used_up = told.iter().filter(|(_, left)| left.is_some_and(|left| left < 1.0));
    let unknown = told.iter().filter(|(_, left)| left.is_none());
    used_up.map(|(wait, _)| *wait).max().or_else(|| unknown.map(|(wait, _)| *wait).min())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn wait(value: &str, now: SystemTime) -> Option<Duration> {
    moment(value, now).or_else(|| {
        let date = httpdate::parse_http_date(value).ok()?;
        // A date that has passed asks for no wait.
        Some(date.duration_since(now).unwrap_or_default())
    })
}

/// Parses a wait such as `7`, `0.5` or `6m0s`, or a time as a number since 1970.
pub(super) fn moment(value: &str, now: SystemTime) -> Option<Duration> {
    let Some(wait) = seconds(value) else { return duration(value).filter(|it| *it <= LONGEST) };
    let until =
        |time: Duration| time.saturating_sub(now.duration_since(UNIX_EPOCH).unwrap_or_default());
    match wait.as_secs_f64() {
        ..EPOCH_SECONDS => Some(wait),
        seconds if seconds < EPOCH_SECONDS * 1000.0 => Some(until(wait)),
        _ => Some(until(wait / 1000)),
    }
}

/// Parses a number of seconds, whole or not.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.trim().parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_numbers_or_dates() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (text, expected) in [
            ("7", Some(7.0)),
            ("0.5", Some(0.5)),
            ("0", Some(0.0)),
            ("7s", Some(7.0)),
            ("6m0s", Some(360.0)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30.0)),
            ("Sun, 06 Nov 1994 08:49:07 GMT", Some(0.0)),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(wait(text, now), expected.map(Duration::from_secs_f64), "{text}");
        }
    }

    #[test]
    fn large_numbers_are_times() {
        let now = UNIX_EPOCH + Duration::from_secs(1_741_305_601);
        for (text, seconds) in [
            ("86400", 86400),
            ("1741305631", 30),
            ("1741305631000", 30),
            ("1741305000", 0),
            ("1741305000000", 0),
        ] {
            assert_eq!(moment(text, now), Some(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(moment("9999h", now), None);
    }

    #[test]
    fn milliseconds_come_first() {
        let mut headers = HeaderMap::new();
        assert_eq!(in_headers(&headers), None);
        headers.insert("retry-after", "7".parse().unwrap());
        assert_eq!(in_headers(&headers), Some(Duration::from_secs(7)));
        headers.insert("retry-after-ms", "1500".parse().unwrap());
        assert_eq!(in_headers(&headers), Some(Duration::from_millis(1500)));
        headers.insert("retry-after-ms", "soon".parse().unwrap());
        assert_eq!(in_headers(&headers), Some(Duration::from_secs(7)));
    }

    #[test]
    fn the_allowance_that_is_used_up_is_waited_for() {
        let mut headers = HeaderMap::new();
        assert_eq!(reset(&headers), None);
        headers.insert("x-ratelimit-reset-requests", "8.64s".parse().unwrap());
        headers.insert("x-ratelimit-reset-tokens", "120ms".parse().unwrap());
        assert_eq!(reset(&headers), Some(Duration::from_millis(120)));
        headers.insert("x-ratelimit-remaining-requests", "0".parse().unwrap());
        headers.insert("x-ratelimit-remaining-tokens", "9000".parse().unwrap());
        assert_eq!(reset(&headers), Some(Duration::from_millis(8640)));
        headers.insert("x-ratelimit-remaining-requests", "1".parse().unwrap());
        assert_eq!(reset(&headers), None);
    }
}
