//! Tests of `yoi chat`.

#[cfg(unix)]
mod at_a_terminal;
mod piped;
