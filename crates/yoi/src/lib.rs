//! What the `yoi` command line is built of that is worth using and testing by itself.
//!
//! [`compat`] tells whether new schema documents still serve those who hold the old ones.

#![forbid(unsafe_code)]

pub mod compat;
