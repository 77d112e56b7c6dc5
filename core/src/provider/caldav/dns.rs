//! Where a domain says that its calendars are: SRV and TXT records (RFC 6764 §3 and §4).
//!
//! Only `_caldavs` is asked. What DNS says is not proven, and `_caldav` would lead to a password over plain http on the word
//! of whoever answered.

use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::{RData, RecordType};
use std::time::Duration;

/// Long enough for a slow resolver, short enough for somebody who waits at a form.
const TIMEOUT: Duration = Duration::from_secs(3);

/// A service record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) host: String,
    pub(super) port: u16,
    /// From the TXT record: where to begin instead of `/.well-known/caldav`.
    pub(super) path: Option<String>,
}

/// Asks the system's name servers. `None` when the domain says nothing, or DNS does not work: there are other ways to find
/// a server.
pub(super) async fn caldavs(domain: &str) -> Option<Service> {
    let mut builder = TokioResolver::builder_tokio().ok()?;
    builder.options_mut().timeout = TIMEOUT;
    builder.options_mut().attempts = 1;
    let resolver = builder.build().ok()?;
    let name = format!("_caldavs._tcp.{domain}.");
    let found = resolver.lookup(name.as_str(), RecordType::SRV).await.ok()?;
    let records = found.answers().iter().filter_map(|record| match &record.data {
        RData::SRV(srv) => Some((srv.priority, srv.weight, srv.port, srv.target.to_utf8())),
        _ => None,
    });
    let (host, port) = choose(records)?;
    let texts = resolver.lookup(name.as_str(), RecordType::TXT).await.ok();
    let path = texts.and_then(|found| {
        found.answers().iter().find_map(|record| match &record.data {
            RData::TXT(text) => text.txt_data.iter().find_map(|part| path_of(part)),
            _ => None,
        })
    });
    Some(Service { host, port, path })
}

/// The lowest priority, then the highest weight. A target of `.` says that there is no such service (RFC 2782).
fn choose(records: impl Iterator<Item = (u16, u16, u16, String)>) -> Option<(String, u16)> {
    let (_, _, port, target) = records.min_by_key(|(priority, weight, ..)| (*priority, u16::MAX - *weight))?;
    let host = target.trim_end_matches('.').to_ascii_lowercase();
    (!host.is_empty()).then_some((host, port))
}

/// `path=/dav/` of a TXT record.
fn path_of(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let (key, path) = text.split_once('=')?;
    (key.trim().eq_ignore_ascii_case("path") && path.starts_with('/')).then(|| path.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_service_record_is_taken() {
        let record = |priority, weight, port, host: &str| (priority, weight, port, host.to_owned());
        let records = [record(10, 0, 443, "b.example.org."), record(1, 5, 443, "a.example.org."), record(1, 9, 8443, "Dav.example.org.")];
        assert_eq!(choose(records.into_iter()), Some(("dav.example.org".to_owned(), 8443)));
        assert_eq!(choose([record(0, 0, 0, ".")].into_iter()), None, "the domain says that there is no such service");
        assert_eq!(choose(std::iter::empty()), None);
    }

    #[test]
    fn a_text_record_names_the_path() {
        assert_eq!(path_of(b"path=/remote.php/dav/").as_deref(), Some("/remote.php/dav/"));
        assert_eq!(path_of(b"v=spf1"), None);
        assert_eq!(path_of(b"path=https://evil"), None);
    }
}
