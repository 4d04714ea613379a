//! A plain HTTP client for what the tests do on a server as its user would, without the program.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::servers::USER;

pub struct Answer {
    pub status: u16,
    pub etag: Option<String>,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    send_as(USER, method, url, headers, body)
}

/// The same as another user.
pub fn send_as(user: &str, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let password = format!("{user}'s pässword");
    // The provider is installed for the process; a second time is no error that matters.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // Without TLS there are no certificates to load, which takes a while.
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
        let client = client.timeout(Duration::from_secs(60)).build().unwrap();
        let mut request = client.request(method.parse().unwrap(), url).basic_auth(user, Some(&password));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer =
            request.body(body.to_vec()).send().await.unwrap_or_else(|e| panic!("{method} {url}: {e}"));
        let header = |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        Answer { status: answer.status().as_u16(), etag: header("etag"), body: answer.bytes().await.unwrap() }
    })
}

/// Stores an item in a collection.
pub fn put(collection: &str, name: &str, media_type: &str, bytes: &[u8]) {
    let answer = send("PUT", &format!("{collection}{name}"), &[("Content-Type", media_type)], bytes);
    assert!(matches!(answer.status, 200 | 201 | 204), "PUT {name}: {} {}", answer.status, answer.text());
}

pub fn delete(collection: &str, name: &str) {
    let answer = send("DELETE", &format!("{collection}{name}"), &[], b"");
    assert!(matches!(answer.status, 200 | 204), "DELETE {name}: {} {}", answer.status, answer.text());
}

/// The names of the items of a collection, as the server lists them, percent-decoded.
pub fn names(collection: &str) -> Vec<String> {
    let body = b"<propfind xmlns='DAV:'><prop><getetag/></prop></propfind>";
    let answer = send("PROPFIND", collection, &[("Depth", "1"), ("Content-Type", "application/xml")], body);
    assert_eq!(answer.status, 207, "{}", answer.text());
    let text = answer.text();
    let hrefs = text.split("href>").skip(1).step_by(2).filter_map(|part| part.split('<').next());
    let names = hrefs.filter(|href| !href.ends_with('/')).filter_map(|href| href.rsplit('/').next());
    let decode = |name: &str| percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned();
    let mut names: Vec<String> = names.map(decode).collect();
    names.sort();
    names
}

/// What a collection holds: names and bytes.
pub fn items(collection: &str) -> BTreeMap<String, Bytes> {
    let get = |name: String| {
        let path =
            percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC).to_string();
        let answer = send("GET", &format!("{collection}{path}"), &[], b"");
        assert_eq!(answer.status, 200, "GET {name}");
        (name, answer.body)
    };
    names(collection).into_iter().map(get).collect()
}
