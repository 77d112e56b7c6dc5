//! Which addresses may be connected to.

use super::{OutboundPolicy, failure};
use crate::error::ProviderError;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use url::{Host, Url};

/// Whether an address belongs to the public internet: not private, loopback, link-local (cloud metadata), carrier-grade
/// NAT, multicast, documentation, benchmarking or reserved, and no IPv6 form that hides such an IPv4 address
/// (mapped, 6to4, NAT64, ISATAP). What is unknown is not public. (IANA special-purpose registries, RFC 6890.)
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Whether a request to this address stays on the machine or its own network, as far as the address itself says.
pub(super) fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => !is_public_v4(address),
        Some(Host::Ipv6(address)) => !is_public_v6(address),
        None => false,
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    // Azure's platform address: public in form, internal in fact.
    const AZURE_WIRE_SERVER: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        (0 | 10 | 127, ..) => true,                // this network, private, loopback
        (100, 64..=127, _) => true,                // carrier-grade NAT
        (169, 254, _) => true,                     // link-local, cloud metadata
        (172, 16..=31, _) | (192, 168, _) => true, // private
        (192, 0, 0 | 2) => true,                   // protocol assignments, documentation
        (192, 88, 99) => true,                     // 6to4 relays
        (198, 18 | 19, _) => true,                 // benchmarking
        (198, 51, 100) | (203, 0, 113) => true,    // documentation
        (224.., ..) => true,                       // multicast, reserved, broadcast
        _ => false,
    };
    !special && address != AZURE_WIRE_SERVER
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    let low = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, tail] => low(high, tail),         // IPv4-mapped
        [0x64, 0xff9b, 0, 0, 0, 0, high, tail] => low(high, tail),      // NAT64 with the well-known prefix
        [0x2002, high, tail, ..] => low(high, tail),                    // 6to4
        [_, _, _, _, 0 | 0x200, 0x5efe, high, tail] => low(high, tail), // ISATAP
        [0x2001, 0..=0x1ff, ..] => false,                               // Teredo, ORCHID, benchmarking
        [0x2001, 0xdb8, ..] => false,                                   // documentation
        [0x3fff, 0..=0xfff, ..] => false,                               // documentation
        // Only 2000::/3 is given out as global unicast; loopback, unique local, link-local, multicast lie outside.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// A name whose every address is refused.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that is not public")]
pub(super) struct NotPublic;

/// Resolves names with the operating system and lets only permitted addresses through. The connection is then made to exactly
/// these addresses, so there is no second look-up that could answer differently.
pub(super) struct GuardedResolver(pub(super) Arc<OutboundPolicy>);

impl reqwest::dns::Resolve for GuardedResolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let policy = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let addresses = permitted(&policy, found)?;
            Ok(Box::new(addresses.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

fn permitted(policy: &OutboundPolicy, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, NotPublic> {
    let was_empty = found.is_empty();
    let kept: Vec<SocketAddr> = found.into_iter().filter(|address| policy.permits(address.ip())).collect();
    if kept.is_empty() && !was_empty { Err(NotPublic) } else { Ok(kept) }
}

/// Checks what can be known before a name is resolved: the scheme, and an address that is written as numbers (which
/// never reaches the resolver).
pub(super) fn check(url: &Url, policy: &OutboundPolicy, what: &'static str) -> Result<(), ProviderError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(failure::bad_address(what, url));
    }
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) => return Ok(()),
        None => return Err(failure::bad_address(what, url)),
    };
    let is_excepted = url.port_or_known_default().is_some_and(|port| policy.private_sockets.contains(&SocketAddr::new(literal, port)));
    if is_excepted || policy.permits(literal) { Ok(()) } else { Err(failure::private_address(what, &super::host_of(url))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_whether_it_is_near() {
        let near = |text: &str| is_near(&Url::parse(text).unwrap());
        for text in ["http://localhost:5232/", "http://dav.localhost/", "http://127.0.0.1/", "http://192.168.1.4/", "http://[fd00::1]/"] {
            assert!(near(text), "{text}");
        }
        for text in ["https://cal.example.org/", "https://localhost.example.org/", "http://203.0.114.1/", "http://[2606:4700::1]/"] {
            assert!(!near(text), "{text}");
        }
    }

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for text in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101", "2002:101:101::1", "::ffff:8.8.8.8", "172.32.0.1"] {
            assert!(is_public(text.parse().expect(text)), "{text}");
        }
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.9.9.9",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "2600:1::5efe:a00:1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(!is_public(text.parse().expect(text)), "{text}");
        }
    }

    #[test]
    fn a_name_with_public_and_private_addresses_keeps_only_the_public_ones() {
        let policy = OutboundPolicy::default();
        let public: SocketAddr = "1.1.1.1:0".parse().unwrap();
        let private: SocketAddr = "10.0.0.1:0".parse().unwrap();
        assert_eq!(permitted(&policy, vec![private, public]).unwrap(), [public]);
        assert!(permitted(&policy, vec![private]).is_err());
        assert!(permitted(&OutboundPolicy { private_exceptions: vec![private.ip()], ..policy }, vec![private]).is_ok());
    }

    #[test]
    fn an_excepted_port_opens_no_other_port_and_no_name() {
        let policy = OutboundPolicy { private_sockets: vec!["127.0.0.1:4000".parse().unwrap()], ..OutboundPolicy::default() };
        let allowed = |text: &str| check(&Url::parse(text).expect(text), &policy, "test").is_ok();
        assert!(allowed("http://127.0.0.1:4000/google"));
        assert!(!allowed("http://127.0.0.1:4001/") && !allowed("http://127.0.0.1/") && !allowed("http://127.0.0.2:4000/"));
        assert!(permitted(&policy, vec!["127.0.0.1:0".parse().unwrap()]).is_err(), "a name that leads there is refused");
    }

    #[test]
    fn addresses_in_odd_spellings_are_seen_through() {
        let policy = OutboundPolicy::default();
        for text in
            ["http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://[::ffff:7f00:1]/", "http://127.1/", "http://①27.0.0.1/"]
        {
            let error = check(&Url::parse(text).expect(text), &policy, "test").expect_err(text);
            assert_eq!(error.problem.code, "private_address", "{text}");
        }
        for text in ["ftp://example.org/", "file:///etc/passwd", "data:text/plain,x"] {
            assert_eq!(check(&Url::parse(text).expect(text), &policy, "test").expect_err(text).problem.code, "bad_address");
        }
    }
}
