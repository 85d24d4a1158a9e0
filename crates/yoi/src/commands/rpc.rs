//! `yoi rpc`: the Runtime's API as JSON-RPC 2.0 lines on stdin and stdout.

mod begun;
mod ending;
mod error;
mod lines;
mod methods;
mod request;
mod response;
mod room;
mod session;
mod settings;
mod subscriptions;
mod writer;

use std::{io, path::PathBuf, pin::pin, sync::Arc, time::Duration};

use clap::Args;
use tokio::{
    runtime::Handle,
    sync::watch,
    task::spawn_blocking,
    time::{Instant, sleep},
};
use worker_runtime::{Runtime, RuntimeBuilder};

use self::{lines::Lines, session::Session, settings::Setting};
use crate::{
    engine::EngineArgs, exit::Exit, failure::Failure, keeping, signals::Signals, tokio_main,
};

/// The time that a client has, after a signal and the end of the Runtime, to read what is left.
const LAST_WRITES: Duration = Duration::from_secs(3);

const AFTER_HELP: &str = "\
Methods:
  Each command and query is a method of the same name: `method` is its `type`, `params` its other
  fields. `get_runtime` lists them, `yoi schema` describes them. There are two more methods:

  subscribe    { scope, from?, filter? }: its result is {\"subscription\": ID}, followed by
               notifications `event` with params {\"subscription\": ID, \"item\": ITEM};
               without an `id`, which is to say as a notification, it is an Invalid Request
  unsubscribe  { subscription }: its result is {}, and no item follows it

Rules:
  One message a line. A line past the limit `request_bytes` is skipped and answered with
  `too_large`. Requests are begun in the order of their lines and answered as they are ready.
  At most 1024 requests are in flight at once: past that, nothing is read until some are answered.
  Queries that wait, which is to say with `wait_ms`, do not count among them, nor do the other
  requests of their batches. At most 4096 of these are in flight at once: past that, a query that
  would have to wait is refused with `capacity_exhausted` of `waiting_queries`, and the lines behind
  it are read. Ask again, without `wait_ms` or when others are answered.
  A batch of more than 1024 is an Invalid Request, and an id of more than 1024 bytes is `too_large`;
  the response then has the id null. The results of a batch's queries have 16 MiB together: a query
  whose result does not fit is refused with `capacity_exhausted` of `batch_bytes`. A client that does not read stdout delays replies and items;
  the items wait in the Runtime's logs.

  A response, which has `result` or `error` and no `method`, is ignored.

  error.data is the RuntimeError. Its error.code is -32602 for invalid_request, -32603 for internal
  and store_failed, else -32000.

  At the end of input, pending replies are written, running turns may finish, and the Runtime stops.
  After --grace-ms, turns that still run are cancelled. A closed stdout, which is noticed by the next
  write, has the same effect, and so has a stdin that cannot be read.

  A first SIGINT or SIGTERM has the same effect as the end of input; lines that have not been begun
  are left. When the Runtime has stopped, stdout has 3 more seconds to be read: the process ends
  then, and what could not be written is lost. A second signal ends the process at once.

Exit codes:
    0  the input ended, stdout was closed, or a first signal came
    1  stdout cannot be written or was not read in time after a signal
    2  the command line is invalid, or stdin cannot be read
   74  the file of --store cannot be used
   75  the file of --store is open in another yoi
  130  a second signal, SIGINT
  143  a second signal, SIGTERM

Examples:
  echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"get_runtime\"}' | yoi rpc
  echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"create_worker\",\"params\":{\"display_name\":\"ann\"}}' | yoi rpc
  yoi rpc --store workers.sqlite < requests.jsonl
  yoi rpc --name backend --limit workers=10 --echo-delay-ms 100";

/// Speak the Runtime's API as JSON-RPC 2.0, one message a line, on stdin and stdout.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Rpc {
    /// The Runtime's display name.
    #[arg(long, default_value = "yoi")]
    name: String,

    /// The time that replies and turns may still take at the end of input or after a signal, in
    /// milliseconds.
    #[arg(long, value_name = "N", default_value_t = 5000)]
    grace_ms: u32,

    /// Set one of the limits that `get_runtime` lists. May be repeated.
    #[arg(long, value_name = "LIMIT=N")]
    limit: Vec<Setting>,

    /// Keep the Runtime's Workers in FILE, which is made if there is none; they go on in the next
    /// session with the same FILE. Without it, nothing is kept.
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,

    #[command(flatten)]
    engine: EngineArgs,
}

impl Rpc {
    pub(crate) fn execute(self) -> Result<Exit, Failure> {
        tokio_main::block_on(self.serve())
    }

    async fn serve(self) -> Result<Exit, Failure> {
        let mut signals = Signals::listen()?;
        let (ask, asked) = watch::channel(false);
        let mut session = pin!(self.session(asked));
        tokio::select! {
            ended = &mut session => return ended,
            _ = signals.next() => ask.send_replace(true),
        };
        tokio::select! {
            ended = session => ended,
            signal = signals.next() => Ok(signal.exit()),
        }
    }

    /// Serves the client until the input ends, stdout is closed, or the session is asked to end.
    async fn session(self, mut asked: watch::Receiver<bool>) -> Result<Exit, Failure> {
        let limits = settings::limits(&self.limit)?;
        let max_line = limits.request_bytes;
        let profiles = self.engine.profiles()?;
        let builder = Runtime::builder().display_name(self.name).limits(limits);
        let builder = profiles.into_iter().fold(builder, RuntimeBuilder::profile);
        let runtime = keeping::build(builder, self.store).await?;
        let (output, writer) = writer::start();
        let session = Arc::new(Session::new(runtime.clone(), output.clone()).await?);
        // Requests are read and begun on a thread of their own, which may block on stdin.
        let serving = Session::serve(Arc::downgrade(&session), Lines::new(io::stdin(), max_line));
        let serving = spawn_blocking(move || Handle::current().block_on(serving));
        let served = tokio::select! {
            served = serving => served,
            () = output.closed() => Ok(Ok(())),
            _ = asked.wait_for(|asked| *asked) => Ok(Ok(())),
        };
        let read = served.map_err(|error| Failure::new(format!("the session failed: {error}")))?;
        session.end();
        let deadline = Instant::now() + Duration::from_millis(self.grace_ms.into());
        session.idle(deadline).await;
        ending::stop(&runtime, deadline).await?;
        // The subscriptions end with the Runtime, and the writer when the last sender is dropped.
        drop((session, output));
        tokio::select! {
            written = writer => match written {
                Ok(written) => written?,
                Err(error) => return Err(Failure::new(format!("the writer failed: {error}"))),
            },
            () = too_long(asked) => {
                return Err(Failure::new("stdout was not read to the end in time"));
            }
        }
        read.map_err(|error| Failure::configuration(format!("cannot read stdin: {error}")))?;
        Ok(Exit::Completed)
    }
}

/// Waits until a session that was asked to end has had its time to write what is left.
async fn too_long(mut asked: watch::Receiver<bool>) {
    // An error means that nobody can ask any more, which is so only when the session is dropped.
    let _ = asked.wait_for(|asked| *asked).await;
    sleep(LAST_WRITES).await;
}
