use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::read::{read, read_leniently};

/// A thing with one of everything.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its structure is of interest")]
struct Thing {
    /// How many, at least 1. Further words.
    count: u32,
    #[serde(default)]
    ratio: Option<f64>,
    #[serde(default)]
    colour: Option<Colour>,
    #[serde(default)]
    parts: BTreeMap<String, Part>,
    #[serde(default)]
    list: Vec<u8>,
    #[serde(default)]
    spread: Spread,
    #[serde(default)]
    either: Option<Either>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Colour {
    Red,
    DarkBlue,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Part {
    name: String,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its structure is of interest")]
enum Spread {
    /// None.
    #[default]
    Even,
    /// Some.
    Power(f64),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its structure is of interest")]
enum Either {
    Many(Vec<u8>),
    One(u8),
}

fn check(text: &str, expected: &[&str]) {
    let problems = read::<Thing>("t.yaml", text).err().unwrap_or_default();
    let told: Vec<String> = problems
        .iter()
        .map(|p| {
            let (line, column) = p.line_column().expect("a place");
            format!("{line}:{column} {}", p.message)
        })
        .collect();
    assert_eq!(told, expected, "{text}");
}

#[test]
fn a_right_file_has_no_faults() {
    check("count: 3\nratio: 1\ncolour: dark_blue\nparts: { a: { name: x } }\nspread: { power: 2 }\neither: 3\n", &[]);
    check("count: 3\ncolour:\nspread: even\neither: [1, 2]\n", &[]);
}

#[test]
fn every_fault_is_told_at_its_place() {
    check("ratio: 1\n", &["1:1 missing key `count`"]);
    check("count: x\n", &["1:8 `count`: expected a whole number, found the text `x`"]);
    check("count: 1.5\n", &["1:8 `count`: expected a whole number, found the number 1.5"]);
    check("count: -1\n", &["1:8 `count`: must be 0 to 4294967295, found -1"]);
    check(
        "count: 1\nlist: [1, 300, x]\n",
        &["2:11 must be 0 to 255, found 300", "2:16 expected a whole number, found the text `x`"],
    );
    check("count: 1\nratio: [1]\n", &["2:8 `ratio`: expected a number, found a list"]);
    check("count: 1\ncolour: rde\n", &["2:9 unknown value `rde` of `colour`"]);
    check("count: 1\nparts: { a: { nam: x }, b: {} }\n", &["2:15 unknown key `nam`", "2:25 missing key `name`"]);
    check("count: 1\nspread: pwer\n", &["2:9 unknown value `pwer` of `spread`"]);
    check("count: 1\nspread: power\n", &["2:9 `spread`: `power` needs a value: write `power: …`"]);
    check("count: 1\nspread: { power: x }\n", &["2:18 `power`: expected a number, found the text `x`"]);
    check("count: 1\nspread: { pover: 2 }\n", &["2:11 unknown key `pover`"]);
    check(
        "count: 1\nspread: 7\n",
        &["2:9 `spread`: expected one of `even` or a mapping with one of the keys `power`, found the number 7"],
    );
    check("count: 1\neither: [1, x]\n", &["2:13 expected a whole number, found the text `x`"]);
    check("- 1\n", &["1:1 expected a mapping, found a list"]);
}

#[test]
fn a_misspelt_required_key_is_one_problem() {
    check("cuont: 1\n", &["1:1 unknown key `cuont`"]);
}

#[test]
fn what_is_wrong_behind_an_anchor_is_told_once() {
    check("count: 1\nparts: { a: &p { nme: 1, name: x }, b: *p, c: *p }\n", &["2:18 unknown key `nme`"]);
}

#[test]
fn the_rest_of_a_file_is_read_after_faults_that_are_plain() {
    let reading = read_leniently::<Thing>("t.yaml", "cuont: 5\nratio: x\nparts: { a: {} }\nlist: [x, 2]\n");
    let thing = reading.value.expect("readable");
    assert_eq!((thing.count, thing.ratio, thing.list.as_slice()), (5, None, [1, 2].as_slice()));
    assert_eq!(thing.parts["a"].name, "");
    let repaired: Vec<&str> = reading.repaired.iter().map(String::as_str).collect();
    assert_eq!(repaired, ["", "/count", "/cuont", "/list/0", "/parts/a/name", "/ratio"]);
    assert!(read_leniently::<Thing>("t.yaml", "count: 1\nspread: 7\neither: {}\n").value.is_some());
    assert!(read_leniently::<Thing>("t.yaml", "count: 1\nparts: { a: 7 }\n").value.is_none());
}

#[test]
fn help_says_what_a_key_is_for() {
    let problems = read::<Thing>("t.yaml", "{}\n").expect_err("no count");
    assert_eq!(problems[0].help.as_deref(), Some("`count` is: how many, at least 1"));
}
