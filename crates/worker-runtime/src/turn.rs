//! Turns: the work between the commit that begins a turn and the commit that ends it.
//!
//! [`Turns`] starts a task for each turn, which [drives](drive::drive) the engine. A turn is ended
//! by a command, by its engine or the deadline of a stop ([`ending`]), or by the [`watch`] over
//! engines that block their thread. One that an earlier Runtime left open is [lost](lose()).

mod drive;
mod ending;
mod gather;
mod host;
mod lose;
mod next_step;
mod unusual;
mod watch;

pub(crate) use self::{ending::cancel_late, host::Turns, lose::lose};
