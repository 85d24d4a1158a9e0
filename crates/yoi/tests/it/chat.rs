//! Tests of `yoi chat`.

#[cfg(unix)]
mod at_a_terminal;
#[cfg(unix)]
mod formatted;
#[cfg(unix)]
mod input_line;
#[cfg(unix)]
mod models;
mod piped;
