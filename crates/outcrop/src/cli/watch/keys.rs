//! Keys of the view. Where the terminal cannot be set to give them at once, Ctrl-C ends the view.

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Quit,
    Down,
    Up,
    PageDown,
    PageUp,
}

/// Keys with the bytes that terminals send.
const KEYS: [(&[u8], Key); 10] = [
    (b"q", Key::Quit),
    (b"Q", Key::Quit),
    (b"j", Key::Down),
    (b"k", Key::Up),
    (b"\x1b[B", Key::Down),
    (b"\x1bOB", Key::Down),
    (b"\x1b[A", Key::Up),
    (b"\x1bOA", Key::Up),
    (b"\x1b[6~", Key::PageDown),
    (b"\x1b[5~", Key::PageUp),
];

fn of(bytes: &[u8]) -> Option<Key> {
    let known = KEYS.iter().find(|(sent, _)| bytes.starts_with(sent));
    known.map(|(_, key)| *key)
}

#[cfg(unix)]
pub(super) use unix::Keys;

#[cfg(unix)]
mod unix {
    use std::io::Read;
    use std::os::fd::AsFd;
    use std::time::Duration;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

    use super::{Key, of};

    /// Standard input, which gives every key at once and shows none; as it was when this is dropped. Signals of the
    /// terminal, such as Ctrl-C, stay signals.
    pub(in super::super) struct Keys(Option<Termios>);

    impl Keys {
        pub(in super::super) fn open() -> Self {
            let input = std::io::stdin();
            let before = tcgetattr(&input).ok();
            if let Some(before) = &before {
                let mut now = before.clone();
                now.local_flags
                    .remove(LocalFlags::ICANON | LocalFlags::ECHO);
                let _ = tcsetattr(&input, SetArg::TCSANOW, &now);
            }
            Self(before)
        }

        /// The next key; none after `wait`, or for one without a meaning.
        pub(in super::super) fn next(&self, wait: Duration) -> Option<Key> {
            let input = std::io::stdin();
            let mut ready = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
            let milliseconds = wait.as_millis().min(1000) as u16;
            let there = poll(&mut ready, PollTimeout::from(milliseconds));
            let pressed = self.0.is_some() && there.is_ok_and(|count| count > 0);
            if !pressed {
                if self.0.is_none() {
                    std::thread::sleep(wait); // no terminal: poll may return at once
                }
                return None;
            }
            let mut bytes = [0; 16];
            let count = input.lock().read(&mut bytes).ok()?;
            of(&bytes[..count])
        }
    }

    impl Drop for Keys {
        fn drop(&mut self) {
            if let Some(before) = &self.0 {
                let _ = tcsetattr(std::io::stdin(), SetArg::TCSANOW, before);
            }
        }
    }
}

#[cfg(not(unix))]
pub(super) struct Keys;

#[cfg(not(unix))]
impl Keys {
    pub(super) fn open() -> Self {
        Self
    }

    pub(super) fn next(&self, wait: std::time::Duration) -> Option<Key> {
        std::thread::sleep(wait);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_by_their_bytes() {
        assert_eq!(of(b"q"), Some(Key::Quit));
        assert_eq!(of(b"\x1b[B\x1b[B"), Some(Key::Down));
        assert_eq!(of(b"\x1b[5~"), Some(Key::PageUp));
        assert_eq!((of(b"x"), of(b"\x1b"), of(b"")), (None, None, None));
    }
}
