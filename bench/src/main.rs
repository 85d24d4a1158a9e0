//! Measures the lines of the table that are named, or all, and says what came out.

#![forbid(unsafe_code)]

use std::{env, fs, io, path::Path, process::ExitCode, time::Instant};

use bench::{
    lines::{
        LINES,
        rpc::{ECHO_LOOP, echo_loop},
    },
    plots,
    report::{line, table, write_json, write_table},
    row::Row,
    workloads::{self, WORKLOAD},
};

fn main() -> ExitCode {
    let wanted: Vec<String> = env::args().skip(1).collect();
    if wanted == [ECHO_LOOP] {
        return if echo_loop().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if let [mode, name] = wanted.as_slice()
        && mode == WORKLOAD
    {
        return if workloads::run(name) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
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
    let wrote = if wanted.is_empty() { write_everything(&rows) } else { Ok(()) };
    eprintln!("{:.0} s in all", start.elapsed().as_secs_f64());
    match wrote {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the results could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes the rows as JSON, and the table and the drawings of the documentation.
fn write_everything(rows: &[Row]) -> io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    write_json(&here.join("results.json"), rows)?;
    let docs = here.join("../docs");
    write_table(&docs.join("performance.md"), rows)?;
    let drawings = docs.join("performance");
    fs::create_dir_all(&drawings)?;
    fs::write(drawings.join("workers.svg"), plots::against_workers().svg())?;
    fs::write(drawings.join("subscribers.svg"), plots::against_subscribers().svg())
}
