//! Reads the time that a provider asks to wait.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

/// Returns the wait that headers ask for, in milliseconds, in seconds or as a date.
pub(super) fn in_headers(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let milliseconds = text("retry-after-ms").and_then(seconds);
    milliseconds
        .map(|wait| wait / 1000)
        .or_else(|| text(RETRY_AFTER.as_str()).and_then(|value| wait(value, SystemTime::now())))
}

fn wait(value: &str, now: SystemTime) -> Option<Duration> {
    seconds(value).or_else(|| {
        let date = httpdate::parse_http_date(value).ok()?;
        // A date that has passed asks for no wait.
        Some(date.duration_since(now).unwrap_or_default())
    })
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
}
