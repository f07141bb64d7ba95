//! Bodies of answers: whole, cut short, or dribbling.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use super::host::Aborted;

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

    fn rest(&self) -> &Bytes {
        match self {
            Self::Whole(rest) | Self::Cut(Cut { rest, .. }) | Self::Dribble { rest, .. } => rest,
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        let this = self.get_mut();
        if this.rest().is_empty() {
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
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest().is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest().len() as u64)
    }
}
