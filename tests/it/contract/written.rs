//! Bodies as a bank's explanation says that they are written.

use std::collections::BTreeMap;

/// How a bank writes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Written {
    Json,
    Form,
    Xml,
    /// By kind of record: its letter, and its fields.
    Records(BTreeMap<String, (char, Vec<Place>)>),
}

/// Where a field of a record stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    name: String,
    /// Bytes, counted from 1.
    from: usize,
    /// The last of them.
    to: usize,
    is_digits: bool,
}

impl Written {
    /// Records as the table under `| Record | Bytes | Value |` in `text` says.
    pub(super) fn records(text: &str) -> Self {
        let mut records: BTreeMap<String, (char, Vec<Place>)> = BTreeMap::new();
        let rows = text.lines().skip_while(|line| *line != "| Record | Bytes | Value |").skip(2);
        let mut kind = String::new();
        for row in rows.take_while(|line| line.starts_with('|')) {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [record, bytes, value] = cells[..] else { panic!("{row}") };
            let name = value.split('`').nth(1).expect("a name");
            if !record.is_empty() {
                record.clone_into(&mut kind);
                assert_eq!(bytes, "1", "{row}");
                records.insert(kind.clone(), (name.chars().next().expect("a letter"), Vec::new()));
                continue;
            }
            let (from, to) = bytes.split_once('–').expect("a range");
            let number = |text: &str| text.parse().expect("a number");
            let place = Place {
                name: name.to_owned(),
                from: number(from),
                to: number(to),
                is_digits: value.ends_with(", digits"),
            };
            records.get_mut(&kind).expect("a record").1.push(place);
        }
        assert!(["call", "answer"].iter().all(|kind| records.contains_key(*kind)), "{records:?}");
        Self::Records(records)
    }

    /// What it is, for people.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Form => "a form",
            Self::Xml => "XML",
            Self::Records(_) => "records",
        }
    }

    /// A call with these fields.
    pub(super) fn call(&self, fields: &[(&str, String)]) -> String {
        let kept = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
        let encoded = |text: &str| {
            let one = |b: u8| if kept(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
            text.bytes().map(one).collect::<String>()
        };
        let each = |write: &dyn Fn(&str, &str) -> String| -> Vec<String> {
            fields.iter().map(|(name, value)| write(name, value)).collect()
        };
        match self {
            Self::Json => {
                let quote = |name: &str| if name == "amount" { "" } else { "\"" };
                let all = each(&|name, value| format!("\"{name}\":{0}{value}{0}", quote(name)));
                format!("{{{}}}", all.join(","))
            }
            Self::Form => each(&|name, value| format!("{name}={}", encoded(value))).join("&"),
            Self::Xml => format!("<call>{}</call>", each(&|name, value| format!("<{name}>{value}</{name}>")).concat()),
            Self::Records(records) => {
                let (letter, places) = &records["call"];
                let mut record = letter.to_string();
                for Place { name, from, to, is_digits } in places {
                    assert_eq!(record.len() + 1, *from, "no gaps");
                    let width = to - from + 1;
                    let value = fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.as_str());
                    let is_number = *is_digits && !value.is_empty();
                    let padding = if is_number { "0" } else { " " }.repeat(width - value.len());
                    record.extend(if is_number { [&padding, value] } else { [value, &padding] });
                }
                record + "\r\n"
            }
        }
    }

    /// The value of a field of an `answer` or `callback`, if it needs no decoding; empty if it is not there.
    pub(super) fn field(&self, record: &str, body: &str, name: &str) -> String {
        let between = |before: String, after: &str| {
            let value = body.split(&before).nth(1).and_then(|rest| rest.split(after).next());
            value.unwrap_or_default().to_owned()
        };
        match self {
            Self::Json if name == "amount" => between(format!("\"{name}\":"), ",").trim_end_matches('}').to_owned(),
            Self::Json => between(format!("\"{name}\":\""), "\""),
            Self::Form => between(format!("{name}="), "&"),
            Self::Xml => between(format!("<{name}>"), "<"),
            Self::Records(records) => {
                let (letter, places) = &records[record];
                if !body.starts_with(*letter) {
                    return String::new();
                }
                let place = places.iter().find(|place| place.name == name).expect("a field");
                let value = body.get(place.from - 1..place.to).unwrap_or_default().trim_end();
                if place.is_digits { value.trim_start_matches('0').to_owned() } else { value.to_owned() }
            }
        }
    }
}
