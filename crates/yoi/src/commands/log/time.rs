//! Times as people read them.

use jiff::{Timestamp, tz::TimeZone};

/// Returns a time in the local time zone, to the minute, in a form that sorts.
pub(super) fn local(at_ms: u64) -> String {
    let time = i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let time = time.unwrap_or_default().to_zoned(TimeZone::system());
    time.strftime("%Y-%m-%d %H:%M").to_string()
}
