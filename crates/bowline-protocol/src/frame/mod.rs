//! Framing: where one message ends and the next begins in a stream of bytes.
//!
//! Both decoders are fed the same way, whatever brings the bytes:
//! append what arrived to [`room`](ndjson::Decoder::room), then call `decode` until it returns `None`.
//! What comes out does not depend on how the stream was cut into pieces.
//! Neither decoder looks into a message; UTF-8 and JSON are the scanner's business.

pub mod ndjson;
pub mod sse;

use bytes::{Bytes, BytesMut};

/// The bytes that arrived and are not decoded yet.
///
/// Pieces are handed out without a copy as long as the allocation behind them is small.
/// An allocation that had to grow for one giant message is given back as soon as that message is out,
/// and a short message is copied out of it rather than keeping it alive.
#[derive(Debug, Default)]
struct Intake {
    bytes: BytesMut,
    /// Size of the allocation behind `bytes`; `BytesMut::capacity` forgets what was split off.
    allocated: usize,
}

impl Intake {
    /// The buffer to append to, with room for one read.
    fn room(&mut self) -> &mut BytesMut {
        if self.allocated > GIANT && self.bytes.len() <= KEEP {
            let mut small = BytesMut::with_capacity(self.bytes.len() + READ);
            small.extend_from_slice(&self.bytes);
            self.allocated = small.capacity();
            self.bytes = small;
        }
        if self.bytes.capacity() - self.bytes.len() < READ / 2 {
            self.bytes.reserve(READ);
            self.allocated = self.bytes.capacity();
        }
        &mut self.bytes
    }

    /// Appends `chunk`, for callers that do not read into [`room`](Self::room).
    fn extend(&mut self, chunk: &[u8]) {
        let room = self.room();
        room.extend_from_slice(chunk);
        self.allocated = self.allocated.max(self.bytes.capacity());
    }

    /// Removes and returns the first `length` bytes.
    fn take(&mut self, length: usize) -> Bytes {
        let piece = self.bytes.split_to(length);
        if self.allocated > GIANT && length <= KEEP {
            return Bytes::copy_from_slice(&piece);
        }
        piece.freeze()
    }
}

/// Room offered to one read.
const READ: usize = 64 * 1024;
/// A piece up to this size is worth copying to free a giant allocation.
const KEEP: usize = 64 * 1024;
/// An allocation above this size is not kept for small messages.
const GIANT: usize = 4 * KEEP;
