//! One record of one length in GBK for each call, answer and callback: every field at its place.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::super::gbk::{gbk_field, of_gbk};

/// What a field holds, and how.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// To the left, filled with spaces.
    Text,
    /// Digits alone, filled with zeros.
    Number,
}

/// A field of a record.
struct Field {
    name: &'static str,
    kind: Kind,
    /// Bytes.
    width: usize,
}

const fn text(name: &'static str, width: usize) -> Field {
    Field { name, kind: Kind::Text, width }
}

/// Minor units: as many digits as the largest amount has.
const fn number(name: &'static str) -> Field {
    Field { name, kind: Kind::Number, width: 19 }
}

/// A kind of record: the letter it begins with, and its fields in order.
pub(in crate::mock) struct Layout {
    letter: u8,
    fields: &'static [Field],
}

/// Of calls.
pub(in crate::mock) const CALL: Layout = Layout {
    letter: b'C',
    fields: &[
        text("order_no", 128),
        text("refund_no", 128),
        number("amount"),
        text("currency", 3),
        text("notify_url", 256),
        text("payer", 128),
    ],
};

/// Of answers.
pub(in crate::mock) const ANSWER: Layout = Layout {
    letter: b'A',
    fields: &[
        text("code", 2),
        text("status", 10),
        text("order_no", 128),
        text("refund_no", 128),
        text("txn", 20),
        number("amount"),
        text("message", 64),
    ],
};

/// Of callbacks.
pub(in crate::mock) const CALLBACK: Layout = Layout {
    letter: b'N',
    fields: &[
        text("code", 2),
        text("status", 10),
        text("order_no", 128),
        text("refund_no", 128),
        text("txn", 20),
        number("amount"),
        text("currency", 3),
    ],
};

