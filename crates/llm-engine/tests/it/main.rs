//! Every rule of the turn engine, seen from outside, on a clock that only moves when all wait.

mod answer;
mod cancellation;
mod conformance;
mod deadlines;
mod echo;
mod fairness;
mod faults;
mod output;
mod properties;
mod retry;
mod scripted;
#[cfg(feature = "tools")]
mod steps;
mod support;
#[cfg(feature = "tools")]
mod tools;
