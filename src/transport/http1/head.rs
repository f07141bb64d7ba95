//! The head of an answer: its status, its headers, and how much body follows.

use std::mem::MaybeUninit;

use httparse::{ParserConfig, Response};

use super::super::Failure;
use super::super::headers::{Headers, is_name};

/// Headers of one answer, at most.
const HEADERS_MAX: usize = 100;

/// What an answer begins with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: Framing,
    /// Whether the connection may carry another exchange, as far as the answer says.
    pub(super) keeps: bool,
}

/// How the end of a body is known (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// By its length, bytes.
    Length(u64),
    /// By a last piece.
    Chunked,
    /// By the end of the connection.
    UntilClose,
}

/// What bytes begin with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// Less than a head.
    Partial,
    /// An answer that another follows, as long as this.
    Interim(usize),
    /// A head, as long as this.
    Whole(usize, Head),
}

/// What goes wrong in a head, told as the failure that it is.
impl From<httparse::Error> for Failure {
    fn from(_: httparse::Error) -> Self {
        Self::Garbage
    }
}

/// Parses the head at the start of `bytes`; `has_no_body` if none follows whatever it says.
///
/// # Errors
/// [`Failure::Garbage`] if it is no head.
pub(super) fn parse(bytes: &[u8], has_no_body: bool) -> Result<Parsed, Failure> {
    let mut found = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut response = Response::new(&mut []);
    let config = ParserConfig::default();
    let parsed = config.parse_response_with_uninit_headers(&mut response, bytes, &mut found)?;
    let (httparse::Status::Complete(n_bytes), Some(status)) = (parsed, response.code) else {
        return Ok(Parsed::Partial);
    };
    let is_1_1 = response.version == Some(1);
    match status {
        0..100 => return Err(Failure::Garbage),
        100 | 102..200 => return Ok(Parsed::Interim(n_bytes)),
        _ => {}
    }
    let mut said = Said::default();
    let mut headers = Headers::with_room(n_bytes);
    for header in &*response.headers {
        said.note(header.name.as_bytes(), header.value);
        headers.push_checked(header.name.as_bytes(), header.value);
    }
    let is_switched = status == 101;
    let body = if has_no_body || is_switched || matches!(status, 204 | 304) {
        Framing::Length(0)
    } else {
        said.framing(is_1_1)?
    };
    let keeps = !said.closes && (is_1_1 || said.keeps) && !is_switched && body != Framing::UntilClose;
    Ok(Parsed::Whole(n_bytes, Head { status, headers, body, keeps }))
}

/// What headers say of the connection and of the body.
#[derive(Default)]
struct Said {
    closes: bool,
    keeps: bool,
    length: Length,
    /// Whether the body is encoded, and if so, whether the last encoding is in chunks.
    is_chunked: Option<bool>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Length {
    #[default]
    Unsaid,
    Bytes(u64),
    /// No number, or several that differ.
    Bad,
}

impl Said {
    fn note(&mut self, name: &[u8], value: &[u8]) {
        if is_name(name, "content-length") {
            tokens(value).for_each(|one| self.length = self.length.and(one));
        } else if is_name(name, "transfer-encoding") {
            let is_last = tokens(value).last().is_some_and(|last| last.eq_ignore_ascii_case(b"chunked"));
            self.is_chunked = Some(is_last && value.is_ascii());
        } else if is_name(name, "connection") {
            self.closes |= tokens(value).any(|token| token.eq_ignore_ascii_case(b"close"));
            self.keeps |= tokens(value).any(|token| token.eq_ignore_ascii_case(b"keep-alive"));
        }
    }

    fn framing(&self, is_1_1: bool) -> Result<Framing, Failure> {
        match (self.is_chunked, self.length) {
            // HTTP/1.0 has no encodings; what it means by one nobody knows.
            (Some(_), _) if !is_1_1 => Err(Failure::Garbage),
            (Some(true), _) => Ok(Framing::Chunked),
            (Some(false), _) | (None, Length::Unsaid) => Ok(Framing::UntilClose),
            (None, Length::Bytes(n)) => Ok(Framing::Length(n)),
            (None, Length::Bad) => Err(Failure::Garbage),
        }
    }
}

impl Length {
    /// This and `text`, which must agree.
    fn and(self, text: &[u8]) -> Self {
        let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        let number = std::str::from_utf8(text).ok().filter(|_| is_number).and_then(|text| text.parse().ok());
        match (self, number) {
            (Self::Unsaid, Some(n)) => Self::Bytes(n),
            (Self::Bytes(before), Some(n)) if before == n => self,
            _ => Self::Bad,
        }
    }
}

/// The parts of a list with commas.
fn tokens(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&b| b == b',').map(<[u8]>::trim_ascii)
}
