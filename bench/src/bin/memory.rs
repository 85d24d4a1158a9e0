//! Counts the bytes of a line with an allocator that records the allocations of the calling thread.

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
