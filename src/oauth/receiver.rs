//! To which the browser comes back: a web server on this computer for one page (RFC 8252 section 7.3).

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue, REFERRER_POLICY};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tr::tr;
use url::{Url, form_urlencoded};

use super::OAuthError;
use super::endpoint::presentable;

/// How long one connection may last.
const CONNECTION_LIMIT: Duration = Duration::from_secs(30);
/// How large the head of a request may be, in bytes.
const MOST_HEAD: usize = 16 * 1024;

/// Listens on this computer only, at a port that is free.
pub(super) struct Receiver {
    listener: TcpListener,
    url: Url,
}

type Outcome = Result<String, OAuthError>;

impl Receiver {
    /// `name` is what the browser calls this computer.
    pub(super) async fn open(name: &str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let url = Url::parse(&format!("http://{name}:{port}/")).map_err(io::Error::other)?;
        Ok(Self { listener, url })
    }

    /// Where the browser is sent back to.
    pub(super) fn url(&self) -> Url {
        self.url.clone()
    }

    /// Waits for the answer of the server `host` that carries this state; others are turned away.
    pub(super) async fn code(self, state: &str, host: &str) -> Outcome {
        let (tell, mut told) = mpsc::channel(1);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                Some(outcome) = told.recv() => return outcome,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let serving = serve(stream, state.to_owned(), host.to_owned(), tell.clone());
                        connections.spawn(tokio::time::timeout(CONNECTION_LIMIT, serving));
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                },
            }
            while connections.try_join_next().is_some() {}
        }
    }
}

/// Serves one request, and tells of the answer that it brought once the page is written.
async fn serve(stream: TcpStream, state: String, host: String, tell: mpsc::Sender<Outcome>) {
    let found = Arc::new(Mutex::new(None));
    let service = service_fn(|request: Request<Incoming>| {
        let outcome = answer(request.uri().query().unwrap_or_default(), &state, &host);
        let page = page(outcome.as_ref());
        *found.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
        async { Ok::<_, Infallible>(page) }
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(MOST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    // A browser that hangs up early has brought its answer all the same.
    let _ = connection.await;
    let outcome = found.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(outcome) = outcome {
        let _ = tell.send(outcome).await;
    }
}

/// The authorization response in a query (RFC 6749 section 4.1.2), if it belongs to this state.
fn answer(query: &str, state: &str, host: &str) -> Option<Outcome> {
    let value =
        |name: &str| form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, v)| v);
    if value("state").as_deref() != Some(state) {
        return None;
    }
    match (value("code"), value("error")) {
        (_, Some(error)) if error == "access_denied" => Some(Err(OAuthError::Denied)),
        (_, Some(error)) => {
            Some(Err(OAuthError::Failed { host: host.to_owned(), code: presentable(&error) }))
        }
        (Some(code), None) => Some(Ok(code.into_owned())),
        (None, None) => None,
    }
}

fn page(outcome: Option<&Outcome>) -> Response<Full<Bytes>> {
    let (status, text) = match outcome {
        Some(Ok(_)) => (StatusCode::OK, tr!("You can close this window and go back to Pimbridge.")),
        Some(Err(_)) => {
            (StatusCode::OK, tr!("It did not work. Pimbridge says why; you can close this window."))
        }
        None => (StatusCode::NOT_FOUND, tr!("There is nothing here.")),
    };
    let html = format!("<!DOCTYPE html><html><title>Pimbridge</title><p>{text}</p></html>\n");
    let mut response = Response::new(Full::new(Bytes::from(html)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    // The address has the code in it.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn said(query: &str) -> String {
        match answer(query, "s t", "login.example") {
            None => "nothing".to_owned(),
            Some(Ok(code)) => format!("code {code}"),
            Some(Err(error)) => error.to_string(),
        }
    }

    #[test]
    fn only_the_answer_to_our_question_counts() {
        assert_eq!(said("code=a%2Fb&state=s+t"), "code a/b");
        assert_eq!(said("state=s%20t&error=access_denied"), OAuthError::Denied.to_string());
        assert!(said("state=s%20t&error=a%0Ab").contains("(it says a b)"));
        for other in ["", "code=a", "code=a&state=other", "code=a&state=other&state=s+t", "state=s+t"] {
            assert_eq!(said(other), "nothing", "{other}");
        }
    }

    #[tokio::test]
    async fn a_browser_that_knocks_first_does_not_keep_the_answer_out() {
        let receiver = Receiver::open("localhost").await.unwrap();
        assert_eq!(receiver.url().host_str(), Some("localhost"));
        let address = receiver.listener.local_addr().unwrap();
        let waiting = tokio::spawn(async move { receiver.code("s", "h").await });
        let _silent = TcpStream::connect(address).await.unwrap();
        let ask = async |path: &str| {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
            let mut page = String::new();
            stream.read_to_string(&mut page).await.unwrap();
            page
        };
        assert!(ask("/favicon.ico").await.starts_with("HTTP/1.1 404"));
        assert!(ask("/?code=forged&state=guessed").await.starts_with("HTTP/1.1 404"));
        assert!(ask("/?code=c&state=s").await.contains("You can close this window"));
        assert_eq!(waiting.await.unwrap().unwrap(), "c");
    }
}
