//! From bytes of a keyboard to what is asked for.
//!
//! Never here: a terminal.

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// The run is to stop in order.
    Stop,
    /// Quotes are to be pulled, or to come back where they are pulled.
    Pause,
    /// The kill is to be asked for once more.
    AskKill,
    /// Everything is to be killed.
    Kill,
    /// It is not to be.
    NoKill,
}

/// Where in a sequence of a key without a letter we are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    /// After the escape itself.
    Begun,
    /// Until its last byte.
    Within,
}

/// Reads keys.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    escape: Escape,
    /// The kill was asked for: the next key decides.
    asked: bool,
}

impl Keys {
    /// Takes one byte.
    pub(crate) fn feed(&mut self, byte: u8) -> Option<Act> {
        match (self.escape, byte) {
            (Escape::None | Escape::Begun, 0x1b) => {
                self.escape = Escape::Begun;
                return None;
            }
            (Escape::Begun, b'[' | b'O') => {
                self.escape = Escape::Within;
                return None;
            }
            (Escape::Within, 0x40..=0x7e) => {
                self.escape = Escape::None;
                return None;
            }
            (Escape::Within, _) => return None,
            (Escape::None | Escape::Begun, _) => self.escape = Escape::None,
        }
        self.key(byte)
    }

    fn key(&mut self, byte: u8) -> Option<Act> {
        let asked = core::mem::take(&mut self.asked);
        match byte.to_ascii_lowercase() {
            b'q' | 0x03 => Some(Act::Stop),
            b'y' if asked => Some(Act::Kill),
            _ if asked => Some(Act::NoKill),
            b'p' => Some(Act::Pause),
            b'k' => {
                self.asked = true;
                Some(Act::AskKill)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acts(bytes: &[u8]) -> Vec<Act> {
        let mut keys = Keys::default();
        bytes.iter().filter_map(|byte| keys.feed(*byte)).collect()
    }

    #[test]
    fn keys_ask_for_what_they_stand_for() {
        assert_eq!(acts(b"q"), [Act::Stop]);
        assert_eq!(acts(b"\x03"), [Act::Stop]);
        assert_eq!(acts(b"pP"), [Act::Pause, Act::Pause]);
        assert_eq!(acts(b"xyz \r"), [], "others for nothing");
    }

    #[test]
    fn a_kill_is_asked_for_once_more() {
        assert_eq!(acts(b"ky"), [Act::AskKill, Act::Kill]);
        assert_eq!(acts(b"kk"), [Act::AskKill, Act::NoKill], "a key held down kills nobody");
        assert_eq!(acts(b"kny"), [Act::AskKill, Act::NoKill]);
        assert_eq!(acts(b"kq"), [Act::AskKill, Act::Stop]);
        assert_eq!(acts(b"y"), []);
    }

    #[test]
    fn arrows_and_the_like_are_no_letters() {
        assert_eq!(acts(b"\x1b[A\x1bOP\x1b[1;5q\x1b[15~"), []);
        assert_eq!(acts(b"\x1b[Ap\x1bq"), [Act::Pause, Act::Stop], "and what follows them is");
        assert_eq!(acts(b"\x1b\x1b[Ak"), [Act::AskKill]);
    }
}
