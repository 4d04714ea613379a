//! The names that Windows keeps for devices.

/// Whether Windows takes a file's name for a device, whatever the extension.
pub fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_ascii_uppercase();
    let numbered = |prefix| {
        let digit = stem.strip_prefix(prefix);
        digit.is_some_and(|rest| rest.chars().count() == 1 && rest.contains(|c| "0123456789¹²³".contains(c)))
    };
    ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str()) || numbered("COM") || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_known_in_every_form() {
        for name in ["CON", "nul.x", "Lpt9.a.b", "com0", "COM¹", "aux .ics"] {
            assert!(is_device(name), "{name}");
        }
        for name in ["", "console", "com", "COM10", "xCON", "a.con", "lptx"] {
            assert!(!is_device(name), "{name}");
        }
    }
}
