//! Bodies of answers: whole, cut short, or dribbling.

use std::fs::File;
use std::io::Read;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use super::host::Aborted;

/// Bytes of a file that are sent at a time.
const PIECE_BYTES: u64 = 64 << 10;

/// The body of an answer.
pub(super) enum AnswerBody {
    /// What is left of it, all at once.
    Whole(Bytes),
    /// The first half, and then the end of the connection.
    Cut(Cut),
    /// In pieces, each a while after the one before.
    Dribble {
        /// What is left.
        rest: Bytes,
        /// Bytes of a piece.
        piece: usize,
        /// From one piece to the next.
        gap: Duration,
        /// Until the next piece.
        wait: Pin<Box<Sleep>>,
    },
    /// What is left of a file, from where it stands, in pieces.
    File {
        /// Open for reading.
        file: File,
        /// Bytes to come.
        left: u64,
    },
}

/// Where a body that will be cut stands.
pub(super) struct Cut {
    /// What is left to promise.
    rest: Bytes,
    /// Half of it is handed over; the next turn lets it out, the one after ends.
    turns: u8,
}

impl AnswerBody {
    /// `bytes`, of which only the first half comes.
    pub(super) fn cut(bytes: Bytes) -> Self {
        Self::Cut(Cut { rest: bytes, turns: 0 })
    }

    /// `bytes`, evenly over `over`: one by one, or more at once where that would be less than a millisecond apart.
    pub(super) fn dribble(bytes: Bytes, over: Duration) -> Self {
        let n_pieces = usize::try_from(over.as_millis()).unwrap_or(usize::MAX).clamp(1, bytes.len().max(1));
        let piece = bytes.len().div_ceil(n_pieces).max(1);
        let gap = over / u32::try_from(bytes.len().div_ceil(piece).max(1)).unwrap_or(u32::MAX);
        Self::Dribble { rest: bytes, piece, gap, wait: Box::pin(tokio::time::sleep(gap)) }
    }

    /// Bytes to come, as it promises.
    fn left(&self) -> u64 {
        match self {
            Self::Whole(rest) | Self::Cut(Cut { rest, .. }) | Self::Dribble { rest, .. } => rest.len() as u64,
            Self::File { left, .. } => *left,
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        let this = self.get_mut();
        if this.left() == 0 {
            return Poll::Ready(None);
        }
        match this {
            Self::Whole(rest) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(rest))))),
            Self::Cut(cut) => {
                cut.turns += 1;
                match cut.turns {
                    1 => {
                        let half = cut.rest.split_to(cut.rest.len() / 2);
                        Poll::Ready(Some(Ok(Frame::data(half))))
                    }
                    // What was handed over is written out only when the body has nothing more for now.
                    2 => {
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    }
                    _ => Poll::Ready(Some(Err(Aborted))),
                }
            }
            Self::Dribble { rest, piece, gap, wait } => {
                std::task::ready!(wait.as_mut().poll(cx));
                let next = wait.deadline() + *gap;
                wait.as_mut().reset(next);
                let piece = rest.split_to(rest.len().min(*piece));
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Self::File { file, left } => {
                // It was written a moment ago, so it is in memory and nothing waits for a disk.
                let mut piece = Vec::new();
                let read = file.by_ref().take(PIECE_BYTES.min(*left)).read_to_end(&mut piece);
                if piece.is_empty() || read.is_err() {
                    return Poll::Ready(Some(Err(Aborted)));
                }
                *left -= piece.len() as u64;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from(piece)))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left())
    }
}
