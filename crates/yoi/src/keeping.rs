//! Keeps conversations in files, and finds them again.
//!
//! [`place`] has where: a folder, in which each run of `yoi` has a file of its own, or one file.
//! [`keep_args`] has the flags, [`session`] what a conversation begins with. [`keeper`] is the store
//! of a conversation that is kept without having been asked for, which goes on if it cannot be kept.
//! [`talk`] reads what is kept, for those who continue a conversation and for `yoi log`.

mod delete;
mod file;
mod keep_args;
mod keeper;
mod partial;
mod place;
mod session;
mod talk;
mod talks;
mod title;

pub(crate) use self::{
    delete::delete,
    keep_args::{KeepArgs, StoreArgs},
    partial::{Partial, Partials},
    session::{Beginning, Session, build},
    talk::{Entry, Talk},
    talks::{all, chosen, newest},
};
