//! Goes on after a fault: with it taken out of the file, the rest can still be read and checked.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Fault;

/// How to go on after a fault.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::scenario) enum Repair {
    /// Leave the value out.
    Remove,
    /// Take this value instead.
    Put(Value),
    /// Move it to this pointer, where it was probably meant to be.
    Rename(String),
    /// There is no telling what was meant.
    Impossible,
}

/// `value` with every fault repaired, and the pointers of what is no longer as the user wrote it: whatever is
/// found there afterwards is a consequence, not another mistake. `None` if a fault cannot be repaired.
pub(in crate::scenario) fn repaired(value: &Value, faults: &[Fault]) -> Option<(Value, BTreeSet<String>)> {
    let mut value = value.clone();
    let mut touched = BTreeSet::new();
    for fault in faults {
        let (parent, key) = split(&fault.pointer)?;
        touched.insert(fault.pointer.clone());
        match &fault.repair {
            Repair::Impossible => return None,
            Repair::Remove => {
                touched.insert(parent.to_owned());
                // Only keys are removed: without an item of a list, later pointers would name other items.
                value.pointer_mut(parent)?.as_object_mut()?.shift_remove(&key);
            }
            Repair::Put(instead) => match value.pointer_mut(parent)? {
                Value::Object(map) => drop(map.insert(key, instead.clone())),
                Value::Array(items) => *items.get_mut(key.parse::<usize>().ok()?)? = instead.clone(),
                _ => return None,
            },
            Repair::Rename(to) => {
                touched.insert(to.clone());
                let map = value.pointer_mut(parent)?.as_object_mut()?;
                let moved = map.shift_remove(&key)?;
                map.insert(split(to)?.1, moved);
            }
        }
    }
    Some((value, touched))
}

fn split(pointer: &str) -> Option<(&str, String)> {
    let (parent, key) = pointer.rsplit_once('/')?;
    Some((parent, key.replace("~1", "/").replace("~0", "~")))
}

/// A value of the schema's type that stands in for one that is missing or wrong, if the type has a plain one.
pub(super) fn placeholder(schema: &Map<String, Value>) -> Option<Value> {
    let word = match schema.get("type")? {
        Value::String(word) => word.as_str(),
        Value::Array(words) => words.first()?.as_str()?,
        _ => return None,
    };
    let is_constrained = ["pattern", "const", "enum", "properties"].iter().any(|key| schema.contains_key(*key));
    match word {
        _ if is_constrained => None,
        "string" => Some(Value::from("")),
        "number" | "integer" => Some(Value::from(1)),
        "boolean" => Some(Value::from(false)),
        "array" => Some(Value::Array(Vec::new())),
        "object" => Some(Value::Object(Map::new())),
        _ => None,
    }
}
