//! Replies to queries: pages, positions, sums, and the moment that they show.

mod cuts;
mod lists;
mod pages;
mod preview;
mod runtime;
mod transcripts;
mod turns;
mod usage;
