//! A stream that inspects the headers of the server's messages.
//!
//! The driver reports an error that arrives during COPY only when the copy is finished, and never reports whether a
//! transaction is open. Both can be read from the messages: an `ErrorResponse` (`E`), and the status letter of
//! `ReadyForQuery` (`Z`). With them a load stops at the first refused row instead of sending the rest of the table.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

use crate::AuthMethod;

/// The state read from the messages; shared by the stream and the session.
#[derive(Debug, Default)]
pub struct Seen {
    failed: AtomicBool,
    status: AtomicU8,
    /// A `ReadyForQuery` will arrive that the driver does not expect.
    surplus: AtomicBool,
    /// The authentication methods that the server may request (`require_auth`); `None`: any.
    allowed: Option<Vec<AuthMethod>>,
    /// The first bytes of its authentication request, until it is complete.
    request: Mutex<AuthRequest>,
}

/// The code of the first `AuthenticationRequest` (`R`).
#[derive(Debug, Default)]
struct AuthRequest {
    code: Vec<u8>,
    judged: bool,
}

impl Seen {
    pub fn allowing(allowed: Option<Vec<AuthMethod>>) -> Self {
        Seen { allowed, ..Seen::default() }
    }

    /// Part of the body of an `AuthenticationRequest`.
    ///
    /// # Errors
    /// The server requests a method that is not allowed: the client sends no answer.
    fn asked(&self, part: &[u8]) -> io::Result<()> {
        let mut request = self.request.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(allowed) = self.allowed.as_ref().filter(|_| !request.judged) else { return Ok(()) };
        let missing = 4 - request.code.len();
        request.code.extend_from_slice(&part[..part.len().min(missing)]);
        let [a, b, c, d] = request.code[..] else { return Ok(()) };
        request.judged = true;
        let (name, method) = match u32::from_be_bytes([a, b, c, d]) {
            0 => ("no password", Some(AuthMethod::None)),
            3 => ("the password itself", Some(AuthMethod::Password)),
            5 => ("an md5 password", Some(AuthMethod::Md5)),
            10 => ("a scram-sha-256 password", Some(AuthMethod::ScramSha256)),
            _ => ("another kind of login", None),
        };
        if method.is_some_and(|m| allowed.contains(&m)) {
            return Ok(());
        }
        let message =
            format!("the server asks for {name}, which `require_auth` does not allow; nothing was sent to it");
        Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
    }

    /// A COPY was refused before it began. The driver still ends it, so the server sends one more answer, which the
    /// driver would take for the end of the connection; it is therefore removed from the stream.
    pub fn expect_surplus_answer(&self) {
        self.surplus.store(true, Ordering::Relaxed);
    }

    /// Whether an error has arrived since [`Seen::forget_errors`].
    pub fn failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    pub fn forget_errors(&self) {
        self.failed.store(false, Ordering::Relaxed);
    }

    /// Whether a transaction (failed or not) is open, as of the last statement.
    pub fn in_transaction(&self) -> bool {
        matches!(self.status.load(Ordering::Relaxed), b'T' | b'E')
    }
}

/// Splits the server's bytes into messages: a type byte, four bytes of length (themselves included), the body.
#[derive(Debug)]
struct Framing {
    header: [u8; 5],
    have: usize,
    /// Bytes of the current body still to come.
    body: usize,
    /// The first byte of the stream answers the client's TLS request: `S` or `N`.
    answer_due: bool,
    /// Encrypted from here on: messages cannot be read at this level.
    blind: bool,
}

impl Framing {
    fn feed(&mut self, mut bytes: &[u8], seen: &Seen) -> io::Result<()> {
        if std::mem::take(&mut self.answer_due) {
            let Some((&answer, rest)) = bytes.split_first() else {
                self.answer_due = true;
                return Ok(());
            };
            self.blind = answer == b'S';
            bytes = rest;
        }
        while !self.blind && !bytes.is_empty() {
            if self.body > 0 {
                if self.header[0] == b'Z' {
                    seen.status.store(bytes[0], Ordering::Relaxed);
                }
                let step = self.body.min(bytes.len());
                if self.header[0] == b'R' {
                    seen.asked(&bytes[..step])?;
                }
                self.body -= step;
                bytes = &bytes[step..];
                continue;
            }
            let step = (5 - self.have).min(bytes.len());
            self.header[self.have..self.have + step].copy_from_slice(&bytes[..step]);
            self.have += step;
            bytes = &bytes[step..];
            if self.have == 5 {
                self.have = 0;
                let [kind, length @ ..] = self.header;
                self.body = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX).saturating_sub(4);
                if kind == b'E' {
                    seen.failed.store(true, Ordering::Relaxed);
                }
            }
        }
        Ok(())
    }
}

impl Framing {
    /// Removes the surplus answer from the received bytes, if it is among them; returns the new number of bytes.
    fn without_surplus(&self, bytes: &mut [u8], seen: &Seen) -> usize {
        const READY: usize = 6;
        if self.blind || self.have > 0 || !seen.surplus.load(Ordering::Relaxed) {
            return bytes.len();
        }
        let mut at = self.body;
        while let Some(&[kind, a, b, c, d]) = bytes.get(at..at.saturating_add(5)) {
            if kind == b'Z' && at + READY <= bytes.len() {
                seen.surplus.store(false, Ordering::Relaxed);
                bytes.copy_within(at + READY.., at);
                return bytes.len() - READY;
            }
            let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
            at = at.saturating_add(1).saturating_add(length);
        }
        bytes.len()
    }
}

