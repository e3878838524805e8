//! A queue of bytes in one piece of memory of fixed size: written behind, taken in front.

/// The queue. Memory that was never reached costs nothing: the system gives zeroed pages when they are first touched.
#[derive(Debug)]
pub struct Buffer {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

#[expect(
    clippy::indexing_slicing,
    reason = "start <= end <= bytes.len() is kept by consume, commit and spare"
)]
impl Buffer {
    /// An empty one that takes so many bytes.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { bytes: vec![0; capacity].into_boxed_slice(), start: 0, end: 0 }
    }

    /// What is in it.
    #[must_use]
    pub fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// What is in it, to be decrypted in place.
    pub fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.end]
    }

    /// True where nothing is in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// How many bytes it takes still.
    #[must_use]
    pub fn room(&self) -> usize {
        self.bytes.len() - (self.end - self.start)
    }

    /// Free memory behind what is in it: `least` bytes where there is so much room, and as much as lies there.
    pub fn spare(&mut self, least: usize) -> &mut [u8] {
        if self.bytes.len() - self.end < least {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        &mut self.bytes[self.end..]
    }

    /// The first `length` bytes of the spare memory were written.
    pub fn commit(&mut self, length: usize) {
        self.end = self.bytes.len().min(self.end.saturating_add(length));
    }

    /// The first `length` bytes were taken.
    pub fn consume(&mut self, length: usize) {
        self.start = self.end.min(self.start.saturating_add(length));
        if self.start == self.end {
            self.clear();
        }
    }

    /// Appends all of it, or says that there is no room.
    #[must_use]
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        let Some(spare) = self.spare(bytes.len()).get_mut(..bytes.len()) else { return false };
        spare.copy_from_slice(bytes);
        self.commit(bytes.len());
        true
    }

    /// Takes all.
    pub const fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }
}

#[cfg(test)]
mod tests;
