//! Measures the lines of the table that are named, or all, and says what came out.

#![forbid(unsafe_code)]

use std::{
    env,
    hint::black_box,
    io,
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use bench::{
    lines::LINES,
    row::{Goal, Row},
    table::{line, table, write_json, write_table},
    workloads::{self, WORKLOAD},
};

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let wanted: Vec<String> = env::args().skip(1).collect();
    if let [mode, name] = wanted.as_slice()
        && mode == WORKLOAD
    {
        return if workloads::run(name) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if let [mode, number, warm @ ..] = wanted.as_slice()
        && mode == LINE
    {
        if warm == [WARM] {
            warm_up();
        }
        return measure(number);
    }
    let known = |name: &String| LINES.iter().any(|(number, ..)| number.to_string() == *name);
    if let Some(unknown) = wanted.iter().find(|name| !known(name)) {
        eprintln!("there is no line {unknown}");
        return ExitCode::FAILURE;
    }
    let start = Instant::now();
    let mut rows = Vec::new();
    for (number, about, _) in LINES {
        if !wanted.is_empty() && !wanted.contains(&number.to_string()) {
            continue;
        }
        let (before, began) = (rows.len(), Instant::now());
        match measured_apart(*number) {
            Ok(more) => rows.extend(more),
            Err(error) => {
                eprintln!("line {number} could not be measured: {error}");
                return ExitCode::FAILURE;
            }
        }
        eprintln!("{number}: {about}, {:.1} s", began.elapsed().as_secs_f64());
        rows[before..].iter().for_each(|row| eprintln!("  {}", line(row)));
    }
    println!("{}", table(&rows));
    // What is written down is measured with the system's allocator.
    let is_whole = wanted.is_empty() && !cfg!(feature = "mimalloc");
    let wrote = if is_whole { write_everything(&rows) } else { Ok(()) };
    eprintln!("{:.0} s in all", start.elapsed().as_secs_f64());
    match wrote {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the results could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The argument that makes this program measure one line and print its rows as JSON.
const LINE: &str = "line";

/// The argument that makes this program take memory from the system before it measures a line.
const WARM: &str = "warm";

/// Has the allocator keep what was freed. Other allocators than glibc's pay no heed to it.
const KEEPS_MEMORY: &str =
    "glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=1073741824";

/// Has threads other than the first get theirs in pieces so large that they seldom ask for more.
const HUGE_PAGES: &str = "glibc.malloc.hugetlb=1";

/// Lines whose operations leave memory behind. They are measured again in a process that has still to
/// get it from the system, with the allocator as the system has it.
const GROWING: [u32; 5] = [2, 3, 4, 13, 16];

/// Measures a line in a process of its own: what lines before it left in memory is no part of it, and
/// neither is how the system hands out pages.
fn measured_apart(number: u32) -> io::Result<Vec<Row>> {
    let tunables = format!("{KEEPS_MEMORY}:{HUGE_PAGES}");
    let mut rows = measured_with(Some(&tunables), number, Some(WARM))?;
    if GROWING.contains(&number) {
        let again = measured_with(None, number, None)?;
        rows.extend(again.into_iter().filter_map(in_fresh_memory));
    }
    Ok(rows)
}

/// A row with a time that has a goal, under another name.
fn in_fresh_memory(row: Row) -> Option<Row> {
    let what = row.name.strip_suffix(", ns").filter(|_| row.goal != Goal::Reported)?;
    let name = format!("{what}, in fresh memory, ns");
    Some(Row { name, ..row })
}

fn measured_with(tunables: Option<&str>, number: u32, warm: Option<&str>) -> io::Result<Vec<Row>> {
    let mut program = Command::new(env::current_exe()?);
    program.args([LINE, &number.to_string()]).args(warm);
    if let Some(tunables) = tunables {
        program.env("GLIBC_TUNABLES", tunables);
    }
    let output = program.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(output.status.to_string()));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Takes more from the system than a line needs, and gives it back to the allocator.
fn warm_up() {
    const BLOCK: usize = 1 << 20;
    let blocks: Vec<Vec<u8>> = (0..768).map(|_| vec![1; BLOCK]).collect();
    black_box(blocks);
}

fn measure(number: &str) -> ExitCode {
    let mut rows = Vec::new();
    let Some((.., measure)) = LINES.iter().find(|(it, ..)| it.to_string() == *number) else {
        return ExitCode::FAILURE;
    };
    measure(&mut rows);
    match serde_json::to_writer(io::stdout().lock(), &rows) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Writes the rows as JSON, and the table of the documentation.
fn write_everything(rows: &[Row]) -> io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    write_json(&here.join("results.json"), rows)?;
    write_table(&here.join("../docs/performance.md"), rows)
}
