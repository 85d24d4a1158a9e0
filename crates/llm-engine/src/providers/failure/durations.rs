//! Reads the time that a provider asks to wait from its message.

use std::time::Duration;

/// The words before a wait, in lower case.
const BEFORE: [&str; 12] = [
    "try again in",
    "try again after",
    "retry in",
    "retry after",
    "retrying in",
    "retrying after",
    "wait for",
    "please wait",
    "available in",
    "reset in",
    "resets in",
    "reset after",
];

/// Words between those and the wait.
const BETWEEN: [&str; 5] = ["about", "approximately", "around", "at least", "another"];

/// The units, each with its milliseconds. The longer ones of those that begin alike come first.
const UNITS: [(&str, f64); 17] = [
    ("milliseconds", 1.0),
    ("millisecond", 1.0),
    ("ms", 1.0),
    ("minutes", 60e3),
    ("minute", 60e3),
    ("mins", 60e3),
    ("min", 60e3),
    ("m", 60e3),
    ("seconds", 1e3),
    ("second", 1e3),
    ("secs", 1e3),
    ("sec", 1e3),
    ("s", 1e3),
    ("hours", 3600e3),
    ("hour", 3600e3),
    ("h", 3600e3),
    ("d", 86400e3),
];

/// The longest wait that is believed.
const LONGEST: Duration = Duration::from_hours(31 * 24);

/// Returns the wait that a message in lower case asks for.
pub(super) fn in_message(message: &str) -> Option<Duration> {
    let places = BEFORE.iter().flat_map(|before| {
        message.match_indices(before).map(|(place, before)| &message[place + before.len()..])
    });
    places.map(after_words).filter_map(duration).find(|wait| *wait <= LONGEST)
}

fn after_words(text: &str) -> &str {
    let text = text.trim_start_matches([' ', ':', '`', '*']);
    let word = BETWEEN.iter().find_map(|word| text.strip_prefix(word));
    word.unwrap_or(text).trim_start()
}

/// Parses the duration at the beginning of a text in lower case, such as `1m3.2s`, `20ms` or
/// `2 minutes and 5 seconds`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let (mut milliseconds, mut rest) = part(text)?;
    while let Some((more, after)) = part(joined(rest)) {
        milliseconds += more;
        rest = after;
    }
    Duration::try_from_secs_f64(milliseconds / 1e3).ok()
}

/// Returns a text without what joins two parts of a duration.
fn joined(text: &str) -> &str {
    let text = text.trim_start_matches([' ', ',']);
    text.strip_prefix("and ").unwrap_or(text)
}

/// Parses a number with a unit, and returns its milliseconds and what follows.
fn part(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text[..end].parse().ok()?;
    let rest = text[end..].trim_start();
    let (milliseconds, rest) = UNITS.iter().find_map(|(unit, milliseconds)| {
        let rest = rest.strip_prefix(unit)?;
        // `1m` and `1m3s`, and not `1 model`.
        let ends = !rest.starts_with(|c: char| c.is_alphabetic());
        ends.then_some((milliseconds, rest))
    })?;
    Some((number * milliseconds, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_ask_to_wait() {
        for (message, milliseconds) in [
            ("please try again in 6.5s. visit", Some(6500)),
            ("please try again in 1m3.2s.", Some(63_200)),
            ("please try again in 20ms.", Some(20)),
            ("please try again in 1h2m3s", Some(3_723_000)),
            ("please retry in 37.4s.", Some(37_400)),
            ("try again in 2 minutes", Some(120_000)),
            ("try again in about 1 minute and 5 seconds", Some(65_000)),
            ("please retry after 86400 seconds.", Some(86_400_000)),
            ("please wait 12 seconds before retrying.", Some(12_000)),
            ("quota resets in 3 hours, 2 min", Some(10_920_000)),
            ("first try again in a while, or retry in 4 s", Some(4000)),
            ("try again in 40d", None),
            ("try again in 3 models", None),
            ("try again later", None),
            ("try again in s", None),
            ("try again in 1.2.3s", None),
            ("try again in", None),
            ("7s", None),
        ] {
            assert_eq!(in_message(message), milliseconds.map(Duration::from_millis), "{message}");
        }
    }
}
