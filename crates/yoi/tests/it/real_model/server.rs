//! The server of the real model.

use std::{
    env, fs,
    path::PathBuf,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{folder::folder, process::yoi};

/// A llama.cpp server that `scripts/real-model` started. Its key is in `OPENAI_API_KEY`.
pub(super) struct Server {
    /// The address, such as `http://127.0.0.1:8080/v1`.
    pub(super) url: String,
    pub(super) model: String,
    pub(super) key: String,
    /// The path of the server's log.
    log: String,
    pid: String,
    /// A profiles file whose default profile uses this server, with short and reproducible answers.
    profiles: PathBuf,
}

impl Server {
    pub(super) fn of_environment() -> Self {
        let variable = |name: &str| {
            env::var(name).unwrap_or_else(|_| panic!("scripts/test-real-model sets {name}"))
        };
        let (url, model) = (variable("REAL_MODEL_URL"), variable("REAL_MODEL_NAME"));
        let profiles = folder("real_model").join("profiles.toml");
        let text = format!(
            "default = \"real\"\n[profiles.real]\nprovider = \"openai\"\nmodel = \"{model}\"\n\
             base_url = \"{url}\"\nkey = {{ env = \"OPENAI_API_KEY\" }}\n\
             instructions = \"You are a helpful assistant.\"\n\
             sampling = {{ temperature = 0, max_output_tokens = 400 }}\n"
        );
        fs::write(&profiles, text).expect("the file can be written");
        Self {
            url,
            model,
            key: variable("OPENAI_API_KEY"),
            log: variable("REAL_MODEL_LOG"),
            pid: variable("REAL_MODEL_PID"),
            profiles,
        }
    }

    /// The command `yoi` with the key.
    pub(super) fn yoi(&self, arguments: &[&str]) -> Command {
        let mut command = yoi();
        command.args(arguments).env("OPENAI_API_KEY", &self.key);
        command
    }

    /// The command `yoi` with the key and the profile.
    pub(super) fn with_profile(&self, arguments: &[&str]) -> Command {
        let mut command = self.yoi(arguments);
        command.arg("--profiles").arg(&self.profiles);
        command
    }

    /// The number of times that the server has stopped because its client was gone.
    pub(super) fn cancels(&self) -> usize {
        fs::read_to_string(&self.log).expect("there is a log").matches("cancel task").count()
    }

    /// Waits until the server has stopped once more than `before`, and prints the time that it took.
    pub(super) fn wait_for_cancel(&self, before: usize) {
        let began = Instant::now();
        while self.cancels() == before {
            assert!(began.elapsed() < Duration::from_secs(10), "the server goes on");
            sleep(Duration::from_millis(1));
        }
        println!("   the server logs \"cancel task\" {:.0?} later", began.elapsed());
    }

    /// Kills the server.
    pub(super) fn kill(&self) {
        let killed = Command::new("kill").args(["-9", &self.pid]).status().expect("kill runs");
        assert!(killed.success(), "the server is there to be killed");
    }
}
