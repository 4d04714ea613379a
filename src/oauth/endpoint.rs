//! The token endpoint (RFC 6749 section 3.2).

use std::error::Error as _;
use std::time::Duration;

use oauth2::basic::{BasicClient, BasicErrorResponse, BasicErrorResponseType, BasicTokenResponse};
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, TokenResponse, TokenUrl,
};
use tr::tr;

use super::{Client, Grant, OAuthError};
use crate::report::wording::line;

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(60);
/// A larger answer, in bytes, holds no tokens.
const MOST_BODY: usize = 64 * 1024;
/// A longer error code, in characters, is none.
const MOST_CODE: usize = 60;

pub(super) type Configured =
    BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// The token endpoint, as one client uses it.
pub struct TokenEndpoint {
    pub(super) client: Client,
    pub(super) configured: Configured,
    http: reqwest::Client,
}

impl TokenEndpoint {
    /// `http` must not follow redirects: the secrets are for this address only.
    pub fn new(client: Client, secret: Option<String>, http: reqwest::Client) -> Self {
        let configured = BasicClient::new(ClientId::new(client.id.clone()))
            .set_auth_uri(AuthUrl::from_url(client.authorization_url.clone()))
            .set_token_uri(TokenUrl::from_url(client.token_url.clone()));
        let configured = match secret {
            Some(secret) => configured.set_client_secret(ClientSecret::new(secret)),
            None => configured,
        };
        Self { client, configured, http }
    }

    /// New tokens for a refresh token (RFC 6749 section 6).
    ///
    /// # Errors
    /// [`OAuthError::NoLongerValid`] where the person must sign in again.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Grant, OAuthError> {
        let refresh_token = RefreshToken::new(refresh_token.to_owned());
        let request = self.configured.exchange_refresh_token(&refresh_token);
        let answer = request.request_async(&|request| exchange(self.http.clone(), request)).await;
        self.understand(answer)
    }

    /// The first tokens, for the code that the browser brought (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
    pub(super) async fn redeem(
        &self,
        code: String,
        verifier: PkceCodeVerifier,
        redirect: RedirectUrl,
    ) -> Result<Grant, OAuthError> {
        let configured = self.configured.clone().set_redirect_uri(redirect);
        let request = configured.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier);
        let answer = request.request_async(&|request| exchange(self.http.clone(), request)).await;
        self.understand(answer)
    }

    pub(super) fn host(&self) -> String {
        self.client.token_url.host_str().unwrap_or_default().to_owned()
    }

    /// Nothing of what the server said comes into an error but its code: the rest may repeat what it was sent.
    fn understand(&self, answer: Answer) -> Result<Grant, OAuthError> {
        let host = self.host();
        match answer {
            Ok(tokens) => Ok(Grant {
                access_token: tokens.access_token().secret().clone(),
                lifetime: tokens.expires_in(),
                refresh_token: tokens.refresh_token().map(|token| token.secret().clone()),
            }),
            Err(RequestTokenError::ServerResponse(refusal)) => Err(match refusal.error() {
                BasicErrorResponseType::InvalidGrant => OAuthError::NoLongerValid { host },
                BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => {
                    OAuthError::Client { host }
                }
                code => OAuthError::Failed { host, code: presentable(code.as_ref()) },
            }),
            Err(RequestTokenError::Request(Broken::Sending(error))) => {
                let mut why = error.to_string();
                let mut source = error.source();
                while let Some(cause) = source {
                    why = cause.to_string();
                    source = cause.source();
                }
                Err(OAuthError::Unreachable { host, why })
            }
            Err(RequestTokenError::Request(Broken::Late)) => {
                Err(OAuthError::Unreachable { host, why: tr!("it does not answer") })
            }
            Err(_) => Err(OAuthError::NotUnderstood { host }),
        }
    }
}

type Answer = Result<BasicTokenResponse, RequestTokenError<Broken, BasicErrorResponse>>;

/// One printable line, not too long.
pub(super) fn presentable(code: &str) -> String {
    line(code).chars().take(MOST_CODE).collect()
}

