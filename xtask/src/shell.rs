//! Running other programs from the repository's root.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

/// Why a command stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Failure {
    #[error("{name}: {status}")]
    Step { name: String, status: ExitStatus },
    #[error("cannot run {program}: {source}")]
    Start { program: String, source: std::io::Error },
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("deny.toml: {0}")]
    DenyToml(String),
    #[error("dependencies:\n  {}", .0.join("\n  "))]
    Dependencies(Vec<String>),
    #[error("{0}")]
    Missing(String),
}

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// Where cargo builds: the program that runs here is `TARGET/PROFILE/xtask`.
pub(crate) fn target_directory() -> Result<PathBuf, Failure> {
    let program = std::env::current_exe()
        .map_err(|source| Failure::Start { program: "xtask".to_owned(), source })?;
    Ok(program.ancestors().nth(2).map_or_else(|| root().join("target"), Path::to_path_buf))
}

/// The cargo that runs us.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// A program, to be run from the repository's root.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// Runs one step to its end, its output going where ours goes.
///
/// # Errors
///
/// [`Failure::Step`] when the program fails, [`Failure::Start`] when there is no such program.
pub(crate) fn step(name: &str, command: &mut Command) -> Result<(), Failure> {
    eprintln!("\n── {name}: {}", spelt(command));
    let started = Instant::now();
    let status = command.status().map_err(|source| cannot_start(command, source))?;
    if !status.success() {
        return Err(Failure::Step { name: name.to_owned(), status });
    }
    eprintln!("── {name}: {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// What a program writes to stdout; its stderr goes where ours goes.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| cannot_start(command, source))?;
    if !output.status.success() {
        return Err(Failure::Step { name: spelt(command), status: output.status });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|source| Failure::File { path: path.to_path_buf(), source })
}

/// Whether a program can be started and says that all is well. Shows nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn cannot_start(command: &Command, source: std::io::Error) -> Failure {
    Failure::Start { program: command.get_program().to_string_lossy().into_owned(), source }
}

fn spelt(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
