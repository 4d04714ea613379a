//! What of the desktop is missing: told once in the log when it changes, and to whoever asks.

use std::sync::{Mutex, PoisonError};

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

/// Why the pieces are missing, in their order; none where a piece can be used.
#[derive(Debug)]
pub struct Missing(Mutex<[Option<String>; 3]>);

impl Default for Missing {
    fn default() -> Self {
        Missing(Mutex::new(Piece::ALL.map(|_| Some("it is being looked for".to_owned()))))
    }
}

impl Missing {
    pub fn set(&self, piece: Piece, why: Option<&str>) {
        let mut missing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = &mut missing[piece as usize];
        if known.as_deref() != why {
            match why {
                Some(why) => tracing::info!("no {}: {why}", piece.name()),
                None => tracing::info!("{}: found", piece.name()),
            }
            *known = why.map(str::to_owned);
        }
    }

    pub fn parts(&self) -> Vec<Part> {
        let missing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let part = |(piece, missing): (Piece, &Option<String>)| Part {
            name: piece.name().to_owned(),
            missing: missing.clone(),
        };
        Piece::ALL.into_iter().zip(missing.iter()).map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_until_it_is_found() {
        let missing = Missing::default();
        assert!(missing.parts().iter().all(|part| part.missing.is_some()));
        missing.set(Piece::Tray, None);
        missing.set(Piece::Notifications, Some("nobody shows them"));
        let parts: Vec<_> = missing.parts().into_iter().map(|part| (part.name, part.missing)).collect();
        let expected = [
            ("tray", None),
            ("notifications", Some("nobody shows them")),
            ("keyring", Some("it is being looked for")),
        ];
        assert_eq!(parts, expected.map(|(name, why)| (name.to_owned(), why.map(str::to_owned))));
    }
}
