//! The servers that a domain names for its calendars and address books (RFC 6764 section 3).

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};
use tr::tr;

use super::Service;

/// Names the server for DNS questions, as IP or IP:port, instead of the system's.
pub const NAMESERVER: &str = "PIMBRIDGE_NAMESERVER";

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// More servers than this are not tried.
const MOST_TARGETS: usize = 8;

/// A server that a domain names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub host: String,
    pub port: u16,
    /// Over TLS.
    pub secure: bool,
    /// Where on the server, if the domain says so.
    pub path: Option<String>,
}

/// What a domain says of a service.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// In the order in which they are to be tried.
    Targets(Vec<Target>),
    /// It says that it does not have it.
    NotOffered,
    /// It says nothing.
    Nothing,
}

pub(super) struct Dns(TokioResolver);

impl Dns {
    /// The error is a sentence for a person.
    pub(super) fn open() -> Result<Self, String> {
        let builder = match std::env::var(NAMESERVER) {
            Ok(text) => {
                let address = text
                    .parse()
                    .or_else(|_| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53)))
                    .map_err(|_| {
                        tr!("the variable {NAMESERVER} must hold an IP address with or without a port, such as \
                             127.0.0.1:53", NAMESERVER)
                    })?;
                let with_port = |mut connection: ConnectionConfig| {
                    connection.port = address.port();
                    connection
                };
                let ways = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(with_port).to_vec();
                let servers = vec![NameServerConfig::new(address.ip(), true, ways)];
                TokioResolver::builder_with_config(
                    ResolverConfig::from_name_servers(servers),
                    TokioRuntimeProvider::default(),
                )
            }
            Err(_) => TokioResolver::builder_tokio().map_err(|error| unreadable(&error))?,
        };
        builder.build().map(Self).map_err(|error| unreadable(&error))
    }

    /// The error says why nothing can be known, in a few words.
    pub(super) async fn servers(&self, domain: &str, service: Service) -> Result<Answer, String> {
        let mut refused = false;
        for secure in [true, false] {
            let name = format!("_{}{}._tcp.{domain}.", service.name(), if secure { "s" } else { "" });
            let records = self.ask(&name, RecordType::SRV).await?;
            let records = records.into_iter().filter_map(|data| match data {
                RData::SRV(srv) => Some(Record {
                    priority: srv.priority,
                    weight: srv.weight,
                    port: srv.port,
                    target: srv.target.to_ascii().trim_end_matches('.').to_owned(),
                }),
                _ => None,
            });
            // RFC 2782: the target "." says that the service is not there.
            let (real, none): (Vec<_>, Vec<_>) = records.partition(|record| !record.target.is_empty());
            refused |= !none.is_empty();
            if real.is_empty() {
                continue;
            }
            // Without its answer the server is as good.
            let path = self.ask(&name, RecordType::TXT).await.unwrap_or_default().iter().find_map(path);
            let targets = order(real, random).into_iter().take(MOST_TARGETS);
            return Ok(Answer::Targets(
                targets
                    .map(|record| Target {
                        host: record.target,
                        port: record.port,
                        secure,
                        path: path.clone(),
                    })
                    .collect(),
            ));
        }
        Ok(if refused { Answer::NotOffered } else { Answer::Nothing })
    }

    async fn ask(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, String> {
        match tokio::time::timeout(PATIENCE, self.0.lookup(name, kind)).await {
            Ok(Ok(found)) => Ok(found.answers().iter().map(|record| record.data.clone()).collect()),
            Ok(Err(error)) if error.is_no_records_found() || error.is_nx_domain() => Ok(Vec::new()),
            Ok(Err(error)) => Err(tr!("the name service cannot tell ({error})", error)),
            Err(_) => Err(tr!("the name service does not answer")),
        }
    }
}

fn unreadable(error: &NetError) -> String {
    tr!(
        "this computer does not say which name service to ask ({error}): check its network settings, or give the \
         address of the server instead",
        error
    )
}

/// RFC 6764 section 4: `path=/dav/`.
fn path(data: &RData) -> Option<String> {
    let RData::TXT(txt) = data else { return None };
    txt.txt_data.iter().find_map(|text| {
        let text = std::str::from_utf8(text).ok()?;
        let (key, path) = text.split_once('=')?;
        (key.eq_ignore_ascii_case("path") && path.starts_with('/')).then(|| path.to_owned())
    })
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    priority: u16,
    weight: u16,
    port: u16,
    target: String,
}

/// RFC 2782: the lower priority first; within one, by chance in proportion to the weights. `random` gives a
/// number from 0 to the one that it gets, inclusive.
fn order(mut records: Vec<Record>, mut random: impl FnMut(u32) -> u32) -> Vec<Record> {
    // Those of weight 0 first, so that they have a small chance.
    records.sort_by_key(|record| (record.priority, record.weight));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(first) = records.first() {
        let same = records.iter().take_while(|record| record.priority == first.priority);
        let sums: Vec<u32> = same
            .scan(0u32, |sum, record| {
                *sum = sum.saturating_add(record.weight.into());
                Some(*sum)
            })
            .collect();
        let drawn = random(sums.last().copied().unwrap_or(0));
        let chosen = sums.iter().position(|sum| *sum >= drawn).unwrap_or(0);
        ordered.push(records.remove(chosen));
    }
    ordered
}

fn random(most: u32) -> u32 {
    let number = RandomState::new().hash_one(0u8);
    u32::try_from(number % (u64::from(most) + 1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(priority: u16, weight: u16, target: &str) -> Record {
        Record { priority, weight, port: 443, target: target.to_owned() }
    }

    fn names(records: &[Record], random: impl FnMut(u32) -> u32) -> String {
        order(records.to_vec(), random).into_iter().map(|record| record.target).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn priority_comes_before_weight() {
        let records = [record(20, 100, "c"), record(10, 60, "a"), record(10, 0, "z"), record(10, 40, "b")];
        assert_eq!(names(&records, |_| 0), "z b a c");
        assert_eq!(names(&records, |most| most), "a b z c");
        let mut drawn = [41, 40, 0, 0].into_iter();
        assert_eq!(names(&records, |_| drawn.next().unwrap()), "a b z c");
        let mut asked = Vec::new();
        names(&records, |most| {
            asked.push(most);
            1
        });
        assert_eq!(asked, [100, 60, 0, 100]);
        assert_eq!(names(&[], |_| 0), "");
    }

    #[test]
    fn chance_stays_within_its_bound() {
        assert!((0..1000).all(|most| random(most) <= most));
    }

    #[test]
    fn a_path_is_read_from_a_text_record() {
        use hickory_resolver::proto::rr::rdata::TXT;
        let read = |texts: &[&str]| {
            path(&RData::TXT(TXT::new(texts.iter().map(|text| (*text).to_owned()).collect())))
        };
        assert_eq!(read(&["v=1", "path=/dav/"]).as_deref(), Some("/dav/"));
        assert_eq!(read(&["PATH=/x"]).as_deref(), Some("/x"));
        assert_eq!(read(&["path=https://evil.example/"]), None);
        assert_eq!(read(&["path"]), None);
    }
}
