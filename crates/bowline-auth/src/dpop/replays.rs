//! Which proofs were seen.

/// The proofs that were accepted in the last while, so that none is accepted twice: bounded as a whole and per key.
#[derive(Debug)]
pub struct Replays {}

impl Replays {
    /// A window for at most this many proofs in all.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let _ = most;
        todo!()
    }
}
