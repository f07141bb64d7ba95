//! The session of `mocks/README.md`, played as it is printed.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::program::{Served, root};

/// A block of the manual: its language and its text.
struct Block {
    language: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let manual = std::fs::read_to_string(root().join("mocks/README.md")).expect("the manual");
    let mut blocks = Vec::new();
    // Between two fences is a block, between two blocks is none.
    for part in manual.split("```").skip(1).step_by(2) {
        if let Some((language, text)) = part.split_once('\n') {
            blocks.push(Block { language: language.to_owned(), text: text.to_owned() });
        }
    }
    blocks
}

/// Whether the tools of the session can be run. Says why a test is skipped if not, which it must not be where `CI` is set.
#[expect(clippy::print_stdout, reason = "a test that is skipped says why")]
fn has_tools() -> bool {
    let has = |tool: &str| Command::new(tool).arg("--version").stdout(Stdio::null()).status().is_ok();
    let has_all = has("curl") && has("openssl") && has("bash");
    assert!(has_all || std::env::var_os("CI").is_none(), "curl, openssl and bash are needed");
    if !has_all {
        println!("skipped: curl, openssl or bash cannot be run");
    }
    has_all
}

/// Lets a shell in `dir` play `script`, which ends at the first command that fails; its search path begins with this program.
fn play(dir: &Path, script: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_plimsoll")).parent().expect("a directory");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("bash");
    command.args(["-euo", "pipefail", "-c", script]).current_dir(dir).env("PATH", path).stdin(Stdio::null());
    command.output().expect("bash runs")
}

/// Aim: what the manual prints works, and gives what it says. Method: the server's command is run with another port and another
/// directory, as those of the manual may be taken; all commands that call it are played in order against that.
#[test]
fn the_session_of_the_manual_works_as_it_is_printed() {
    if !has_tools() {
        return;
    }
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let (journals, printed_at) = (scratch.path().join("journals").display().to_string(), "127.0.0.1:7801");
    let blocks = blocks();
    let is_server = |block: &&Block| block.text.starts_with("plimsoll mock serve ");
    let servers: Vec<_> = blocks.iter().filter(is_server).collect();
    let [server] = servers[..] else { panic!("one server") };
    assert!(server.text.contains(printed_at) && server.text.contains("/tmp/mock-journals"), "{}", server.text);
    let command = server.text.replace(printed_at, "127.0.0.1:0").replace("/tmp/mock-journals", &journals);
    let program = Path::new(env!("CARGO_BIN_EXE_plimsoll")).display().to_string();
    let command = command.replacen("plimsoll", &format!("exec {program}"), 1);
    let bank = Served::of(Command::new("bash").args(["-c", &command]).current_dir(root()).stdin(Stdio::null()));

    let calls = |block: &&Block| block.language == "sh" && block.text.contains("curl ");
    let scripts: Vec<_> = blocks.iter().filter(calls).collect();
    assert_eq!(scripts.len(), 3, "the session, control, and a settlement file");
    for script in scripts {
        let played = play(scratch.path(), &script.text.replace(printed_at, &bank.address));
        let (out, err) = (String::from_utf8_lossy(&played.stdout), String::from_utf8_lossy(&played.stderr));
        assert!(played.status.success(), "{}\n{out}\n{err}", script.text);
        if let Some(after) = script.text.contains("call pay").then_some("SUCCESS") {
            let printed = blocks.iter().find(|block| block.language.is_empty() && block.text.contains(after));
            assert_eq!(out, printed.expect("what the session prints").text);
        }
        if script.text.contains("faults/") {
            assert_eq!(
                out,
                r#"[{"when":"always","calls":"hang","operations":["pay","refund","query","close","reverse","payout"]}][]"#
            );
        }
    }
    let files = std::fs::read_dir(scratch.path()).expect("a directory").map(|file| file.expect("a file").file_name());
    let names: Vec<String> = files.map(|name| name.to_string_lossy().into_owned()).collect();
    assert!(names.iter().any(|name| name.starts_with("wallet_west_") && name.ends_with(".csv.gz")), "{names:?}");
}
