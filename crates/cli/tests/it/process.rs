//! Running the command.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The command in a folder, untouched by the variables of whoever runs the tests.
pub(crate) fn keyward(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyward"));
    command.current_dir(folder).env_clear();
    command
}

/// An empty folder.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Runs to the end.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    keyward(folder).args(arguments).output().unwrap()
}

/// Runs to the end, which must be a good one, and reads what was printed as JSON.
pub(crate) fn run_json(folder: &Path, arguments: &[&str]) -> Value {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The permissions of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A server that listens; killed when dropped.
pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

impl Server {
    /// `keyward dev` on a free port, and its banner.
    pub(crate) fn dev(folder: &Path, arguments: &[&str]) -> (Self, Value) {
        let mut command = keyward(folder);
        command.args(["dev", "--listen", "127.0.0.1:0", "--json"]).args(arguments);
        let mut server = Self::start(command);
        let mut banner = String::new();
        server.stdout.read_line(&mut banner).unwrap();
        let banner = serde_json::from_str(&banner).unwrap_or_else(|_| server.died());
        (server, banner)
    }

    /// `keyward serve` on a free port, and its address.
    pub(crate) fn serve(mut command: Command) -> (Self, String) {
        command.arg("serve").env("KEYWARD_LISTEN", "127.0.0.1:0");
        let mut server = Self::start(command);
        loop {
            let mut line = String::new();
            server.stderr.read_line(&mut line).unwrap();
            let Ok(event) = serde_json::from_str::<Value>(&line) else {
                panic!("no event: {line}")
            };
            if event["message"] == "listening" {
                let address = event["address"].as_str().unwrap().to_owned();
                return (server, address);
            }
        }
    }

    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    fn died(&mut self) -> ! {
        let _ = self.child.wait();
        panic!("it ended: {}", std::io::read_to_string(&mut self.stderr).unwrap());
    }

    /// Sends a signal and waits for the end.
    pub(crate) fn end(mut self, signal: &str) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
