//! Shows what a provider itself said about a failed call.

use worker_runtime::model::ProviderError;

/// Returns a line with what the provider said. `None` if it said nothing beside its status, which
/// the message of the error names.
pub(crate) fn line(said: &ProviderError) -> Option<String> {
    let details =
        [("type", &said.error_type), ("code", &said.code), ("request id", &said.request_id)];
    let details = details.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
    let details: Vec<_> = details.map(|(name, text)| format!("{name} {text}")).collect();
    let details = details.join(", ");
    match (&said.message, details.is_empty()) {
        (Some(message), true) => Some(format!("the provider said: \"{message}\"")),
        (Some(message), false) => Some(format!("the provider said: \"{message}\" ({details})")),
        (None, false) => Some(format!("the provider named: {details}")),
        (None, true) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_a_provider_said_is_in_one_line() {
        let nothing = llm_engine::ProviderError::new().status(400);
        for (said, shown) in [
            (nothing.clone(), None),
            (nothing.clone().message("No"), Some("the provider said: \"No\"")),
            (nothing.clone().code("a").error_type("b"), Some("the provider named: type b, code a")),
            (
                nothing.message("No").error_type("b").request_id("r"),
                Some("the provider said: \"No\" (type b, request id r)"),
            ),
        ] {
            assert_eq!(line(&said.into()).as_deref(), shown);
        }
    }
}
