//! An answer as its bytes come in, in pieces of any size.

use bytes::Bytes;

use super::super::gathered::Gathered;
use super::super::{Answer, Failure};
use super::chunks::Chunks;
use super::head::{Framing, Head, Parsed, parse};

/// Bytes of a head that comes in pieces, at most.
const HEAD_MAX: usize = 400 << 10;

/// Reads one answer.
#[derive(Debug)]
pub(super) struct Reader {
    /// Largest body, bytes.
    limit: usize,
    /// Whether no body follows, whatever the head says.
    has_no_body: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// What came of the head; nothing, nearly always, as most heads come whole.
    Head(Vec<u8>),
    Body(Head, Gathered, Rest),
}

/// What is still to come of a body.
#[derive(Debug)]
enum Rest {
    /// So many bytes.
    Bytes(u64),
    Chunks(Chunks),
    UntilClose,
}

/// How far an answer has come.
#[derive(Debug)]
pub(super) enum Progress {
    More,
    /// All of it, and whether the connection may carry another.
    Whole(Answer, bool),
}

impl Reader {
    pub(super) const fn new(limit: usize, has_no_body: bool) -> Self {
        Self { limit, has_no_body, state: State::Head(Vec::new()) }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`Failure::Garbage`] and [`Failure::TooLarge`].
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Progress, Failure> {
        let held = match &mut self.state {
            State::Body(..) => return self.body(bytes),
            State::Head(held) if held.is_empty() => return self.head(bytes),
            State::Head(held) => held,
        };
        // Looked at again only where it may have come to its end: a head in small pieces must not cost its square.
        let overlap = held.len().saturating_sub(2);
        held.extend_from_slice(bytes);
        if ends_head(&held[overlap..]) {
            let held = std::mem::take(held);
            return self.head(&held);
        }
        if HEAD_MAX <= held.len() { Err(Failure::Garbage) } else { Ok(Progress::More) }
    }

    /// Takes the end of the connection.
    ///
    /// # Errors
    /// [`Failure::Reset`] if there should have been more.
    pub(super) fn end(&mut self) -> Result<Answer, Failure> {
        match std::mem::replace(&mut self.state, State::Head(Vec::new())) {
            State::Body(head, body, Rest::UntilClose) => Ok(answer(head, body.finish())),
            _ => Err(Failure::Reset),
        }
    }

    fn head(&mut self, mut bytes: &[u8]) -> Result<Progress, Failure> {
        loop {
            match parse(bytes, self.has_no_body)? {
                Parsed::Interim(n_bytes) => bytes = &bytes[n_bytes..],
                Parsed::Whole(n_bytes, head) => return self.begin(head, &bytes[n_bytes..]),
                Parsed::Partial if HEAD_MAX <= bytes.len() => return Err(Failure::Garbage),
                Parsed::Partial => {
                    self.state = State::Head(bytes.to_vec());
                    return Ok(Progress::More);
                }
            }
        }
    }

    fn begin(&mut self, head: Head, bytes: &[u8]) -> Result<Progress, Failure> {
        let rest = match head.body {
            Framing::Length(n) => match usize::try_from(n) {
                Ok(n) if n <= self.limit && n <= bytes.len() => {
                    let keeps = head.keeps && n == bytes.len();
                    return Ok(Progress::Whole(answer(head, Bytes::copy_from_slice(&bytes[..n])), keeps));
                }
                Ok(n_bytes) if n_bytes <= self.limit => Rest::Bytes(n),
                _ => return Err(Failure::TooLarge),
            },
            Framing::Chunked => Rest::Chunks(Chunks::default()),
            Framing::UntilClose => Rest::UntilClose,
        };
        self.state = State::Body(head, Gathered::new(self.limit), rest);
        self.body(bytes)
    }

    fn body(&mut self, bytes: &[u8]) -> Result<Progress, Failure> {
        let State::Body(_, body, rest) = &mut self.state else { return Ok(Progress::More) };
        let n_used = match rest {
            Rest::Bytes(left) => {
                let n_bytes = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                body.add_copied(&bytes[..n_bytes])?;
                *left -= n_bytes as u64;
                (*left == 0).then_some(n_bytes)
            }
            Rest::Chunks(chunks) => chunks.take(bytes, body)?,
            Rest::UntilClose => {
                body.add_copied(bytes)?;
                None
            }
        };
        let Some(n_used) = n_used else { return Ok(Progress::More) };
        match std::mem::replace(&mut self.state, State::Head(Vec::new())) {
            State::Body(head, body, _) => {
                // What comes after an answer belongs to no request.
                let keeps = head.keeps && n_used == bytes.len();
                Ok(Progress::Whole(answer(head, body.finish()), keeps))
            }
            State::Head(_) => Ok(Progress::More),
        }
    }
}

fn answer(head: Head, body: Bytes) -> Answer {
    Answer { status: head.status, headers: head.headers, body }
}

/// Whether an empty line ends in `bytes`.
fn ends_head(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\n\n") || bytes.windows(3).any(|three| three == b"\n\r\n")
}
