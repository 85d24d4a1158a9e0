//! A server on a free port, and clients that speak HTTP and WebSocket to it.

mod access;
mod requests;
mod sse;
mod support;
mod tenants;
mod ws;