/// `S`, watched.
#[derive(Debug)]
pub struct Watched<S> {
    inner: S,
    framing: Framing,
    seen: Arc<Seen>,
}

impl<S> Watched<S> {
    /// `asks_tls`: the session begins with the client's TLS request.
    pub fn new(inner: S, asks_tls: bool, seen: Arc<Seen>) -> Self {
        let framing = Framing { header: [0; 5], have: 0, body: 0, answer_due: asks_tls, blind: false };
        Watched { inner, framing, seen }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        loop {
            let polled = Pin::new(&mut this.inner).poll_read(cx, buf);
            let Some(new) = buf.filled_mut().get_mut(before..) else { return polled };
            let came = new.len();
            let kept = this.framing.without_surplus(new, &this.seen);
            this.framing.feed(&new[..kept], &this.seen)?;
            buf.set_filled(before + kept);
            // Zero bytes would mean the end of the stream.
            if kept > 0 || came == 0 {
                return polled;
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Watched<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.inner.channel_binding()
    }
}

/// `S`, whose shutdown is complete when the other side has closed as well.
#[derive(Debug)]
pub struct UntilClosed<S>(pub S);

impl<S: AsyncRead + Unpin> AsyncRead for UntilClosed<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for UntilClosed<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let inner = &mut self.get_mut().0;
        // May be called again: a second shutdown of a socket has no effect.
        std::task::ready!(Pin::new(&mut *inner).poll_shutdown(cx))?;
        let mut space = [0; 64];
        loop {
            let mut rest = ReadBuf::new(&mut space);
            match std::task::ready!(Pin::new(&mut *inner).poll_read(cx, &mut rest)) {
                Ok(()) if !rest.filled().is_empty() => {}
                // A reset also counts as the end.
                _ => return Poll::Ready(Ok(())),
            }
        }
    }
}

/// A TLS connector whose streams are watched inside the encryption.
pub struct WatchedTls<T> {
    pub inner: T,
    pub seen: Arc<Seen>,
}

impl<S, T> TlsConnect<S> for WatchedTls<T>
where
    T: TlsConnect<S>,
    T::Future: Send + 'static,
{
    type Stream = Watched<T::Stream>;
    type Error = T::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Stream, Self::Error>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        let handshake = self.inner.connect(stream);
        let seen = self.seen;
        Box::pin(async move { Ok(Watched::new(handshake.await?, false, seen)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed_in_steps(bytes: &[u8], step: usize, asks_tls: bool) -> Seen {
        let seen = Seen::default();
        let mut framing = Framing { header: [0; 5], have: 0, body: 0, answer_due: asks_tls, blind: false };
        bytes.chunks(step).try_for_each(|chunk| framing.feed(chunk, &seen)).unwrap();
        seen
    }

    #[test]
    fn errors_and_status_are_seen_however_the_bytes_are_cut() {
        let calm = b"C\0\0\0\x07E!\0Z\0\0\0\x05T";
        let error = b"NE\0\0\0\x06ZIZ\0\0\0\x05I";
        for step in 1..=calm.len() {
            let seen = feed_in_steps(calm, step, false);
            assert!(!seen.failed() && seen.in_transaction(), "step {step}");
            let seen = feed_in_steps(error, step, true);
            assert!(seen.failed() && !seen.in_transaction(), "step {step}");
        }
        assert!(!feed_in_steps(b"SE\0\0\0\x04", 3, true).failed(), "encrypted bytes are not messages");
    }

    #[test]
    fn a_login_that_is_not_allowed_is_refused_before_it_is_answered() {
        let scram = b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0R\0\0\0\x08\0\0\0\0";
        let clear = b"R\0\0\0\x08\0\0\0\x03";
        for step in 1..=scram.len() {
            let fed = |bytes: &[u8], allowed: &[AuthMethod]| {
                let seen = Seen::allowing(Some(allowed.to_vec()));
                let mut framing = Framing { header: [0; 5], have: 0, body: 0, answer_due: false, blind: false };
                bytes.chunks(step).try_for_each(|chunk| framing.feed(chunk, &seen))
            };
            fed(scram, &[AuthMethod::ScramSha256]).unwrap();
            let error = fed(clear, &[AuthMethod::ScramSha256, AuthMethod::Md5]).unwrap_err().to_string();
            assert!(error.contains("the password itself"), "{error}");
            fed(scram, &[AuthMethod::None]).unwrap_err();
        }
    }

    #[test]
    fn one_answer_too_many_is_taken_out() {
        let seen = Seen::default();
        let framing = Framing { header: [0; 5], have: 0, body: 2, answer_due: false, blind: false };
        let mut bytes = *b"xxE\0\0\0\x06ZIZ\0\0\0\x05EC\0\0\0\x05!";
        assert_eq!(framing.without_surplus(&mut bytes, &seen), bytes.len());
        seen.expect_surplus_answer();
        let kept = framing.without_surplus(&mut bytes, &seen);
        assert_eq!(&bytes[..kept], b"xxE\0\0\0\x06ZIC\0\0\0\x05!");
        assert_eq!(framing.without_surplus(&mut bytes[..kept], &seen), kept);
    }
}
