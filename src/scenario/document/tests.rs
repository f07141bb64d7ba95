use std::fmt::Write;

use serde_json::json;

use super::*;
use crate::scenario::diagnostic::render_diagnostics;

fn parse(text: &str) -> Document {
    Document::parse("t.yaml", text).unwrap_or_else(|problems| panic!("{}", render_diagnostics(&problems, false)))
}

/// The messages of all problems, each with its line and column.
fn check(text: &str, expected: &[&str]) {
    let problems = Document::parse("t.yaml", text).err().unwrap_or_default();
    let told: Vec<String> = problems
        .iter()
        .map(|p| match p.line_column() {
            Some((line, column)) => format!("{line}:{column} {}", p.message),
            None => p.message.clone(),
        })
        .collect();
    assert_eq!(told, expected, "{text}");
}

fn part(doc: &Document, span: SourceSpan) -> &str {
    &doc.source().text[span.start..span.end]
}

#[test]
fn values_keep_their_types_and_places() {
    let doc =
        parse("# café\nname: été # x\nn: 3\nlist: [1.5, 'two', ~]\nmap:\n  on: true\n  big: 18446744073709551615\n");
    assert_eq!(
        *doc.value(),
        json!({ "name": "été", "n": 3, "list": [1.5, "two", null], "map": { "on": true, "big": u64::MAX } })
    );
    let value = |pointer| part(&doc, doc.value_span(pointer));
    assert_eq!(value("/name"), "été");
    assert_eq!(value("/list"), "[1.5, 'two', ~]");
    assert_eq!(value("/list/1"), "'two'");
    assert_eq!(value("/map"), "on");
    assert_eq!(part(&doc, doc.key_span("/map/on")), "on");
    assert_eq!(value("/map/missing"), "map");
    assert_eq!(part(&doc, doc.part_span("/list/1", "two")), "two");
}

#[test]
fn an_alias_has_the_anchors_value_and_both_places() {
    let doc = parse("a: &x { k: 1 }\nb: *x\nc: &x 2\nd: [*x]\n");
    assert_eq!(*doc.value(), json!({ "a": { "k": 1 }, "b": { "k": 1 }, "c": 2, "d": [2] }));
    assert_eq!(doc.value_span("/b/k"), doc.value_span("/a/k"));
    assert_eq!(part(&doc, doc.use_span("/b")), "*x");
    assert_eq!(part(&doc, doc.value_span("/b")), "{ k: 1 }");
}

#[test]
fn every_duplicate_key_is_told() {
    check("a: 1\nb: 2\na: 3\nc: { d: 1, d: 2 }\n", &["3:1 duplicate key `a`", "4:12 duplicate key `d`"]);
}

#[test]
fn a_template_without_quotes_is_a_key_that_is_no_text() {
    check("k: {{order_no}}\n", &["1:5 only text can be a key"]);
}

#[test]
fn faults_of_syntax_are_told_where_they_are() {
    check("", &["the file is empty"]);
    check("# only a comment\n", &["the file is empty"]);
    check("a:\n\tb: 1\n", &["2:1 a tab in the indentation"]);
    check("a: 1\n---\nb: 2\n", &["2:1 a second document begins here"]);
    check("a: &x [*x]\n", &["1:8 an anchor that contains itself"]);
    check("a: .nan\n", &["1:4 `.nan` is not a finite number"]);
    check("b:\n  <<: { a: 1 }\n", &["2:3 merge keys are not supported"]);
    check("a: !!int x\n", &["1:10 `x` does not fit the tag before it"]);
}

#[test]
fn bombs_are_refused_before_they_grow() {
    let mut bomb = String::from("a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n");
    for n in 1..30 {
        let alias = format!("*a{}, ", n - 1).repeat(10);
        let _ = writeln!(bomb, "a{n}: &a{n} [{}]", alias.trim_end_matches(", "));
    }
    let problems = Document::parse("t.yaml", &bomb).expect_err("too many values");
    assert!(problems[0].message.starts_with("too many values"), "{}", problems[0].message);

    let mut chain = String::from("a0: &a0 [1]\n");
    for n in 1..5_000 {
        let _ = writeln!(chain, "a{n}: &a{n} [*a{}]", n - 1);
    }
    for deep in [chain, "[".repeat(100), "- ".repeat(100_000), format!("{}1", "a: {".repeat(200))] {
        assert!(Document::parse("t.yaml", &deep).is_err());
    }
    let long = format!("a: {}", "x".repeat(BYTES_MAX));
    check(&long, &[&format!("the file is too long: {} bytes, {BYTES_MAX} are allowed", long.len())]);
}

#[test]
fn pointers_escape_what_would_split_them() {
    let doc = parse("\"a/b~c\": 7\n");
    assert_eq!(part(&doc, doc.value_span(&child("", "a/b~c"))), "7");
}

#[test]
fn a_long_file_of_one_line_is_read_in_a_moment() {
    // 90,000 values: looking through the line for each would take minutes.
    let doc = parse(&format!("[{}]", "12345678, ".repeat(90_000).trim_end_matches(", ")));
    assert_eq!(doc.value().as_array().map(Vec::len), Some(90_000));
    assert_eq!(part(&doc, doc.value_span("/89999")), "12345678");
}
