//! Header lines as they stand in a message.

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use thiserror::Error;

/// Header lines in their order.
///
/// Text and not a map: a request's are written by copying them, and of an answer's hardly one is ever looked at.
///
/// # Invariants
/// Each line is `name: value` and ends with a carriage return and a line feed. Names are tokens, values have no
/// control characters but tabs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    lines: Vec<u8>,
}

/// A value that cannot stand in a header: it has control characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not the value of a header")]
pub struct BadValue;

impl Headers {
    /// No lines, with room for `n_bytes` of them.
    pub fn with_room(n_bytes: usize) -> Self {
        Self { lines: Vec::with_capacity(n_bytes) }
    }

    /// Adds a line.
    ///
    /// # Errors
    /// [`BadValue`]; then nothing is added.
    pub fn push(&mut self, name: &HeaderName, value: &[u8]) -> Result<(), BadValue> {
        let is_good = value.iter().all(|&b| b == b'\t' || (b >= b' ' && b != 0x7f));
        if !is_good {
            return Err(BadValue);
        }
        self.push_checked(name.as_str().as_bytes(), value);
        Ok(())
    }

    /// Adds a line in place of all of that name.
    ///
    /// # Errors
    /// As of [`push`](Self::push), with those of that name gone.
    pub fn set(&mut self, name: &HeaderName, value: &[u8]) -> Result<(), BadValue> {
        if self.get(name.as_str()).is_some() {
            let kept = lines(&self.lines).filter(|(other, _)| !is_name(other, name.as_str()));
            let mut others = Self::with_room(self.lines.capacity());
            kept.for_each(|(other, value)| others.push_checked(other, value));
            *self = others;
        }
        self.push(name, value)
    }

    /// Adds the lines of `others`.
    pub fn extend(&mut self, others: &Self) {
        self.lines.extend_from_slice(&others.lines);
    }

    /// The value of the first line of this name, in whatever case either is.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        lines(&self.lines).find_map(|(other, value)| is_name(other, name).then_some(value))
    }

    /// That value, if it is visible ASCII, blanks and tabs.
    pub fn text(&self, name: &str) -> Option<&str> {
        let value = self.get(name)?;
        let is_text = value.iter().all(|&b| b == b'\t' || (b' '..=b'~').contains(&b));
        std::str::from_utf8(value).ok().filter(|_| is_text)
    }

    /// As a map, which other libraries take.
    pub fn to_map(&self) -> HeaderMap {
        let parsed = |(name, value)| Some((HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?));
        let mut map = HeaderMap::new();
        lines(&self.lines).filter_map(parsed).for_each(|(name, value)| {
            map.append(name, value);
        });
        map
    }

    /// Adds a line whose parts are known to be what they must be.
    pub(super) fn push_checked(&mut self, name: &[u8], value: &[u8]) {
        self.lines.extend_from_slice(name);
        self.lines.extend_from_slice(b": ");
        self.lines.extend_from_slice(value);
        self.lines.extend_from_slice(b"\r\n");
    }

    /// The lines as they go on the wire.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.lines
    }
}

impl From<&HeaderMap> for Headers {
    fn from(map: &HeaderMap) -> Self {
        let mut headers = Self::default();
        map.iter().for_each(|(name, value)| headers.push_checked(name.as_str().as_bytes(), value.as_bytes()));
        headers
    }
}

/// Whether `name` is the header called `wanted`.
pub(super) fn is_name(name: &[u8], wanted: &str) -> bool {
    name.eq_ignore_ascii_case(wanted.as_bytes())
}

/// Names and values of `text`.
fn lines(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split_inclusive(|&b| b == b'\n').filter_map(|line| {
        let colon = line.iter().position(|&b| b == b':')?;
        Some((&line[..colon], line[colon + 1..].trim_ascii()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTE: HeaderName = HeaderName::from_static("x-note");
    const OTHER: HeaderName = HeaderName::from_static("x-other");

    #[test]
    fn a_line_is_found_by_its_name_in_any_case_and_can_be_replaced() {
        let mut headers = Headers::default();
        headers.push(&NOTE, b"a: b").expect("a value");
        headers.push(&OTHER, b"").expect("a value");
        headers.push(&NOTE, b"c").expect("a value");
        assert_eq!(headers.as_bytes(), b"x-note: a: b\r\nx-other: \r\nx-note: c\r\n");
        assert_eq!((headers.text("X-Note"), headers.text("x-other")), (Some("a: b"), Some("")));
        assert_eq!(headers.get("x-no"), None);
        headers.set(&NOTE, b"d").expect("a value");
        assert_eq!(headers.as_bytes(), b"x-other: \r\nx-note: d\r\n");
        assert_eq!(Headers::from(&headers.to_map()), headers);
    }

    #[test]
    fn no_value_can_add_a_line_of_its_own() {
        let mut headers = Headers::default();
        for value in [&b"a\r\nx: b"[..], b"a\n", b"\0", b"\x7f"] {
            assert_eq!(headers.push(&NOTE, value), Err(BadValue));
        }
        assert_eq!(headers, Headers::default());
        headers.push(&NOTE, b"\xff").expect("a value, if no text");
        assert_eq!((headers.get("x-note"), headers.text("x-note")), (Some(&b"\xff"[..]), None));
    }
}
