//! Line 18: the whole program from nothing, and how much there is to build.

use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
};

use crate::{
    binaries::{workspace, yoi},
    clock::on_wall,
    harness::{Side, compare},
    row::{Goal, Row},
};

/// What a start may take beyond three times the least that any program takes, in milliseconds.
const ALLOWANCE_MS: f64 = 15.0;

const CRATES: f64 = 60.0;

/// Measures line 18.
pub fn run(rows: &mut Vec<Row>) {
    let name = "18 yoi run, cold, ms";
    let goal = Goal::AtMost(1.0);
    match yoi() {
        None => rows.push(Row::missing(name, "`yoi` could not be built", goal)),
        Some(yoi) => {
            let [ours, least] = compare([
                Side::new(|n| {
                    on_wall(|| {
                        start(Command::new(&yoi).args(["run", "--profile", "echo", "hello"]), n);
                    })
                }),
                Side::new(|n| on_wall(|| start(&mut Command::new("/bin/true"), n))),
            ]);
            let (ours, least) = (ours / 1e6, least / 1e6);
            let most = 3.0 * least + ALLOWANCE_MS;
            rows.push(Row::new(name, ours, "3 × /bin/true and 15 ms", most, goal));
        }
    }
    let name = "18 crates in worker-runtime's normal tree";
    rows.push(Row::new(name, crates(), format!("{CRATES}"), CRATES, goal));
}

fn start(command: &mut Command, times: u64) {
    for _ in 0..times {
        command.env_remove("GLIBC_TUNABLES");
        let ended =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(ended.is_ok_and(|it| it.success()), "{command:?} failed");
    }
}

fn crates() -> f64 {
    let tree = ["tree", "-p", "worker-runtime", "-e", "normal", "--prefix", "none", "-f", "{p}"];
    let output = Command::new("cargo")
        .args(tree)
        .args(["--locked", "--target", "x86_64-unknown-linux-gnu"])
        .current_dir(workspace())
        .output()
        .expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8_lossy(&output.stdout);
    let versions = names.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>());
    versions.collect::<BTreeSet<_>>().len() as f64
}
