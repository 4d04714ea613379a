//! How a word is written so that each kind of entry takes it for one word, and for nothing but itself.

/// The program of `Exec=` in a desktop entry; none where it has letters by which desktops do not find it.
#[cfg(not(any(windows, target_os = "macos")))]
pub(super) fn desktop_entry_program(path: &str) -> Option<String> {
    (!path.contains('%')).then(|| desktop_entry(path))
}

/// The program of `ExecStart=` in a systemd unit, in which no variable is looked for; none where systemd refuses it.
#[cfg(not(any(windows, target_os = "macos")))]
pub(super) fn systemd_program(path: &str) -> Option<String> {
    (!path.contains(['"', '\'', '\\'])).then(|| format!("\"{}\"", path.replace('%', "%%")))
}

/// A word of `Exec=` in a desktop entry (Desktop Entry Specification, "The Exec key").
#[cfg(not(any(windows, target_os = "macos")))]
pub(super) fn desktop_entry(word: &str) -> String {
    let mut quoted = String::from('"');
    for letter in word.chars() {
        match letter {
            // Once for the quotes, once more for the value of any key.
            '"' | '`' | '$' => quoted.extend(["\\\\", letter.encode_utf8(&mut [0; 4])]),
            '\\' => quoted.push_str("\\\\\\\\"),
            '%' => quoted.push_str("%%"),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

/// A word of `ExecStart=` in a systemd unit (systemd.service(5), "Command lines").
#[cfg(not(any(windows, target_os = "macos")))]
pub(super) fn systemd(word: &str) -> String {
    let mut quoted = String::from('"');
    for letter in word.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '%' | '$' => quoted.extend([letter, letter]),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

/// A word of a Windows command line, as `CommandLineToArgvW` takes it apart.
#[cfg(any(windows, test))]
pub(super) fn windows(word: &str) -> String {
    let mut quoted = String::from('"');
    let mut backslashes = 0;
    for letter in word.chars() {
        match letter {
            '\\' => backslashes += 1,
            '"' => {
                quoted.push_str(&"\\".repeat(backslashes + 1));
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        quoted.push(letter);
    }
    quoted.push_str(&"\\".repeat(backslashes));
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_letters_stay_what_they_are() {
        #[cfg(not(any(windows, target_os = "macos")))]
        {
            assert_eq!(desktop_entry(r#"a b"c$d`e\f%g"#), r#""a b\\"c\\$d\\`e\\\\f%%g""#);
            assert_eq!(systemd(r#"a b"c$d\e%f"#), r#""a b\"c$$d\\e%%f""#);
            assert_eq!(systemd_program("/a b/$c/100%").as_deref(), Some(r#""/a b/$c/100%%""#));
            assert_eq!((systemd_program("/a'b"), systemd_program("/a\"b")), (None, None));
            assert_eq!(desktop_entry_program("/a $b/c").as_deref(), Some(r#""/a \\$b/c""#));
            assert_eq!(desktop_entry_program("/100%"), None);
        }
        assert_eq!(windows(r"C:\Program Files\p.exe"), r#""C:\Program Files\p.exe""#);
        assert_eq!(windows(r"D:\"), r#""D:\\""#);
        assert_eq!(windows(r#"a"b\"c"#), r#""a\"b\\\"c""#);
    }
}
