//! Reads numbers from messages.

/// Names of an HTTP status in a message, in lower case.
const STATUSES: [&str; 7] =
    ["error code", "status code", "status_code", "statuscode", "http status", "status", "http"];

/// Returns the HTTP status of an error that a message in lower case names. Gateways quote the
/// failure of the server behind them so.
pub(super) fn status_in(message: &str) -> Option<u16> {
    let numbers = STATUSES.iter().filter_map(|name| number_after(message, name));
    numbers.filter_map(|number| u16::try_from(number).ok()).find(|it| (400..600).contains(it))
}

/// Returns the first number that follows `name` in a text, with nothing but a sign between them.
pub(super) fn number_after(text: &str, name: &str) -> Option<u64> {
    text.match_indices(name).find_map(|(place, name)| {
        let rest = text[place + name.len()..].trim_start_matches([' ', ':', '=', '`', '*']);
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(rest.len());
        rest[..end].replace(',', "").parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_a_status() {
        for (message, status) in [
            ("error code: 400 - {'error': {}}", Some(400)),
            ("upstream request failed with status code 429", Some(429)),
            ("status_code=503", Some(503)),
            ("http 502 from https://other.test", Some(502)),
            ("status: 200, then http status 404", Some(404)),
            ("see https://other.test/404", None),
            ("a status of 4290", None),
            ("status 4290", None),
            ("429", None),
        ] {
            assert_eq!(status_in(message), status, "{message}");
        }
    }
}
