//! Real providers against a server that answers byte by byte what a test wants, on this machine.

mod cancellation;
mod chat;
mod compatibility;
mod config;
mod conformance;
mod connections;
mod conversation;
mod dialects;
mod ends;
mod failures;
mod models;
mod odd_answers;
mod retry;
mod secrets;
mod shared_connections;
mod support;
mod tokens;
mod words;
