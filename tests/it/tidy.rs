//! The layout keeps itself: floors, file sizes, exit codes, paths.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Floor of each top module of `src/`. A module uses modules of lower floors, and of its own.
const FLOORS: &[(u8, &[&str])] = &[
    (0, &["units", "time", "money", "id", "seed", "verdict"]),
    (1, &["arrival", "ledger", "history", "stats", "scenario", "profile", "shape", "signature"]),
    (2, &["plan", "measure", "invariant", "judge", "capacity", "canary"]),
    (3, &["tls", "transport", "engine", "mock", "virtual_account", "book", "store"]),
    (4, &["report"]),
    (5, &["cli", "main", "lib"]),
];

/// What a module may not name although it is lower: showing never reaches into doing.
const APART: &[(&str, u8)] = &[("report", 3)];

/// Files above this are one thing too many, unless listed with a reason.
const LINES_MAX: usize = 600;

fn floor_of(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(_, names)| names.contains(&module)).map(|&(floor, _)| floor)
}

/// Every `crate::<module>` that `text` names outside comments, with its line number from 1.
fn uses(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or("");
        for (at, _) in code.match_indices("crate::") {
            let rest = &code[at + "crate::".len()..];
            let names: Vec<&str> = match rest.strip_prefix('{') {
                Some(list) => list.split(['}', ';']).next().unwrap_or("").split(',').collect(),
                None => vec![rest],
            };
            for name in names {
                let module: String =
                    name.trim().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                found.push((n + 1, module));
            }
        }
    }
    found
}

/// The upward imports of one file.
fn upward(module: &str, text: &str) -> Vec<String> {
    let Some(own) = floor_of(module) else {
        return vec![format!("module `{module}` stands on no floor: add it to FLOORS and to ARCHITECTURE.md")];
    };
    uses(text)
        .into_iter()
        .filter_map(|(line, used)| {
            let floor = floor_of(&used)?;
            let is_apart = APART.iter().any(|&(name, away)| name == module && away == floor);
            (floor > own || is_apart)
                .then(|| format!("line {line}: `{module}` (floor {own}) uses `{used}` (floor {floor})"))
        })
        .collect()
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![dir.to_path_buf()];
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(&dir).expect("a readable source directory") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn nothing_imports_upward() {
    let src = root().join("src");
    let mut problems = Vec::new();
    for file in rust_files(&src) {
        let relative = file.strip_prefix(&src).expect("below src");
        let first = relative.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
        let module = first.trim_end_matches(".rs");
        let text = fs::read_to_string(&file).expect("readable source");
        problems.extend(upward(module, &text).into_iter().map(|p| format!("{}: {p}", relative.display())));
    }
    assert!(problems.is_empty(), "upward imports:\n{}", problems.join("\n"));
}

/// A checker never seen failing is not yet a checker.
#[test]
fn the_floor_test_sees_an_upward_import() {
    assert_eq!(upward("ledger", "use crate::money::Amount;\n"), Vec::<String>::new());
    assert_eq!(
        upward("ledger", "use std::fmt;\nuse crate::engine::run_load;\n"),
        ["line 2: `ledger` (floor 1) uses `engine` (floor 3)"]
    );
    assert_eq!(upward("plan", "use crate::{seed::Seed, store::RunDir};\n").len(), 1);
    assert_eq!(upward("plan", "    let x = crate::report::html();\n").len(), 1);
    assert_eq!(upward("report", "use crate::store::RunDir;\n").len(), 1, "showing never reaches into doing");
    assert_eq!(upward("ledger", "// crate::engine is told apart\n").len(), 0);
    assert_eq!(upward("helpers", "").len(), 1, "a module without a floor");
}

#[test]
fn the_harness_names_the_chain_at_the_edge_only() {
    let src = root().join("src");
    for file in rust_files(&src) {
        let relative = file.strip_prefix(&src).expect("below src");
        let text = fs::read_to_string(&file).expect("readable source");
        let is_edge = relative.starts_with("cli") || relative == Path::new("main.rs");
        assert!(is_edge || !text.contains("plimsoll_chain"), "{} names the chain it judges", relative.display());
    }
    for file in rust_files(&root().join("chain/src")) {
        let text = fs::read_to_string(&file).expect("readable source");
        assert!(!text.contains("plimsoll::"), "{} depends on its judge", file.display());
    }
}

#[test]
fn files_stay_one_thing() {
    let mut sizes: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for dir in ["src", "chain/src", "tests"] {
        for file in rust_files(&root().join(dir)) {
            let lines = fs::read_to_string(&file).expect("readable source").lines().count();
            sizes.entry(lines).or_default().push(file.strip_prefix(root()).expect("below").display().to_string());
        }
    }
    let too_long: Vec<_> = sizes.range(LINES_MAX + 1..).collect();
    assert!(too_long.is_empty(), "split these: {too_long:?}");
}

#[test]
fn every_exit_code_is_documented() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    for (code, meaning) in plimsoll::cli::exit::TABLE {
        assert!(readme.contains(&format!("| {code} | {meaning} |")), "README.md lacks exit code {code}: {meaning}");
    }
}

#[test]
fn every_module_is_on_the_map() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    for (_, names) in FLOORS {
        for name in names.iter().filter(|n| !matches!(**n, "main" | "lib")) {
            assert!(map.contains(&format!("`{name}`")), "ARCHITECTURE.md does not name `{name}`");
        }
    }
}
