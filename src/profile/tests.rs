//! The profiles this repository brings are read, and are sound.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

use super::*;

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
    serde_json::from_value(json(&documents[0])).expect("a channel profile")
}

#[test]
fn the_profiles_of_this_repository_are_sound() {
    let north = read(include_str!("../../mocks/bank_north.yaml"));
    let east = read(include_str!("../../mocks/wallet_east.yaml"));
    assert_eq!((north.check(), east.check()), (vec![], vec![]));
    assert_eq!((north.name.as_str(), east.name.as_str()), ("bank_north", "wallet_east"));
    assert!(matches!(north.answer, Answer::Synchronous { .. }));
    assert!(matches!(east.answer, Answer::Accepts { .. }));
    assert!(east.callback.is_some());
}

#[test]
fn the_profiles_of_this_repository_follow_the_schema_editors_use() {
    let schema = serde_json::to_value(schemars::schema_for!(ChannelProfile)).expect("serializable");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for text in [include_str!("../../mocks/bank_north.yaml"), include_str!("../../mocks/wallet_east.yaml")] {
        let documents = Yaml::load_from_str(text).expect("YAML");
        let errors: Vec<String> = validator.iter_errors(&json(&documents[0])).map(|e| e.to_string()).collect();
        assert_eq!(errors, [""; 0]);
    }
}

#[test]
fn every_line_of_a_profile_is_explained() {
    for text in [include_str!("../../mocks/bank_north.yaml"), include_str!("../../mocks/wallet_east.yaml")] {
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
