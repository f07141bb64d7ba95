//! The gates for CI systems cannot rot: they are YAML, and the program knows every command in them.

use std::fs;

use clap::Parser;
use plimsoll::cli::args::Arguments;
use saphyr::{LoadableYamlNode, Yaml};

use crate::program::root;

fn gate(name: &str) -> Yaml<'static> {
    let path = root().join("ci/gates").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    // A test binary may keep the text as long as it lives.
    let mut documents = Yaml::load_from_str(text.leak()).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(documents.len(), 1, "{name} is one document");
    documents.remove(0)
}

/// Every text of the tree, keys left out.
fn texts<'y>(yaml: &'y Yaml<'_>, found: &mut Vec<&'y str>) {
    match yaml {
        Yaml::Sequence(items) => items.iter().for_each(|item| texts(item, found)),
        Yaml::Mapping(fields) => fields.values().for_each(|value| texts(value, found)),
        other => found.extend(other.as_str()),
    }
}

/// The words of every `plimsoll …` in a script, without what the shell does with it.
fn commands(script: &str) -> Vec<Vec<String>> {
    let lines = script.lines().map(str::trim).filter(|line| line.starts_with("plimsoll "));
    lines
        .map(|line| {
            let words = line.split_whitespace().take_while(|word| !["||", "&&", "|", ";", ">", ">>"].contains(word));
            words.map(|word| word.trim_matches('"').to_owned()).collect()
        })
        .collect()
}

fn commands_of(yaml: &Yaml<'_>) -> Vec<Vec<String>> {
    let mut scripts = Vec::new();
    texts(yaml, &mut scripts);
    scripts.into_iter().flat_map(commands).collect()
}

/// The subcommands, once the program has taken every command.
fn accepted(yaml: &Yaml<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for words in commands_of(yaml) {
        if let Err(refused) = Arguments::try_parse_from(&words) {
            panic!("`{}` is refused:\n{refused}", words.join(" "));
        }
        names.push(words[1].clone());
    }
    names.sort();
    names
}

#[test]
fn the_program_takes_every_command_of_the_github_gates() {
    assert_eq!(accepted(&gate("github-actions.yml")), ["canary", "capacity", "report", "run"]);
}

#[test]
fn the_program_takes_every_command_of_the_gitlab_gates() {
    assert_eq!(accepted(&gate("gitlab-ci.yml")), ["canary", "capacity", "run"]);
}

/// Commands name files that the repository has; a baseline is the user's own.
#[test]
fn the_gates_name_scenarios_that_exist() {
    for name in ["github-actions.yml", "gitlab-ci.yml"] {
        for words in commands_of(&gate(name)) {
            for file in words.iter().filter(|word| word.starts_with("scenarios/")) {
                assert!(root().join(file).is_file(), "{name}: {file}");
            }
        }
    }
}

/// A checker never seen failing is not yet a checker.
#[test]
fn a_flag_the_program_does_not_have_is_seen() {
    let script = "code=0\nplimsoll run scenarios/smoke.yaml --no-such-flag \"$x\" || code=$?\necho plimsoll";
    let found = commands(script);
    assert_eq!(found, [["plimsoll", "run", "scenarios/smoke.yaml", "--no-such-flag", "$x"]]);
    assert!(Arguments::try_parse_from(&found[0]).is_err());
}

/// Missing evidence is no pass: unless the user says otherwise, exit code 4 fails the gate.
#[test]
fn the_gates_fail_closed() {
    let github = gate("github-actions.yml");
    assert_eq!(github["env"]["ON_HOLD"].as_str(), Some("fail"));
    let gitlab = gate("gitlab-ci.yml");
    assert_eq!(gitlab[".gate"]["allow_failure"].as_bool(), Some(false));
    for job in ["money", "capacity", "canary"] {
        assert!(gitlab[job].as_mapping_get("allow_failure").is_none(), "{job}");
    }
}
