//! A body that arrives piece by piece in one task, as a reader for the parser in another.

use bytes::Bytes;
use std::io::{self, BufRead, Read};
use tokio::sync::mpsc::Receiver;

/// What the fetching side sends.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Some bytes.
    Data(Bytes),
    /// The body is complete. A channel that closes without it means that the body broke off.
    End,
}

/// The reading side. Blocks its thread until a piece arrives.
///
/// Bytes that are not UTF-8 become U+FFFD: a server that passes one badly encoded object through must not make the other
/// nine thousand unreadable.
pub(crate) struct Feed {
    pieces: Receiver<Piece>,
    current: Bytes,
    at: usize,
    /// A character whose last bytes are in the next piece.
    carry: Vec<u8>,
    ended: bool,
}

impl Feed {
    /// Wraps the receiving end.
    pub(crate) fn new(pieces: Receiver<Piece>) -> Self {
        Self { pieces, current: Bytes::new(), at: 0, carry: Vec::new(), ended: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        while self.at >= self.current.len() && !self.ended {
            self.at = 0;
            self.current = match self.pieces.blocking_recv() {
                Some(Piece::Data(bytes)) => self.clean(bytes),
                Some(Piece::End) => {
                    self.ended = true;
                    Bytes::from(String::from_utf8_lossy(&std::mem::take(&mut self.carry)).into_owned())
                }
                None => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the body broke off")),
            };
        }
        Ok(())
    }

    fn clean(&mut self, bytes: Bytes) -> Bytes {
        let bytes = if self.carry.is_empty() {
            bytes
        } else {
            let mut joined = std::mem::take(&mut self.carry);
            joined.extend_from_slice(&bytes);
            Bytes::from(joined)
        };
        let Err(error) = std::str::from_utf8(&bytes) else { return bytes };
        if error.error_len().is_none() {
            self.carry = bytes[error.valid_up_to()..].to_vec();
            return bytes.slice(..error.valid_up_to());
        }
        let mut text = String::with_capacity(bytes.len() + 16);
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.push_str(chunk.valid());
            let cut_off = chunks.peek().is_none() && std::str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none());
            if cut_off {
                self.carry = chunk.invalid().to_vec();
            } else if !chunk.invalid().is_empty() {
                text.push('\u{fffd}');
            }
        }
        Bytes::from(text)
    }
}

impl Read for Feed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(out.len());
        out[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Feed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.refill()?;
        Ok(&self.current[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at = (self.at + amount).min(self.current.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: Vec<Piece>) -> io::Result<String> {
        let (sender, receiver) = tokio::sync::mpsc::channel(pieces.len().max(1));
        for piece in pieces {
            sender.try_send(piece).unwrap();
        }
        drop(sender);
        let mut text = String::new();
        Feed::new(receiver).read_to_string(&mut text).map(|_| text)
    }

    fn data(bytes: &'static [u8]) -> Piece {
        Piece::Data(Bytes::from_static(bytes))
    }

    #[test]
    fn a_character_may_be_cut_between_two_pieces() {
        assert_eq!(read(vec![data(b"x\xe2\x82"), data(b"\xac!"), Piece::End]).unwrap(), "x€!");
        assert_eq!(read(vec![data(b"\xff\xe2"), data(b""), data(b"\x82"), data(b"\xac"), Piece::End]).unwrap(), "\u{fffd}€");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced_and_the_rest_stays() {
        assert_eq!(read(vec![data(b"M\xfcnchen <a>"), data(b"ok"), Piece::End]).unwrap(), "M\u{fffd}nchen <a>ok");
        assert_eq!(read(vec![data(b"end\xe2\x82"), Piece::End]).unwrap(), "end\u{fffd}");
    }

    #[test]
    fn a_body_without_its_end_is_an_error() {
        assert_eq!(read(vec![data(b"half")]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(read(vec![Piece::End]).unwrap(), "");
    }
}
