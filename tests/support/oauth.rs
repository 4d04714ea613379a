//! A small authorization server (RFC 6749 with PKCE, RFC 7636), and before a real server the gate that its tokens open.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::scripted::{Request, Scripted, answer, pass_on};
use super::servers::{PASSWORD, USER};

pub const CLIENT: &str = "client-1234";
pub const CLIENT_SECRET: &str = "cl1ent-s3cret";
pub const SCOPES: &str = "calendar contacts";

#[derive(Default)]
struct State {
    /// The challenge and the redirect URI of each code that was not used yet.
    codes: HashMap<String, (String, String)>,
    refresh: HashSet<String>,
    access: HashSet<String>,
    /// Everything that must not be seen anywhere else.
    secrets: Vec<String>,
    deny: bool,
    stillborn: bool,
}

/// The authorization server at `/authorize` and `/token`; every other path leads to the server behind it.
pub struct OAuth {
    front: Scripted,
    state: Arc<Mutex<State>>,
}

impl OAuth {
    /// Before the server on this port, which lets the tests' user in with a password.
    pub fn before(port: u16) -> OAuth {
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        let front = Scripted::talking(move |request, client| {
            let reply = shared.lock().unwrap().reply(request);
            client.write_all(&reply.unwrap_or_else(|| {
                let basic = STANDARD.encode(format!("{USER}:{PASSWORD}"));
                pass_on(port, &request.with("Authorization", &format!("Basic {basic}")))
            }))
        });
        OAuth { front, state }
    }

    pub fn url(&self, path: &str) -> String {
        self.front.url(path)
    }

    /// The next access token is no good.
    pub fn make_next_stillborn(&self) {
        self.state.lock().unwrap().stillborn = true;
    }

    /// The next person says no.
    pub fn deny_next(&self) {
        self.state.lock().unwrap().deny = true;
    }

    /// The person withdraws everything.
    pub fn revoke(&self) {
        let mut state = self.state.lock().unwrap();
        state.refresh.clear();
        state.access.clear();
    }

    /// All codes, verifiers and tokens so far, and the client's secret.
    pub fn secrets(&self) -> Vec<String> {
        let client = STANDARD.encode(format!("{CLIENT}:{CLIENT_SECRET}"));
        let mut secrets = self.state.lock().unwrap().secrets.clone();
        secrets.extend([CLIENT_SECRET.to_owned(), client]);
        secrets
    }
}

impl State {
    /// `None`: the server behind it is to answer.
    fn reply(&mut self, request: &Request) -> Option<Vec<u8>> {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        match path {
            "/authorize" => Some(self.authorize(&form(query.as_bytes()))),
            "/token" => Some(match self.token(request) {
                Ok(tokens) => answer("200 OK", "application/json", &tokens),
                Err(code) => answer(
                    "400 Bad Request",
                    "application/json",
                    &format!("{{\"error\":\"{code}\",\"error_description\":\"in short: no\"}}"),
                ),
            }),
            _ => {
                let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
                match token.is_some_and(|token| self.access.contains(token)) {
                    true => None,
                    false => Some(
                        b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\"\r\n\
                          Content-Length: 0\r\nConnection: close\r\n\r\n"
                            .to_vec(),
                    ),
                }
            }
        }
    }

    fn authorize(&mut self, asked: &HashMap<String, String>) -> Vec<u8> {
        let is = |name: &str, value: &str| asked.get(name).is_some_and(|given| given == value);
        let well_asked = is("response_type", "code")
            && is("client_id", CLIENT)
            && is("scope", SCOPES)
            && is("code_challenge_method", "S256")
            && is("login_hint", USER)
            && asked["redirect_uri"].starts_with("http://127.0.0.1:")
            && asked["state"].len() >= 16;
        if !well_asked {
            return answer("400 Bad Request", "text/plain", &format!("{asked:?}"));
        }
        let result = match std::mem::take(&mut self.deny) {
            true => "error=access_denied".to_owned(),
            false => {
                let code = self.new_secret("code");
                let asked = (asked["code_challenge"].clone(), asked["redirect_uri"].clone());
                self.codes.insert(code.clone(), asked);
                format!("code={code}")
            }
        };
        let (back, state) = (&asked["redirect_uri"], &asked["state"]);
        format!("HTTP/1.1 302 Found\r\nLocation: {back}?{result}&state={state}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .into_bytes()
    }

    fn token(&mut self, request: &Request) -> Result<String, &'static str> {
        let client = STANDARD.encode(format!("{CLIENT}:{CLIENT_SECRET}"));
        if request.method != "POST" || request.header("authorization") != Some(&format!("Basic {client}")) {
            return Err("invalid_client");
        }
        let asked = form(&request.body);
        match asked["grant_type"].as_str() {
            "authorization_code" => {
                let verifier = &asked["code_verifier"];
                self.secrets.push(verifier.clone());
                let (challenge, redirect) = self.codes.remove(&asked["code"]).ok_or("invalid_grant")?;
                let proven = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == challenge;
                if !proven || redirect != asked["redirect_uri"] {
                    return Err("invalid_grant");
                }
            }
            // A refresh token is good for one time.
            "refresh_token" if self.refresh.remove(&asked["refresh_token"]) => {}
            "refresh_token" => return Err("invalid_grant"),
            _ => return Err("unsupported_grant_type"),
        }
        let (access, refresh) = (self.new_secret("access"), self.new_secret("refresh"));
        if !std::mem::take(&mut self.stillborn) {
            self.access.insert(access.clone());
        }
        self.refresh.insert(refresh.clone());
        Ok(format!(
            "{{\"access_token\":\"{access}\",\"token_type\":\"Bearer\",\"expires_in\":3600,\"refresh_token\":\"{refresh}\"}}"
        ))
    }

    fn new_secret(&mut self, kind: &str) -> String {
        let secret = format!("{kind}-s3cret-{:04}", self.secrets.len());
        self.secrets.push(secret.clone());
        secret
    }
}

fn form(text: &[u8]) -> HashMap<String, String> {
    form_urlencoded::parse(text).into_owned().collect()
}
