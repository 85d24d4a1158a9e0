//! Measures the named lines, or all of them, and prints the results. With `--write`, all lines are
//! measured, and their tables are written into the documentation.

#![forbid(unsafe_code)]

use std::{
    env, fs, io,
    path::Path,
    process::{Command, ExitCode, Stdio},
    thread::available_parallelism,
};

use bench::{
    lines::{self, KINDS, Measure},
    table::{self, HEAD},
    workloads::{self, WORKLOAD},
};

const HERE: &str = env!("CARGO_MANIFEST_DIR");

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [] => measure_all().map(drop),
        [write] if write == "--write" => measure_all().and_then(|tables| {
            table::write(&Path::new(HERE).join("../docs/performance.md"), &tables)
        }),
        [mode, workload @ ..] if mode == WORKLOAD => workloads::run(workload),
        names => names.iter().try_for_each(|name| measure(name)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures a line and prints its rows.
fn measure(name: &str) -> io::Result<()> {
    match lines::find(name) {
        Some(Measure::Timed(run)) => run().iter().for_each(|row| println!("{row}")),
        Some(Measure::Counted(_)) => {
            let mut memory = Command::new("cargo");
            memory.args(["run", "--quiet", "--release", "--locked", "--bin", "memory"]);
            memory.args(["--manifest-path", &format!("{HERE}/Cargo.toml"), "--", name]);
            print!("{}", output(&mut memory)?);
        }
        None => return Err(io::Error::other(format!("there is no line {name}"))),
    }
    Ok(())
}

/// Measures every line, each in a process of its own, so that no line inherits the memory of
/// another. Prints the tables row by row, and returns them.
fn measure_all() -> io::Result<String> {
    let mut tables = String::new();
    let mut add = |text: &str| {
        print!("{text}");
        tables += text;
    };
    add(&format!("Measured on {}.\n\n", conditions()));
    for (kind, about, lines) in KINDS {
        add(&format!("### {kind}\n\n{about}\n\n{HEAD}"));
        for (name, _) in *lines {
            add(&output(Command::new(env::current_exe()?).arg(name))?);
        }
        add("\n");
    }
    Ok(tables)
}

fn output(command: &mut Command) -> io::Result<String> {
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("{command:?}: {}", output.status)));
    }
    String::from_utf8(output.stdout).map_err(io::Error::other)
}

/// Describes the machine, and its load at the beginning.
fn conditions() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let (cpus, load) = (read("/proc/cpuinfo"), read("/proc/loadavg"));
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name\t: "));
    let count = available_parallelism().map_or(1, usize::from);
    let load = load.split(' ').next().filter(|load| !load.is_empty());
    format!(
        "{count} processors ({}), with a load average of {} at the beginning",
        model.unwrap_or("unknown"),
        load.unwrap_or("unknown"),
    )
}
