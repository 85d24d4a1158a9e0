//! Real providers against a server that answers byte by byte what a test wants, on this machine.

mod call_pieces;
mod calling;
mod calls;
mod cancellation;
mod chat;
mod compatibility;
mod config;
mod conformance;
mod connections;
mod conversation;
mod cut_calls;
mod declarations;
mod dialects;
mod ends;
mod failures;
mod given_back;
mod histories;
mod models;
mod odd_answers;
mod retry;
mod secrets;
mod shared_connections;
mod support;
mod tokens;
mod words;
