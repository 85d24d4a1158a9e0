//! What queries show: pages, positions, sums, and the moment they are of.

mod cuts;
mod lists;
mod pages;
mod preview;
mod runtime;
mod transcripts;
mod turns;
mod usage;
