//! Servers in processes of their own, over stdio and over HTTP.

mod calls;
mod ends;
mod everything;
mod http;
mod inputs;
mod lists;
mod secrets;
mod support;
mod worker;
