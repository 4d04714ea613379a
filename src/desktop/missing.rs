//! What of the desktop is missing: told once in the log when it changes, and to whoever asks.

use tokio::sync::watch;
use tr::tr;

use crate::daemon::protocol::Part;

/// What the desktop has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    Tray,
    Notifications,
    Keyring,
}

impl Piece {
    const ALL: [Piece; 3] = [Piece::Tray, Piece::Notifications, Piece::Keyring];

    fn name(self) -> &'static str {
        match self {
            Piece::Tray => "tray",
            Piece::Notifications => "notifications",
            Piece::Keyring => "keyring",
        }
    }
}

/// The pieces in their order, with why they are missing.
#[derive(Debug)]
pub struct Missing(watch::Sender<Vec<Part>>);

impl Default for Missing {
    fn default() -> Self {
        let part = |piece: Piece| Part {
            name: piece.name().to_owned(),
            missing: Some(tr!("it is being looked for")),
        };
        Missing(watch::Sender::new(Piece::ALL.map(part).into()))
    }
}

impl Missing {
    pub fn set(&self, piece: Piece, why: Option<&str>) {
        self.0.send_if_modified(|parts| {
            let missing = &mut parts[piece as usize].missing;
            let is_news = missing.as_deref() != why;
            if is_news {
                match why {
                    Some(why) => tracing::info!("no {}: {why}", piece.name()),
                    None => tracing::info!("{}: found", piece.name()),
                }
                *missing = why.map(str::to_owned);
            }
            is_news
        });
    }

    pub fn parts(&self) -> watch::Receiver<Vec<Part>> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_until_it_is_found() {
        let missing = Missing::default();
        let mut told = missing.parts();
        assert!(told.borrow_and_update().iter().all(|part| part.missing.is_some()));
        missing.set(Piece::Tray, None);
        missing.set(Piece::Notifications, Some("nobody shows them"));
        assert!(told.has_changed().unwrap());
        let parts: Vec<_> =
            told.borrow_and_update().iter().cloned().map(|part| (part.name, part.missing)).collect();
        let expected = [
            ("tray", None),
            ("notifications", Some("nobody shows them")),
            ("keyring", Some("it is being looked for")),
        ];
        assert_eq!(parts, expected.map(|(name, why)| (name.to_owned(), why.map(str::to_owned))));
        missing.set(Piece::Tray, None);
        assert!(!told.has_changed().unwrap(), "that is no news");
    }
}
