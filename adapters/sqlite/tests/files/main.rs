//! What becomes of a file: versions, failures, owners, copies, groups.

mod copies;
mod failures;
mod groups;
mod owners;
mod support;
mod versions;
