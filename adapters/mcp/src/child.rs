//! A server that is a child process, and its end.

use std::{io, time::Duration};

use rmcp::{
    RoleClient,
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::{Transport, async_rw::AsyncRwTransport},
};
use tokio::{
    process::{Child, ChildStdin, ChildStdout},
    time::timeout,
};

/// The time that a server has to end by itself once its standard input is closed.
const GRACE: Duration = Duration::from_secs(1);

/// A server that is a child process, with one message in a line of its pipes.
pub(crate) struct ChildTransport {
    pipes: AsyncRwTransport<RoleClient, ChildStdout, ChildStdin>,
    processes: Processes,
}

impl ChildTransport {
    /// Takes a child that was started with pipes, as the head of a group of processes.
    pub(crate) fn new(mut child: Child) -> io::Result<Self> {
        let no_pipe = || io::Error::other("the program has no pipes");
        let input = child.stdin.take().ok_or_else(no_pipe)?;
        let output = child.stdout.take().ok_or_else(no_pipe)?;
        let pipes = AsyncRwTransport::new_client(output, input);
        Ok(Self { pipes, processes: Processes(child) })
    }
}

impl Transport<RoleClient> for ChildTransport {
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        self.pipes.send(message)
    }

    fn receive(&mut self) -> impl Future<Output = Option<RxJsonRpcMessage<RoleClient>>> + Send {
        self.pipes.receive()
    }

    /// Closes the standard input, which tells the server to end, and kills what is left after the
    /// time of grace.
    async fn close(&mut self) -> io::Result<()> {
        let ending = async {
            self.pipes.close().await?;
            while self.pipes.receive().await.is_some() {}
            io::Result::Ok(())
        };
        // A server that reads nothing can hold up even the closing.
        let closed = timeout(GRACE, ending).await;
        self.processes.kill().await?;
        closed.unwrap_or(Ok(()))
    }
}

/// The processes of a server, which are killed when it is dropped.
struct Processes(Child);

impl Processes {
    /// Kills all processes, and waits until the first is gone.
    async fn kill(&mut self) -> io::Result<()> {
        self.kill_group();
        self.0.kill().await
    }

    /// Kills the group, as long as its head was not waited for, and its number is nobody else's.
    fn kill_group(&self) {
        #[cfg(unix)]
        if let Some(id) = self.0.id()
            && let Ok(id) = i32::try_from(id)
            && let Some(group) = rustix::process::Pid::from_raw(id)
        {
            // An error means that nothing is left to kill.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.kill_group();
    }
}
