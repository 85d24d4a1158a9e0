//! The lines about connections to the servers of models.

pub mod connections;
