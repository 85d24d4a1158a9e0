//! A server that is a program.

use std::{
    ffi::OsString,
    fmt, io,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use crate::{child::ChildTransport, stderr::StderrTail};

/// What a program is given of the environment of this process: enough to run, and no secret.
#[cfg(not(windows))]
const INHERITED: &[&str] = &["HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "USER"];
#[cfg(windows)]
const INHERITED: &[&str] = &[
    "APPDATA",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "PATH",
    "PATHEXT",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "USERNAME",
    "USERPROFILE",
];

/// A server that is a program, spoken to over its standard input and output.
///
/// It is given nothing of the environment of this process but what programs need to run, such as
/// `PATH` and `HOME`. Arguments and the environment are not in its `Debug`.
#[derive(Clone)]
pub struct McpCommand {
    program: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    directory: Option<PathBuf>,
}

impl McpCommand {
    /// Creates the command of a program, which is looked for in `PATH`.
    pub fn new(program: impl Into<OsString>) -> Self {
        let program = program.into();
        Self { program, arguments: Vec::new(), environment: Vec::new(), directory: None }
    }

    /// Adds an argument. Other users of the machine can see it, so secrets belong into the
    /// environment.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item: Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Adds a variable of the environment, whose value is hidden wherever the server says it.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Sets the folder in which the program runs.
    #[must_use]
    pub fn current_dir(mut self, directory: impl AsRef<Path>) -> Self {
        self.directory = Some(directory.as_ref().to_owned());
        self
    }

    /// Returns the values that nobody may be shown.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = String> {
        self.environment.iter().map(|(_, value)| value.to_string_lossy().into_owned())
    }

    /// Starts the program.
    pub(crate) fn start(&self, stderr: &StderrTail) -> io::Result<ChildTransport> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear();
        command.envs(INHERITED.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        // A group of its own, so that what the program starts ends with it.
        #[cfg(unix)]
        command.process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn()?;
        if let Some(pipe) = child.stderr.take() {
            stderr.read(pipe);
        }
        ChildTransport::new(child)
    }
}

impl fmt::Debug for McpCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpCommand").field("program", &self.program).finish_non_exhaustive()
    }
}
