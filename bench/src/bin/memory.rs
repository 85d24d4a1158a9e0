//! Counts what is kept in memory, and gives the figures as JSON.

#![forbid(unsafe_code)]

use bench::memory::Figures;

fn main() {
    let figures = Figures::count(|work| allocation_counter::measure(work).bytes_current as f64);
    println!("{}", serde_json::to_string(&figures).expect("JSON"));
}
