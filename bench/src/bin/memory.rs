//! Counts the bytes of a line with an allocator that knows what the calling thread asked for.

#![forbid(unsafe_code)]

use std::env;

use bench::lines::{self, Measure};

fn main() {
    for name in env::args().skip(1) {
        match lines::find(&name) {
            Some(Measure::Counted(count)) => println!("{}", count(bytes)),
            Some(Measure::Timed(_)) | None => panic!("{name} is not counted"),
        }
    }
}

fn bytes(work: &mut dyn FnMut()) -> f64 {
    allocation_counter::measure(work).bytes_current as f64
}
