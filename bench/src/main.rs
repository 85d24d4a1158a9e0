//! Measures the lines of the table that are named, or all, and says what came out.

#![forbid(unsafe_code)]

use std::{env, path::Path, process::ExitCode, time::Instant};

use bench::{
    lines::{
        LINES,
        rpc::{ECHO_LOOP, echo_loop},
    },
    report::{line, table, write_json},
};

fn main() -> ExitCode {
    let wanted: Vec<String> = env::args().skip(1).collect();
    if wanted == [ECHO_LOOP] {
        return if echo_loop().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let known = |name: &String| LINES.iter().any(|(number, ..)| number.to_string() == *name);
    if let Some(unknown) = wanted.iter().find(|name| !known(name)) {
        eprintln!("there is no line {unknown}");
        return ExitCode::FAILURE;
    }
    let start = Instant::now();
    let mut rows = Vec::new();
    for (number, about, measure) in LINES {
        if !wanted.is_empty() && !wanted.contains(&number.to_string()) {
            continue;
        }
        let (before, began) = (rows.len(), Instant::now());
        measure(&mut rows);
        eprintln!("{number}: {about}, {:.1} s", began.elapsed().as_secs_f64());
        rows[before..].iter().for_each(|row| eprintln!("  {}", line(row)));
    }
    println!("{}", table(&rows));
    eprintln!("{:.0} s in all", start.elapsed().as_secs_f64());
    if wanted.is_empty() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("results.json");
        if let Err(error) = write_json(&path, &rows) {
            eprintln!("{} could not be written: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
