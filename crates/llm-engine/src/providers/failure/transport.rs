//! The errors of connections.

use std::error::Error;

use crate::{EngineError, ErrorKind, ShortText};

/// The most characters of a cause.
const CAUSE_CHARS: usize = 80;

/// Returns the error of a call that got no answer.
pub(in crate::providers) fn unreachable(error: &reqwest::Error, origin: &str) -> EngineError {
    let what = if error.is_connect() {
        let cause = innermost(error);
        format!("could not connect to {origin} ({cause}); check base_url, network and proxy")
    } else {
        format!("the connection to {origin} broke before an answer came; try again")
    };
    EngineError::new(ErrorKind::Connection, what)
}

/// Returns the error of an answer that broke off. Before any output the call may be made again.
pub(in crate::providers) fn broken(has_output: bool) -> EngineError {
    if has_output {
        EngineError::new(
            ErrorKind::Interrupted,
            "the provider's answer broke off before its end; try again",
        )
    } else {
        EngineError::new(
            ErrorKind::Connection,
            "the connection broke before the provider said anything; try again",
        )
    }
}

/// Returns the innermost cause, as this machine's own network code names it.
fn innermost(error: &reqwest::Error) -> ShortText {
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(Error::source) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| "no cause is known".into(), |cause| own_words(&cause.to_string()))
}

/// Returns the beginning of a cause, up to what may be a quotation. The error of a TLS handshake
/// quotes the names in the server's certificate.
fn own_words(cause: &str) -> ShortText {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " :()-_.,/".contains(c);
    let plain = cause.split(|c| !is_plain(c)).next().unwrap_or_default();
    ShortText::cut(plain.trim_end_matches([' ', ':', ',', '(']), CAUSE_CHARS)
}

#[cfg(test)]
mod tests {
    use super::own_words;

    #[test]
    fn causes_do_not_quote_the_certificate_of_the_server() {
        for (cause, shown) in [
            ("Connection refused (os error 111)", "Connection refused (os error 111)"),
            (
                "failed to lookup address information: Name or service not known",
                "failed to lookup address information: Name or service not known",
            ),
            ("invalid peer certificate: UnknownIssuer", "invalid peer certificate: UnknownIssuer"),
            (
                "invalid peer certificate: certificate not valid for name \"a\"; certificate is \
                 only valid for DnsName(\"secret\")",
                "invalid peer certificate: certificate not valid for name",
            ),
            ("\u{1b}[2Jx", ""),
        ] {
            assert_eq!(own_words(cause), shown);
        }
        assert_eq!(own_words(&"a".repeat(1000)).chars().count(), 80);
    }
}
