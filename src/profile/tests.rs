//! The profiles this repository brings are read, and are sound.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

use super::*;
use crate::signature::{KeyPlace, PlaceError};

fn json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::String(text)) => Value::from(text.as_ref()),
        Yaml::Value(Scalar::Integer(number)) => Value::from(*number),
        Yaml::Value(Scalar::FloatingPoint(number)) => Value::from(number.into_inner()),
        Yaml::Value(Scalar::Boolean(is_so)) => Value::from(*is_so),
        Yaml::Sequence(items) => items.iter().map(json).collect(),
        Yaml::Mapping(fields) => fields
            .iter()
            .map(|(name, value)| (name.as_str().expect("a text key").to_owned(), json(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => panic!("not part of a profile: {other:?}"),
    }
}

fn read(text: &str) -> ChannelProfile {
    let documents = Yaml::load_from_str(text).expect("YAML");
    let mut profile: ChannelProfile = serde_json::from_value(json(&documents[0])).expect("a channel profile");
    let in_mocks = |place: &KeyPlace| match place {
        KeyPlace::File(name) => {
            let path = format!("{}/mocks/{name}", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_to_string(path).map_err(|e| PlaceError { message: e.to_string(), help: None })
        }
        KeyPlace::Env(name) => panic!("what is shipped needs `{name}` of nobody"),
    };
    assert_eq!(profile.read_keys(&in_mocks), []);
    profile
}

/// The profiles of `mocks/`, by their file names.
fn shipped() -> Vec<(&'static str, &'static str)> {
    vec![
        ("bank_moody", include_str!("../../mocks/bank_moody.yaml")),
        ("bank_north", include_str!("../../mocks/bank_north.yaml")),
        ("bank_rural", include_str!("../../mocks/bank_rural.yaml")),
        ("card_union", include_str!("../../mocks/card_union.yaml")),
        ("bank_south", include_str!("../../mocks/bank_south.yaml")),
        ("payout_bank", include_str!("../../mocks/payout_bank.yaml")),
        ("exponential_server", include_str!("../../mocks/exponential_server.yaml")),
        ("fixed_servers", include_str!("../../mocks/fixed_servers.yaml")),
        ("wallet_east", include_str!("../../mocks/wallet_east.yaml")),
        ("wallet_east_rsa", include_str!("../../mocks/wallet_east_rsa.yaml")),
        ("wallet_west", include_str!("../../mocks/wallet_west.yaml")),
        ("wallet_west_rsa", include_str!("../../mocks/wallet_west_rsa.yaml")),
        ("wallet_west_v2", include_str!("../../mocks/wallet_west_v2.yaml")),
    ]
}

#[test]
fn the_profiles_of_this_repository_are_sound() {
    for (name, text) in shipped() {
        let profile = read(text);
        assert_eq!((profile.check(), profile.name.as_str()), (vec![], name));
    }
    let of = |wanted: &str| read(shipped().into_iter().find(|(name, _)| *name == wanted).expect("shipped").1);
    let (north, east) = (of("bank_north"), of("wallet_east"));
    assert!(matches!(north.answer, Answer::Synchronous { .. }));
    assert!(matches!(east.answer, Answer::Accepts { .. }));
    assert!(east.callback.is_some());
}

#[test]
fn the_profiles_of_this_repository_follow_the_schema_editors_use() {
    let schema = serde_json::to_value(schemars::schema_for!(ChannelProfile)).expect("serializable");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for (_, text) in shipped() {
        let documents = Yaml::load_from_str(text).expect("YAML");
        let errors: Vec<String> = validator.iter_errors(&json(&documents[0])).map(|e| e.to_string()).collect();
        assert_eq!(errors, [""; 0]);
    }
}

#[test]
fn every_line_of_a_profile_is_explained() {
    for (_, text) in shipped() {
        for line in text.lines().filter(|line| line.contains(": ")) {
            assert!(line.contains("# "), "{line}");
        }
    }
}

#[test]
fn the_schema_refuses_unknown_fields_and_explains_the_known() {
    let schema = serde_json::to_value(schemars::schema_for!(ChannelProfile)).expect("serializable");
    assert_eq!(schema["additionalProperties"], false);
    let about = schema["properties"]["merchant_no"]["description"].as_str().unwrap_or_default();
    assert!(about.contains("x-bank-merchant"), "{about}");
}

/// Pointers of the problems of a plain profile with this section.
fn check(section: &str, value: &Value) -> Vec<String> {
    let mut profile = serde_json::json!({
        "name": "bank",
        "merchant_no": "88",
        "signature": { "hmac_sha256": { "key": "k" } },
        "answer": { "synchronous": { "after": { "constant": "10ms" } } }
    });
    profile[section] = value.clone();
    let profile: ChannelProfile = serde_json::from_value(profile).expect("reads");
    profile.check().into_iter().map(|p| p.pointer).collect()
}

/// One row a rule: the section that breaks it and nothing else, and where that is told.
#[test]
fn every_rule_of_a_behaviour_has_a_section_that_breaks_it() {
    let run = |from: &str, lasts: &str| serde_json::json!({ "run": { "from": from, "lasts": lasts } });
    let table = serde_json::json!([
        ["answer", { "accepts": { "after": { "constant": "1ms" }, "final_after": { "constant": "1ms" }, "synchronous_share": "101 %" } }, "/answer/accepts/synchronous_share"],
        ["inquiry", { "quota": { "rate": "0/s", "burst": 1, "over": "refuse" } }, "/inquiry/quota/rate"],
        ["inquiry", { "unknown": { "share": "1 %", "shows": [] } }, "/inquiry/unknown/shows"],
        ["inquiry", { "unknown": { "share": "1 %", "shows": [{ "as": "reset_after", "weight": 1 }] } }, "/inquiry/unknown/shows/0/as"],
        ["close", { "outcome_wins": "60 %", "outcome_follows": "60 %" }, "/close/outcome_follows"],
        ["idempotency", { "window": "0s" }, "/idempotency/window"],
        ["callback", { "after": { "constant": "1ms" }, "retries": [], "time_scale": 0 }, "/callback/time_scale"],
        ["callback", { "after": { "constant": "1ms" }, "retries": [], "acknowledged_by": { "body": " " } }, "/callback/acknowledged_by/body"],
        ["callback", { "after": { "constant": "1ms" }, "retries": [], "wrong_amount_share": "1 %" }, "/callback/retries"],
        ["callback", { "after": { "constant": "1ms" }, "retries": [], "conflicting_share": "101 %" }, "/callback/conflicting_share"],
        ["callback", { "after": { "constant": "1ms" }, "retries": [], "reordered": { "share": "101 %", "by": { "constant": "1s" } } }, "/callback/reordered/share"],
        ["signature_faults", { "stale": { "share": "1 %", "by": "1ms" } }, "/signature_faults/stale/by"],
        ["signature_faults", { "call_time_within": "1ms" }, "/signature_faults/call_time_within"],
        ["signature_faults", { "clock_ahead": "1min" }, "/signature_faults/clock_ahead"],
        ["signature_faults", { "rotation": { "key": "", "after": "1s" } }, "/signature_faults/rotation/key"],
        ["refund", { "count_max": 0 }, "/refund/count_max"],
        ["refund", { "age_max": "0s" }, "/refund/age_max"],
        ["refund", { "fails_after_success": { "share": "101 %", "after": { "constant": "1s" } } }, "/refund/fails_after_success/share"],
        ["payout", { "final_after": { "constant": "1s" }, "decline_share": "1 %" }, "/decline/codes"],
        ["payout", { "final_after": { "constant": "1s" }, "amount_max": 0 }, "/payout/amount_max"],
        ["payout", { "final_after": { "constant": "1s" }, "time_scale": 0 }, "/payout/time_scale"],
        ["payout", { "final_after": { "constant": "1s" }, "fee": { "min": 5, "max": 4 } }, "/payout/fee/max"],
        ["payout", { "final_after": { "constant": "1s" }, "returned": { "share": "101 %", "after": { "constant": "1s" } } }, "/payout/returned/share"],
        ["payout", { "final_after": { "uniform": { "low": "2s", "high": "1s" } } }, "/payout/final_after/uniform/low"],
        ["fee", { "min": 5, "max": 4 }, "/fee/max"],
        ["fee", { "multiple": 0 }, "/fee/multiple"],
        ["limits", { "payer_day": {} }, "/limits/payer_day"],
        ["limits", { "payer_day": { "count_max": 0 } }, "/limits/payer_day/count_max"],
        ["limits", { "merchant_day": { "amount_max": 0 } }, "/limits/merchant_day/amount_max"],
        ["quota", { "rate": "1/s", "burst": 0, "over": "drop" }, "/quota/burst"],
        ["quota", { "rate": "1/s", "burst": 1, "over": { "queue": { "max": 0 } } }, "/quota/over/queue/max"],
        ["maintenance", [{ "when": run("1s", "0s"), "calls": "hang" }], "/maintenance/0/when/run/lasts"],
        ["maintenance", [{ "when": { "run": { "from": "1s", "lasts": "2s", "every": "2s" } }, "calls": "hang" }], "/maintenance/0/when/run/every"],
        ["maintenance", [{ "when": "always", "calls": "hang", "operations": [] }], "/maintenance/0/operations"],
        ["maintenance", [{ "when": "always", "calls": "hang", "operations": ["pay", "pay"] }], "/maintenance/0/operations/1"],
        ["degradation", [{ "when": run("1s", "2s"), "latency": 0.5, "errors": "1 %" }], "/degradation/0/latency"],
        ["degradation", [{ "when": run("1s", "2s"), "latency": 2, "ramp": "1s", "recovery": "2s" }], "/degradation/0/ramp"],
        ["degradation", [{ "when": run("1s", "2s") }], "/degradation/0"],
        ["collapse", { "knee": 0, "slope": 1 }, "/collapse/knee"],
        ["collapse", { "knee": 1, "slope": 0 }, "/collapse/slope"],
        ["network", { "share": "1 %", "shows": [] }, "/network/shows"],
        ["network", { "share": "1 %", "shows": [{ "as": { "dribble": { "over": "2min" } }, "weight": 1 }] }, "/network/shows/0/as/dribble/over"],
        ["network", { "share": "1 %", "shows": [{ "as": "reset", "weight": 0 }] }, "/network/shows/0/weight"]
    ]);
    each_breaks_one_rule(&table);
}

/// As above, for what was too much for one table.
#[test]
fn every_rule_of_handshakes_and_codes_has_a_section_that_breaks_it() {
    let window = serde_json::json!({ "run": { "from": "1s", "lasts": "0s" } });
    each_breaks_one_rule(&serde_json::json!([
        ["unknown", { "share": "0 %", "executed": "0 %", "shows": [], "ask_codes": [{ "code": "3", "weight": 1 }] }, "/unknown/ask_codes/0/code"],
        ["unknown", { "share": "0 %", "executed": "0 %", "shows": [], "ask_codes": [{ "code": "00", "weight": 1 }] }, "/unknown/ask_codes/0/code"],
        ["unknown", { "share": "0 %", "executed": "0 %", "shows": [], "ask_codes": [{ "code": "61", "weight": 1 }] }, "/unknown/ask_codes/0/code"],
        ["unknown", { "share": "0 %", "executed": "0 %", "shows": [], "ask_codes": [{ "code": "96", "weight": 0 }] }, "/unknown/ask_codes/0/weight"],
        ["handshake", { "share": "101 %", "shows": [{ "as": "refused", "weight": 1 }] }, "/handshake/share"],
        ["handshake", { "share": "1 %", "shows": [] }, "/handshake/shows"],
        ["handshake", { "share": "1 %", "shows": [{ "as": "expired", "weight": 0 }] }, "/handshake/shows/0/weight"],
        ["handshake", { "when": window, "share": "1 %", "shows": [{ "as": "silence", "weight": 1 }] }, "/handshake/when/run/lasts"]
    ]));
}

fn each_breaks_one_rule(table: &Value) {
    for row in table.as_array().expect("rows") {
        let [section, value, expected] = row.as_array().expect("a row").as_slice() else { panic!("{row}") };
        let found = check(section.as_str().expect("a key"), value);
        assert_eq!(found, [expected.as_str().expect("a pointer")], "{section} {value}");
    }
}

/// As above, for the many keys of one section.
#[test]
fn every_rule_of_settlement_files_has_a_section_that_breaks_it() {
    let section = |key: &str, value: &Value| serde_json::json!({ "format": "fixed_width", key: value });
    for (key, value) in [("gzip", Value::from(true)), ("ready_after", "169h".into())] {
        assert_eq!(check("settlement", &section(key, &value)), [format!("/settlement/{key}")]);
    }
    let faults = serde_json::to_value(SettlementFaults::default()).expect("plain data");
    let shares = faults.as_object().expect("fields").keys().filter(|key| key.ends_with("_share"));
    let late = |share: &str, by: &str| serde_json::json!({ "share": share, "by": by });
    let others = [
        ("extra_rows", Value::from(10_001), "extra_rows"),
        ("late", late("101 %", "1h"), "late/share"),
        ("late", late("1 %", "0s"), "late/by"),
        ("late", late("1 %", "169h"), "late/by"),
    ];
    let table = shares.map(|key| (key.as_str(), "101 %".into(), key.as_str())).chain(others);
    let mut n_rules = 0;
    for (key, value, expected) in table {
        let faults = serde_json::json!({ key: value });
        assert_eq!(check("settlement", &section("faults", &faults)), [format!("/settlement/faults/{expected}")]);
        n_rules += 1;
    }
    assert_eq!(n_rules, 14);
}
