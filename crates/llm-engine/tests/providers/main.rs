//! Real providers against a server that answers byte by byte what a test wants, on this machine.

mod cancellation;
mod chat;
mod config;
mod conformance;
mod conversation;
mod dialects;
mod failures;
mod retry;
mod secrets;
mod support;
