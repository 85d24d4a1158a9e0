//! Line 15: requests over pipes, beside a loop that reads JSON and writes the same reply.

use std::{
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    binaries::{myself, yoi},
    clock::on_wall,
    harness::{Side, compare, median},
    row::{Goal, Row},
};

/// The argument that makes this program the loop that writes once nothing more is there to read.
pub const ECHO_LOOP: &str = "echo-loop";

/// The argument that makes this program the loop that writes each reply at once.
pub const ECHO_AT_ONCE: &str = "echo-at-once";

/// Requests that are under way at once.
const IN_FLIGHT: u64 = 64;

/// What the loop reads and writes at once, as `yoi rpc` does.
const BUFFER: usize = 64 * 1024;

/// How often all programs are started anew. The system's scheduler decides where each runs and keeps
/// to it as long as they talk: on the same processor they take a third less than on two.
const STARTS: usize = 15;

/// Measures line 15.
pub fn run(rows: &mut Vec<Row>) {
    let name = format!("15 yoi rpc, get_worker, {IN_FLIGHT} in flight, ns a request");
    let goal = Goal::AtMost(2.0);
    let Some(starts) = yoi().and_then(|yoi| (0..STARTS).map(|_| measure(&yoi).ok()).collect())
    else {
        rows.push(Row::missing(name, "`yoi rpc` could not be built and started", goal));
        return;
    };
    let starts: Vec<[f64; 3]> = starts;
    let [ours, other, other_at_once] =
        [0, 1, 2].map(|side| median(starts.iter().map(|it| it[side]).collect()));
    rows.push(Row::new(&name, ours, "a serde_json loop that gathers", other, goal));
    let against = "a serde_json loop that writes each at once";
    rows.push(Row::new(name, ours, against, other_at_once, Goal::Reported));
}

/// What a request takes in programs that are started for it: ours, the loop that gathers, and the
/// one that does not.
fn measure(yoi: &Path) -> io::Result<[f64; 3]> {
    let mut rpc = Peer::rpc(yoi)?;
    let worker = &rpc.ask("create_worker", &json!({}))["detail"]["worker"].clone();
    let params = json!({ "worker": worker });
    let reply = rpc.ask("get_worker", &params);
    let mut echo = Peer::echo(ECHO_LOOP, &reply)?;
    let mut at_once = Peer::echo(ECHO_AT_ONCE, &reply)?;
    let requests: String = (0..IN_FLIGHT).map(|id| request(id, "get_worker", &params)).collect();
    for peer in [&mut rpc, &mut echo, &mut at_once] {
        assert_eq!(peer.replies(&requests), vec![reply.clone(); requests.lines().count()]);
    }
    Ok(compare([&mut rpc, &mut echo, &mut at_once].map(|peer| {
        let requests = requests.as_str();
        Side::in_units(IN_FLIGHT, move |n| on_wall(|| peer.rounds(n / IN_FLIGHT, requests)))
    })))
}

fn request(id: u64, method: &str, params: &Value) -> String {
    format!("{}\n", json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
}

/// A process that answers lines with lines.
struct Peer {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    line: String,
}

impl Peer {
    fn rpc(yoi: &Path) -> io::Result<Self> {
        let mut peer = Self::start(Command::new(yoi).arg("rpc"))?;
        peer.stdin.write_all(request(0, "get_runtime", &json!({})).as_bytes())?;
        if peer.read()?.get("result").is_none() {
            return Err(io::Error::other("no reply"));
        }
        Ok(peer)
    }

    fn echo(how: &str, reply: &Value) -> io::Result<Self> {
        let mut peer = Self::start(Command::new(myself()).arg(how))?;
        writeln!(peer.stdin, "{reply}")?;
        Ok(peer)
    }

    fn start(command: &mut Command) -> io::Result<Self> {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let stdin = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { child, stdin, stdout: BufReader::new(stdout), line: String::new() })
    }

    fn read(&mut self) -> io::Result<Value> {
        self.line.clear();
        self.stdout.read_line(&mut self.line)?;
        Ok(serde_json::from_str(&self.line)?)
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.stdin.write_all(request(0, method, params).as_bytes()).expect("a pipe");
        self.read().expect("a reply")["result"].take()
    }

    /// What the replies to these requests say, in the order of their ids.
    fn replies(&mut self, requests: &str) -> Vec<Value> {
        self.stdin.write_all(requests.as_bytes()).expect("a pipe");
        let replies = requests.lines().map(|_| self.read().expect("a reply"));
        let mut replies: Vec<Value> = replies.collect();
        replies.sort_by_key(|it| it["id"].as_u64());
        replies.into_iter().map(|mut it| it["result"].take()).collect()
    }

    /// Sends all requests at once and reads all replies, so many times.
    fn rounds(&mut self, count: u64, requests: &str) {
        for _ in 0..count {
            self.stdin.write_all(requests.as_bytes()).expect("a pipe");
            for _ in 0..IN_FLIGHT {
                self.line.clear();
                self.stdout.read_line(&mut self.line).expect("a reply");
            }
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A reply of the loop.
#[derive(Serialize)]
struct Reply<'a> {
    jsonrpc: &'static str,
    id: &'a Value,
    result: &'a Value,
}

/// Is the loop: the first line is the reply to all the others. What is written goes out at once, or
/// once nothing more is there to read.
///
/// # Errors
///
/// A pipe that is broken, or a line that is no JSON.
pub fn echo_loop(at_once: bool) -> io::Result<()> {
    let mut lines = BufReader::with_capacity(BUFFER, io::stdin().lock());
    let mut stdout = io::BufWriter::with_capacity(BUFFER, io::stdout().lock());
    let mut line = String::new();
    lines.read_line(&mut line)?;
    let result: Value = serde_json::from_str(&line)?;
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let request: Value = serde_json::from_str(&line)?;
        let reply = Reply { jsonrpc: "2.0", id: &request["id"], result: &result };
        serde_json::to_writer(&mut stdout, &reply)?;
        stdout.write_all(b"\n")?;
        if at_once || lines.buffer().is_empty() {
            stdout.flush()?;
        }
    }
}
