//! What a server offers to sign in with (RFC 9110 section 11.6.1).

use http_auth::DigestClient;
use http_auth::digest::Algorithm;
use http_auth::parser::ChallengeParser;
use reqwest::header::HeaderValue;

/// The challenges of a 401, as far as they matter.
#[derive(Debug, Default)]
pub(super) struct Offers {
    pub basic: bool,
    /// The strongest that can be answered (RFC 7616 section 3.7).
    pub digest: Option<DigestClient>,
    /// The names of all schemes.
    pub schemes: Vec<String>,
}

impl Offers {
    /// Reads the values of `WWW-Authenticate`. Of one that is not well-formed only the first word counts.
    pub(super) fn read<'a>(values: impl IntoIterator<Item = &'a HeaderValue>) -> Self {
        let mut offers = Offers::default();
        for value in values {
            let text = String::from_utf8_lossy(value.as_bytes());
            let before = offers.schemes.len();
            for challenge in ChallengeParser::new(&text).map_while(Result::ok) {
                offers.name(challenge.scheme);
                if let Ok(digest) = DigestClient::try_from(&challenge)
                    && offers.digest.as_ref().is_none_or(|other| strength(&digest) > strength(other))
                {
                    offers.digest = Some(digest);
                }
            }
            if let (true, Some(scheme)) = (offers.schemes.len() == before, text.split_whitespace().next()) {
                offers.name(scheme);
            }
        }
        offers
    }

    fn name(&mut self, scheme: &str) {
        self.basic |= scheme.eq_ignore_ascii_case("basic");
        self.schemes.push(scheme.to_owned());
    }
}

fn strength(digest: &DigestClient) -> u8 {
    match digest.algorithm() {
        Algorithm::Md5 => 0,
        Algorithm::Sha256 => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> String {
        let values: Vec<_> =
            values.iter().map(|value| HeaderValue::from_bytes(value.as_bytes()).unwrap()).collect();
        let offers = Offers::read(&values);
        let digest = offers.digest.map(|digest| (digest.algorithm(), digest.nonce().to_owned()));
        format!("{} {digest:?} {}", offers.basic, offers.schemes.join(" "))
    }

    #[test]
    fn the_strongest_digest_is_taken_wherever_it_stands() {
        let both = r#"Digest realm="x", nonce="a", algorithm=MD5, qop="auth", Digest realm="x", nonce="b", algorithm=SHA-256, qop="auth", basic realm="x""#;
        assert_eq!(read(&[both]), r#"true Some((Sha256, "b")) Digest Digest basic"#);
        let alone = [r#"Digest realm="x", nonce="b", algorithm=SHA-256"#, r#"Digest realm="x", nonce="a""#];
        assert_eq!(read(&alone), r#"false Some((Sha256, "b")) Digest Digest"#);
    }

    #[test]
    fn what_cannot_be_answered_is_only_named() {
        assert_eq!(read(&["Negotiate", "NTLM TlRM=="]), "false None Negotiate NTLM");
        assert_eq!(read(&[r#"Digest realm="x", nonce="a", algorithm=NEW"#]), "false None Digest");
        assert_eq!(read(&[r#"Digest realm="x", nonce="a", qop="auth-int-2""#]), "false None Digest");
        assert_eq!(
            read(&[r#"X-MobileMe-AuthToken realm="a", Basic realm="b""#]),
            "true None X-MobileMe-AuthToken Basic"
        );
        assert_eq!(read(&["BASIC realm=\"Büro\"", "", ",,"]), "true None BASIC ,,");
        assert_eq!(read(&[]), "false None ");
    }
}