impl Layout {
    /// By what it is a record of: `call`, `answer`, or a callback.
    pub(super) fn of(name: &str) -> &'static Self {
        match name {
            "call" => &CALL,
            "answer" => &ANSWER,
            _ => &CALLBACK,
        }
    }

    /// Bytes of a record without its CR LF.
    pub(in crate::mock) fn bytes(&self) -> usize {
        1 + self.fields.iter().map(|field| field.width).sum::<usize>()
    }

    /// The fields that `body` has, or why it is no such record.
    pub(super) fn read(&self, body: &[u8]) -> Result<Vec<(String, String)>, String> {
        let record = body.strip_suffix(b"\r\n").ok_or("it does not end in CR LF")?;
        if record.len() != self.bytes() {
            return Err(format!("it has {} bytes before CR LF, not {}", record.len(), self.bytes()));
        }
        if record[0] != self.letter {
            return Err(format!("it does not begin with `{}`", char::from(self.letter)));
        }
        let mut fields = Vec::new();
        let mut from = 1;
        for Field { name, kind, width } in self.fields {
            let bytes = &record[from..from + width];
            let value = of_gbk(bytes).ok_or_else(|| format!("`{name}` is not GBK"))?;
            let value = value.trim_end_matches(' ');
            from += width;
            if value.is_empty() {
                continue;
            }
            if value.starts_with(' ') {
                return Err(format!("`{name}` does not begin at byte {}", from - width + 1));
            }
            if *kind == Kind::Number && !(value.len() == *width && value.bytes().all(|b| b.is_ascii_digit())) {
                return Err(format!("`{name}` is not {width} digits"));
            }
            fields.push(((*name).to_owned(), value.to_owned()));
        }
        Ok(fields)
    }

    /// `fields` as a record with its CR LF; those that have no place in it are left out.
    pub(super) fn write(&self, fields: &Map<String, Value>) -> Vec<u8> {
        let mut record = vec![self.letter];
        for Field { name, kind, width } in self.fields {
            let value = match (fields.get(*name), kind) {
                (None | Some(Value::Null), _) => String::new(),
                (Some(value), Kind::Number) => {
                    format!("{:0width$}", value.as_i64().unwrap_or_default(), width = *width)
                }
                (Some(Value::String(value)), Kind::Text) => value.clone(),
                (Some(value), Kind::Text) => value.to_string(),
            };
            record.extend(gbk_field(&value, *width));
        }
        record.extend(b"\r\n");
        record
    }

    /// Where its fields stand, as rows of Markdown: bytes and field.
    pub(in crate::mock) fn table(&self, name: &str) -> String {
        let mut table = format!("| {name} | 1 | `{}` |\n", char::from(self.letter));
        let mut from = 2;
        for Field { name, kind, width } in self.fields {
            let digits = if *kind == Kind::Number { ", digits" } else { "" };
            let _ = writeln!(table, "| | {from}–{} | `{name}`{digits} |", from + width - 1);
            from += width;
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A call as a bank of this face gets it, put together by hand.
    fn record(order_no: &[u8], amount: &str, currency: &str) -> Vec<u8> {
        let filled = |bytes: &[u8], width: usize| [bytes, &vec![b' '; width - bytes.len()]].concat();
        let parts = [
            filled(b"C", 1),
            filled(order_no, 128),
            filled(b"", 128),
            filled(amount.as_bytes(), 19),
            filled(currency.as_bytes(), 3),
            filled(b"", 256),
            filled(b"ann", 128),
            b"\r\n".to_vec(),
        ];
        parts.concat()
    }

    fn read(body: &[u8]) -> Result<String, String> {
        let fields = CALL.read(body)?;
        Ok(fields.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_record_is_read_field_by_field_and_what_is_blank_is_not_there() {
        let good = record(b"o 1", "0000000000000001200", "CNY");
        assert_eq!(good.len(), 665);
        assert_eq!(read(&good).as_deref(), Ok("order_no=o 1 amount=0000000000000001200 currency=CNY payer=ann"));
        let chinese = record(b"\xcd\xcb\xbf\xee", "", "");
        assert_eq!(read(&chinese).as_deref(), Ok("order_no=退款 payer=ann"));
    }

    #[test]
    fn what_is_no_record_is_told_by_what_is_wrong_first() {
        let good = record(b"o1", "0000000000000001200", "CNY");
        let check = |body: &[u8], expected: &str| assert_eq!(read(body), Err(expected.to_owned()));
        check(b"", "it does not end in CR LF");
        check(&good[..664], "it does not end in CR LF");
        check(&good[1..], "it has 662 bytes before CR LF, not 663");
        check(&[b"C", &good[..]].concat(), "it has 664 bytes before CR LF, not 663");
        check(&[b"A", &good[1..]].concat(), "it does not begin with `C`");
        check(&record(b"o\xcd", "0000000000000001200", "CNY"), "`order_no` is not GBK");
        check(&record(b" o1", "0000000000000001200", "CNY"), "`order_no` does not begin at byte 2");
        check(&record(b"o1", "1200", "CNY"), "`amount` is not 19 digits");
        check(&record(b"o1", "-000000000000001200", "CNY"), "`amount` is not 19 digits");
        check(&record(b"o1", "0000000000000001200", " CN"), "`currency` does not begin at byte 277");
    }

    #[test]
    fn an_answer_has_every_field_at_its_place() {
        let said =
            json!({ "code": "00", "status": "SUCCESS", "order_no": "o1", "txn": "T1", "amount": 1200, "more": 1 });
        let record = ANSWER.write(said.as_object().expect("an object"));
        assert_eq!(record.len(), ANSWER.bytes() + 2);
        let at = |from: usize, to: usize| std::str::from_utf8(&record[from - 1..to]).expect("ASCII").trim_end();
        assert_eq!([at(1, 1), at(2, 3), at(4, 13), at(14, 141), at(142, 269)], ["A", "00", "SUCCESS", "o1", ""]);
        assert_eq!([at(270, 289), at(290, 308), at(309, 372)], ["T1", "0000000000000001200", ""]);
        assert!(record.ends_with(b"\r\n"));
    }

    /// What cannot fit is for people alone.
    #[test]
    fn a_long_message_is_cut_and_the_record_keeps_its_length() {
        let said = json!({ "code": "30", "message": "款".repeat(40) });
        let record = ANSWER.write(said.as_object().expect("an object"));
        assert_eq!(record.len(), ANSWER.bytes() + 2);
        assert_eq!(of_gbk(&record[308..372]), Some("款".repeat(32)));
    }

    #[test]
    fn places_are_told_as_they_are() {
        assert!(CALL.table("call").starts_with("| call | 1 | `C` |\n| | 2–129 | `order_no` |\n"));
        assert!(CALL.table("call").contains("| | 258–276 | `amount`, digits |\n"));
        assert!(CALL.table("call").ends_with("| | 536–663 | `payer` |\n"));
    }
}
