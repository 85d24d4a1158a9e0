//! Replies to queries: pages, positions, sums, and the moment that they show.

mod lists;
mod open;
mod page_bytes;
mod pages;
mod preview;
mod resume;
mod runtime;
mod transcripts;
mod turns;
mod usage;
