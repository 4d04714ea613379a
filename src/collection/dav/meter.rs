//! A bound on what a parser may read into memory at a time.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};
use tr::tr;

/// More came than may be held at a time.
#[derive(Debug, thiserror::Error)]
#[error("{}", tr!("a part of the answer is too large"))]
pub(super) struct TooMuch;

/// Passes a stream on, but fails once more than `most` bytes came since [`Meter::next_event`].
#[derive(Debug)]
pub(super) struct Meter<R> {
    inner: R,
    most: usize,
    left: usize,
}

impl<R> Meter<R> {
    pub(super) fn new(inner: R, most: usize) -> Self {
        Self { inner, most, left: most }
    }

    pub(super) fn next_event(&mut self) {
        self.left = self.most;
    }
}

impl<R: AsyncBufRead + Unpin> AsyncRead for Meter<R> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_read(cx, buf)
    }
}

impl<R: AsyncBufRead + Unpin> AsyncBufRead for Meter<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(Err(io::Error::other(TooMuch)));
        }
        Pin::new(&mut this.inner).poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let this = self.get_mut();
        this.left = this.left.saturating_sub(amount);
        Pin::new(&mut this.inner).consume(amount);
    }
}
