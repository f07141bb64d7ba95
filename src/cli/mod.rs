//! The command line: text in, text out, exit codes.

pub mod args;
pub mod baseline;
pub mod canary;
pub mod capacity;
pub mod check;
pub mod exit;
pub mod input;
pub mod progress;
pub mod shape;
pub mod terminal;
pub mod witness;

mod chain;
mod children;
mod environment;
mod judge;
mod lifeline;
mod metrics;
mod mock;
mod report;
mod run;

use std::process::ExitCode;

use args::{Arguments, Command, MockCommand};

use crate::engine::keep_pages_small;
use crate::scenario::diagnostic::Diagnostic;

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A wrong flag or argument.
    User {
        /// What was expected and what was found.
        message: String,
        /// What to do, where we are fairly sure.
        help: Option<String>,
    },
    /// Wrong input files: everything wrong with them.
    Input(Vec<Diagnostic>),
    /// The world was in the way.
    World(anyhow::Error),
    /// The same, with what to do.
    WorldWithHelp(anyhow::Error, &'static str),
}

impl Failure {
    fn user(message: impl Into<String>) -> Self {
        Self::User { message: message.into(), help: None }
    }

    fn exit(&self) -> u8 {
        match self {
            Self::User { .. } | Self::Input(_) => exit::USER,
            Self::World(_) | Self::WorldWithHelp(..) => exit::WORLD,
        }
    }

    fn show(&self) {
        match self {
            Self::User { message, help } => {
                warn(&format!("error: {message}"));
                if let Some(help) = help {
                    warn(&format!("help: {help}"));
                }
            }
            Self::Input(problems) => check::show(problems),
            Self::World(error) => warn(&format!("error: {error:#}")),
            Self::WorldWithHelp(error, help) => {
                warn(&format!("error: {error:#}"));
                warn(&format!("help: {help}"));
            }
        }
    }
}

/// Runs the command and says how the process should exit.
pub fn execute(arguments: Arguments) -> ExitCode {
    init_log();
    keep_pages_small();
    take_priority(&arguments.command);
    let runtime = match runtime_for(&arguments.command) {
        Ok(runtime) => runtime,
        Err(error) => {
            warn(&format!("error: cannot start the runtime: {error}"));
            return exit::code(exit::WORLD);
        }
    };
    let done = runtime.block_on(dispatch(arguments.command));
    // A blocking read of standard input must not keep a finished process alive.
    runtime.shutdown_background();
    match done {
        Ok(code) => exit::code(code),
        Err(failure) => {
            failure.show();
            exit::code(failure.exit())
        }
    }
}

/// Takes the scheduling priority that a server was asked to have. Threads inherit it from the one that starts them, so
/// this comes before there are any.
fn take_priority(command: &Command) {
    let nice = match command {
        Command::Chain(args) => args.nice,
        Command::Mock { command: MockCommand::Serve(args) } => args.nice,
        _ => 0,
    };
    if nice != 0 {
        // Not being allowed to changes nothing that is promised.
        let _ = rustix::process::setpriority_process(None, nice);
    }
}

/// The event loop of a command.
///
/// Mock channels stay on one thread where cores are few: a call there is some tens of microseconds of work, and
/// waking another thread for it costs as much again, which generator and target then lack.
fn runtime_for(command: &Command) -> std::io::Result<tokio::runtime::Runtime> {
    let is_mock = matches!(command, Command::Mock { command: MockCommand::Serve(_) });
    let has_few_cores = std::thread::available_parallelism().is_ok_and(|n| n.get() <= 4);
    let mut builder = if is_mock && has_few_cores {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    builder.enable_all().build()
}

async fn dispatch(command: Command) -> Result<u8, Failure> {
    match command {
        Command::Run(args) => run::run(args).await,
        Command::Capacity(args) => capacity::run(*args).await,
        Command::Baseline { command } => baseline::run(&command),
        Command::Canary(args) => Box::pin(canary::run(*args)).await,
        Command::Check(args) => {
            let n_problems = check::run(&args).map_err(|e| Failure::World(e.into()))?;
            Ok(if n_problems == 0 { exit::PASS } else { exit::USER })
        }
        Command::Judge(args) => judge::again(&args),
        Command::Report(args) => report::print(&args),
        Command::Chain(args) => chain::serve(args).await.map(|()| exit::PASS),
        Command::Mock { command: MockCommand::Serve(args) } => mock::serve_profiles(args).await.map(|()| exit::PASS),
        Command::Mock { command: MockCommand::Journal(args) } => mock::export_journals(&args).map(|()| exit::PASS),
        Command::Mock { command: MockCommand::Explain { profile } } => {
            mock::explain_profile(profile).map(|()| exit::PASS)
        }
        Command::Shape { command } => {
            let words: Vec<String> = std::env::args().collect();
            shape::run(&command, &words).map_err(shape_failure).map(|()| exit::PASS)
        }
    }
}

fn shape_failure(error: shape::ShapeCommandError) -> Failure {
    match error {
        shape::ShapeCommandError::Shape(problems) => Failure::Input(problems),
        other if other.is_users_mistake() => Failure::user(other.to_string()),
        other => Failure::World(other.into()),
    }
}

fn init_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("PLIMSOLL_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,goose=off"));
    // A second subscriber can only come from a program that embeds us; theirs stays.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

/// Prints a line of data on standard output. A reader that has gone away is no fault of ours.
pub(crate) fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints the line by which a parent learns what this process serves, and where.
pub(crate) fn say_ready(address: std::net::SocketAddr, parts: impl Iterator<Item = (String, String)>) {
    let parts: std::collections::BTreeMap<String, String> = parts.collect();
    say(&serde_json::json!({ "address": address.to_string(), "parts": parts }).to_string());
}

/// Whether what goes to standard output may be coloured.
pub(crate) fn colour() -> terminal::Colour {
    use std::io::IsTerminal;
    let is_wanted = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    if is_wanted { terminal::Colour::Ansi } else { terminal::Colour::None }
}

/// Prints a line for people on standard error.
pub(crate) fn warn(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
