//! Tests of `yoi chat`.

#[cfg(unix)]
mod at_a_terminal;
#[cfg(unix)]
mod input_line;
mod piped;