#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("{}", tr!("the request failed"))]
    Sending(reqwest::Error),
    #[error("{}", tr!("there is no answer"))]
    Late,
    #[error("{}", tr!("the answer is not one of a token endpoint"))]
    Odd,
}

impl From<reqwest::Error> for Broken {
    fn from(error: reqwest::Error) -> Self {
        Broken::Sending(error.without_url())
    }
}

async fn exchange(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, Broken> {
    let whole = async {
        let mut response = http.execute(request.try_into()?).await?;
        let mut answer = HttpResponse::new(Vec::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        while let Some(chunk) = response.chunk().await? {
            if answer.body().len() + chunk.len() > MOST_BODY {
                return Err(Broken::Odd);
            }
            answer.body_mut().extend_from_slice(&chunk);
        }
        Ok(answer)
    };
    tokio::time::timeout(LIMIT, whole).await.unwrap_or(Err(Broken::Late))
}

#[cfg(test)]
mod tests {
    use crate::oauth::LOOPBACK;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use url::Url;

    use super::*;
    use crate::collection::dav::Connection;

    /// What is made of this answer to a refresh.
    async fn refreshed(status: &str, body: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/token", listener.local_addr().unwrap())).unwrap();
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let client = Client {
            id: "me".into(),
            authorization_url: url.clone(),
            token_url: url.clone(),
            scopes: vec![],
            loopback: LOOPBACK,
        };
        let http = Connection::default().client_for_tokens(&url).unwrap();
        match TokenEndpoint::new(client, None, http).refresh("r3fresh").await {
            Ok(grant) => format!("{} {:?} {:?}", grant.access_token, grant.lifetime, grant.refresh_token),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn what_the_server_answers() {
        let token = r#"{"access_token":"a","token_type":"Bearer","expires_in":60,"refresh_token":"r"}"#;
        assert_eq!(refreshed("200 OK", token).await, r#"a Some(60s) Some("r")"#);
        let bare = r#"{"access_token":"a","token_type":"bearer"}"#;
        assert_eq!(refreshed("200 OK", bare).await, "a None None");
        let long = format!(r#"{{"error":"odd\n{}","error_description":"r3fresh"}}"#, "x".repeat(100));
        let huge = " ".repeat(MOST_BODY + 1);
        let answers = [
            ("400 Bad Request", r#"{"error":"invalid_grant","error_description":"r3fresh"}"#),
            ("401 Unauthorized", r#"{"error":"invalid_client"}"#),
            ("400 Bad Request", &long),
            ("302 Found", ""),
            ("200 OK", "<html>r3fresh"),
            ("200 OK", &huge),
        ];
        let mut said = Vec::new();
        for (status, body) in answers {
            said.push(refreshed(status, body).await);
        }
        insta::assert_snapshot!(said.join("\n"), @"
            127.0.0.1 says that the sign-in is no longer valid
            127.0.0.1 does not know this client_id, or not with this client secret: check [oauth] in the profile
            127.0.0.1 does not hand out what is asked for (it says odd xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx): check [oauth] in the profile, and try again
            127.0.0.1 answers, but not as an authorization server should: check the addresses in [oauth]
            127.0.0.1 answers, but not as an authorization server should: check the addresses in [oauth]
            127.0.0.1 answers, but not as an authorization server should: check the addresses in [oauth]
            ");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there() {
        let url = Url::parse("http://127.0.0.1:1/token").unwrap();
        let client = Client {
            id: "me".into(),
            authorization_url: url.clone(),
            token_url: url.clone(),
            scopes: vec![],
            loopback: LOOPBACK,
        };
        let http = Connection::default().client_for_tokens(&url).unwrap();
        let error = TokenEndpoint::new(client, None, http).refresh("r").await.err().unwrap();
        assert_eq!(error.trouble(), crate::collection::Trouble::Offline);
        insta::assert_snapshot!(error, @"the authorization server 127.0.0.1 cannot be reached (Connection refused (os error 111)): check that this computer is online, or try again later");
    }
}
