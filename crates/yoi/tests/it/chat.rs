//! `yoi chat`: a conversation.

#[cfg(unix)]
mod at_a_terminal;
mod piped;
