//! The last exchange of a conversation that is continued.

use crate::{failure::Failure, keeping::Session, output::print_sanitized, report};

/// Shows what was said last, if the session continues a conversation.
pub(super) async fn show(session: &Session) -> Result<(), Failure> {
    let Some(talk) = &session.continued else { return Ok(()) };
    report::note(&format!("this goes on with {:?}", talk.title));
    let entries = talk.last_exchange().await?;
    print_sanitized(&entries.iter().map(ToString::to_string).collect::<String>())
}
