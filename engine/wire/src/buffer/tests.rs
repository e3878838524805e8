use proptest::prelude::*;

use super::Buffer;

proptest! {
    /// Whatever is put in and taken out, it is a queue of at most so many bytes.
    #[test]
    fn is_a_queue(steps in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..24), 0_usize..24), 1..60)) {
        let (mut buffer, mut twin) = (Buffer::new(40), Vec::new());
        for (bytes, taken) in steps {
            let fits = bytes.len() <= 40 - twin.len();
            prop_assert_eq!(buffer.room(), 40 - twin.len());
            prop_assert_eq!(buffer.push(&bytes), fits);
            if fits {
                twin.extend_from_slice(&bytes);
            }
            prop_assert_eq!(buffer.filled(), &twin[..]);
            buffer.consume(taken);
            twin.drain(..taken.min(twin.len()));
            prop_assert_eq!(buffer.filled_mut(), &twin[..]);
            prop_assert_eq!(buffer.is_empty(), twin.is_empty());
        }
    }
}
