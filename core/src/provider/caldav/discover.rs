//! Finding an account (RFC 6764, RFC 5397, RFC 4791 §6.2.1): from what a user typed to the places where the calendars are.
//!
//! From a full address, that address is asked first, then `/.well-known/caldav`, then the usual places of Nextcloud and Baïkal.
//! From a domain or an e-mail address, DNS is asked first. The first place that names a principal or a home wins.

use super::address::{self, Typed};
use super::auth::Login;
use super::dns::{self, Service};
use super::problems::{self, Subject};
use super::transport::{Call, Dav, Rows};
use super::wire::{Listing, PRINCIPAL, Props};
use super::{CalDavSettings, Home, list};
use crate::error::ProviderError;
use crate::net::{HttpClient, host_of};
use crate::provider::{Meter, RemoteCalendar};
use http::StatusCode;
use secrecy::SecretString;
use syncline_domain::failure::Class;
use url::Url;

const WHAT: &str = "caldav.discover";

/// Mail domains whose calendars live under another name, and services that other domains point at. DNS may lead to these hosts
/// from anywhere: whoever forges the answer still gets no further than the real service.
const SERVICES: &[(&[&str], &str)] = &[
    (&["icloud.com", "me.com", "mac.com"], "https://caldav.icloud.com/"),
    (&["fastmail.com", "fastmail.fm"], "https://caldav.fastmail.com/"),
    (&["yahoo.com", "ymail.com"], "https://caldav.calendar.yahoo.com/"),
    (&["mailbox.org"], "https://dav.mailbox.org/"),
    (&["posteo.de", "posteo.net"], "https://posteo.de:8443/"),
    (&["gmx.net", "gmx.de"], "https://caldav.gmx.net/"),
    (&["web.de"], "https://caldav.web.de/"),
    (&["zoho.com"], "https://calendar.zoho.com/"),
];

/// An account that was found.
#[derive(Debug, Clone)]
pub struct Discovered {
    /// What has to be stored to reach it again; nothing in it is secret.
    pub settings: CalDavSettings,
    /// The account in the user's words: an e-mail address where there is one, else the user name.
    pub account_name: String,
    /// The host that the calendars are on, as messages show it.
    pub host: String,
    /// The principal, when the server names one.
    pub principal: Option<Url>,
    /// The calendars; there is at least one.
    pub calendars: Vec<RemoteCalendar>,
}

/// Finds the account that an address, a domain or an e-mail address leads to, and checks the password on the way.
///
/// # Errors
/// `bad_address`, `wrong_password`, `not_caldav`, `forbidden`, `no_calendars`, `foreign_host`, `insecure_redirect`, `redirect_loop`,
/// `insecure_login`, and what [`HttpClient::send`] gives.
pub async fn discover(
    client: &HttpClient,
    address: &str,
    username: &str,
    password: &SecretString,
    meter: &Meter,
) -> Result<Discovered, ProviderError> {
    let starts = match address::parse(address).ok_or_else(|| problems::bad_address(WHAT))? {
        Typed::Address(url) => from_address(&url),
        Typed::Domain(domain) => match known_service(&domain) {
            Some(url) => vec![url],
            None => from_domain(&domain, dns::caldavs(&domain).await)?,
        },
    };
    let first = starts.first().ok_or_else(|| problems::bad_address(WHAT))?;
    let username = if username.trim().is_empty() { address.trim() } else { username.trim() };
    let search = Search { dav: Dav { client: client.clone(), login: Login::unknown(username, password, first) }, meter };
    let found = search.run(&starts).await?;
    search.finish(found, username).await
}

fn known_service(domain: &str) -> Option<Url> {
    let (_, url) = SERVICES.iter().find(|(domains, _)| domains.contains(&domain))?;
    Url::parse(url).ok()
}

/// Places to try for a full address, best first.
fn from_address(url: &Url) -> Vec<Url> {
    let mut below = url.clone();
    if !below.path().ends_with('/') {
        below.set_path(&format!("{}/", url.path()));
    }
    let mut places = vec![url.clone(), address::at(url, "/.well-known/caldav")];
    // Nextcloud and Baïkal under the address that people know: that of the web page.
    places.extend(["remote.php/dav/", "dav.php/"].iter().filter_map(|path| below.join(path).ok()));
    places.push(address::at(url, "/"));
    let mut seen = std::collections::HashSet::new();
    places.retain(|place| seen.insert(place.clone()));
    places
}

/// Places to try for a domain.
fn from_domain(domain: &str, service: Option<Service>) -> Result<Vec<Url>, ProviderError> {
    let own = Url::parse(&format!("https://{domain}/")).map_err(|_| problems::bad_address(WHAT))?;
    let Some(service) = service else { return Ok(vec![address::at(&own, "/.well-known/caldav"), own]) };
    let base = Url::parse(&format!("https://{}:{}/", service.host, service.port)).map_err(|_| problems::bad_address(WHAT))?;
    let known = SERVICES.iter().any(|(_, url)| Url::parse(url).is_ok_and(|url| address::same_site(&url, &base)));
    if !known && !address::same_site(&own, &base) {
        return Err(problems::foreign_host(WHAT, &own, &base));
    }
    Ok(match service.path {
        Some(path) => vec![address::at(&base, &path), address::at(&base, "/.well-known/caldav")],
        None => vec![address::at(&base, "/.well-known/caldav"), base],
    })
}

struct Search<'a> {
    dav: Dav,
    meter: &'a Meter,
}

/// What a place led to.
#[derive(Default)]
struct Found {
    homes: Vec<Home>,
    principal: Option<Url>,
    addresses: Vec<String>,
    /// The address was that of one calendar.
    single: Option<Url>,
    /// A home of another site; its path was asked at ours instead.
    stranger: Option<Url>,
}

impl Search<'_> {
    async fn run(&self, starts: &[Url]) -> Result<Found, ProviderError> {
        let mut first_error = None;
        for start in starts {
            match self.place(start).await {
                Ok(found) => return Ok(found),
                // Another path at the same host may do better.
                Err(error) if matches!(error.class, Class::Malformed | Class::NotFound | Class::Permanent) => {
                    first_error.get_or_insert(error);
                }
                // Another attempt with a wrong password would only lock the account, and this is what the user has to know.
                Err(error) if matches!(error.class, Class::Authentication | Class::Refused) => return Err(error),
                // A host that can not be reached stays so.
                Err(error) => return Err(first_error.unwrap_or(error)),
            }
        }
        Err(first_error.unwrap_or_else(|| problems::bad_address(WHAT)))
    }

    async fn place(&self, start: &Url) -> Result<Found, ProviderError> {
        let answer = self.ask(start).await?;
        let url = answer.url.clone();
        let Some(props) = own_row(answer) else { return Err(problems::not_caldav(WHAT, &url)) };
        let single = (props.kind.calendar && !props.kind.special).then(|| url.clone());
        let mut found = Found { single, addresses: props.addresses, ..Found::default() };
        let mut homes = props.homes;
        let mut base = url.clone();
        if homes.is_empty()
            && let Some(href) = &props.principal
        {
            let principal = link(&url, href);
            let answer = self.ask(&principal).await?;
            base = answer.url.clone();
            if let Some(props) = own_row(answer) {
                homes = props.homes;
                found.addresses.extend(props.addresses);
            }
            found.principal = Some(base.clone());
        }
        found.stranger = homes.iter().filter_map(|href| Url::parse(href).ok()).find(|url| !address::same_site(&base, url));
        found.homes = homes.iter().map(|href| Home { url: as_collection(link(&base, href)).to_string(), single: false }).collect();
        if found.homes.is_empty() {
            if found.single.is_none() && !self.holds_calendars(&url).await? {
                return Err(match found.principal {
                    Some(_) => problems::no_calendars(WHAT, &url),
                    None => problems::not_caldav(WHAT, &url),
                });
            }
            let single = found.single.is_some();
            found.homes.push(Home { url: as_collection(url).to_string(), single });
        }
        Ok(found)
    }

    /// Asks a place who we are. A server that answers a stranger without saying who they are is asked again with the password.
    async fn ask(&self, url: &Url) -> Result<Rows, ProviderError> {
        let call = Call::propfind(WHAT, Subject::Discovery, url, 0, PRINCIPAL);
        let response = self.dav.send(call, self.meter).await?;
        if self.dav.login.is_anonymous() && (response.status == StatusCode::MULTI_STATUS || response.status.is_client_error()) {
            self.dav.login.volunteer();
        } else if response.status == StatusCode::MULTI_STATUS {
            return Rows::read(WHAT, response).await;
        } else {
            return Err(problems::refusal(WHAT, &response, Subject::Discovery));
        }
        self.dav.rows(call, self.meter).await
    }

    async fn holds_calendars(&self, url: &Url) -> Result<bool, ProviderError> {
        let home = Home { url: as_collection(url.clone()).to_string(), single: false };
        match list::home(&self.dav, &home, Listing::Plain, Subject::Discovery, self.meter).await {
            Ok(calendars) => Ok(!calendars.is_empty()),
            Err(error) if matches!(error.class, Class::Malformed | Class::NotFound | Class::Permanent) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Lists what was found, so that a connection is never stored that has nothing to sync.
    async fn finish(&self, mut found: Found, username: &str) -> Result<Discovered, ProviderError> {
        let mut calendars = Vec::new();
        for home in &found.homes {
            match (list::home(&self.dav, home, Listing::Plain, Subject::Discovery, self.meter).await, &found.stranger) {
                (Ok(some), _) => calendars.extend(some),
                (Err(error), Some(stranger)) if matches!(error.class, Class::Malformed | Class::NotFound | Class::Permanent) => {
                    let from = Url::parse(&home.url).map_err(|_| problems::bad_address(WHAT))?;
                    return Err(problems::foreign_host(WHAT, &from, stranger));
                }
                (Err(error), _) => return Err(error),
            }
        }
        if let Some(url) = &found.single {
            let path = address::collection_path(url.path(), url);
            if !calendars.iter().any(|entry| entry.calendar.remote_id == path) {
                // Somebody else's calendar that is shared by its address.
                let home = Home { url: as_collection(url.clone()).to_string(), single: true };
                calendars.extend(list::home(&self.dav, &home, Listing::Plain, Subject::Discovery, self.meter).await?);
                found.homes.push(home);
            }
        }
        let calendars = list::in_order(calendars);
        let base = found.homes.first().and_then(|home| Url::parse(&home.url).ok()).ok_or_else(|| problems::bad_address(WHAT))?;
        if calendars.is_empty() {
            return Err(problems::no_calendars(WHAT, &base));
        }
        let mut addresses: Vec<String> = found.addresses.iter().filter_map(|address| mail_address(address)).collect();
        if username.contains('@') {
            addresses.push(username.to_ascii_lowercase());
        }
        addresses.sort_unstable();
        addresses.dedup();
        let account_name =
            if username.contains('@') { username.to_owned() } else { addresses.first().cloned().unwrap_or_else(|| username.to_owned()) };
        let settings = CalDavSettings { homes: found.homes, username: username.to_owned(), auth: self.dav.login.kind(), addresses };
        Ok(Discovered { settings, account_name, host: host_of(&base), principal: found.principal, calendars })
    }
}

/// `mailto:Me@example.org` → `me@example.org`; other kinds of address are of no use for finding oneself among attendees.
fn mail_address(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once(':')?;
    (scheme.eq_ignore_ascii_case("mailto") && rest.contains('@')).then(|| rest.to_ascii_lowercase())
}

/// A Depth 0 answer has one row; a server that adds more puts its own first.
fn own_row(answer: Rows) -> Option<Props> {
    answer.rows.into_iter().next().filter(|row| row.status.is_none_or(|status| status < 300)).map(|row| row.props)
}

/// Where an href leads that may name another host (iCloud's homes do). A host of another site, or one without https where we
/// came by https, is that of a proxy that does not know its own name: the path is then asked where we are.
fn link(from: &Url, href: &str) -> Url {
    let here = address::at(from, &address::raw_path(href, from));
    let Ok(mut there) = from.join(href) else { return here };
    if !href.trim_start().to_ascii_lowercase().starts_with("http") || !address::same_site(from, &there) {
        return here;
    }
    if from.scheme() == "https" && there.scheme() != "https" {
        return here;
    }
    there.set_query(None);
    there.set_fragment(None);
    there
}

fn as_collection(mut url: Url) -> Url {
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(urls: &[Url]) -> Vec<&str> {
        urls.iter().map(Url::as_str).collect()
    }

    #[test]
    fn a_full_address_is_asked_before_the_usual_places() {
        let places = from_address(&Url::parse("https://example.org/nextcloud").unwrap());
        assert_eq!(
            texts(&places),
            [
                "https://example.org/nextcloud",
                "https://example.org/.well-known/caldav",
                "https://example.org/nextcloud/remote.php/dav/",
                "https://example.org/nextcloud/dav.php/",
                "https://example.org/"
            ]
        );
    }

    #[test]
    fn a_domain_is_asked_where_its_records_say() {
        let service = |host: &str, path: Option<&str>| Service { host: host.to_owned(), port: 8443, path: path.map(str::to_owned) };
        let places = from_domain("example.org", Some(service("dav.example.org", Some("/dav/")))).unwrap();
        assert_eq!(texts(&places)[0], "https://dav.example.org:8443/dav/");
        let places = from_domain("example.org", Some(service("dav.example.org", None))).unwrap();
        assert_eq!(texts(&places), ["https://dav.example.org:8443/.well-known/caldav", "https://dav.example.org:8443/"]);
        let places = from_domain("example.org", None).unwrap();
        assert_eq!(texts(&places), ["https://example.org/.well-known/caldav", "https://example.org/"]);
    }

    #[test]
    fn records_may_lead_to_a_known_service_and_not_to_a_stranger() {
        let service = |host: &str| Some(Service { host: host.to_owned(), port: 443, path: None });
        assert!(from_domain("firm.example", service("caldav.fastmail.com")).is_ok());
        let error = from_domain("firm.example", service("caldav.fastmail.com.evil.net")).unwrap_err();
        assert_eq!(error.problem.code, "foreign_host");
        assert!(error.problem.message.contains("caldav.fastmail.com.evil.net"));
        assert_eq!(known_service("me.com").unwrap().as_str(), "https://caldav.icloud.com/");
    }

    #[test]
    fn a_link_leads_to_another_host_only_within_the_site() {
        let from = Url::parse("https://caldav.icloud.com/1/principal/").unwrap();
        assert_eq!(link(&from, "https://p42-caldav.icloud.com:443/1/calendars/").as_str(), "https://p42-caldav.icloud.com/1/calendars/");
        assert_eq!(link(&from, "http://caldav.icloud.com/1/calendars/").as_str(), "https://caldav.icloud.com/1/calendars/");
        assert_eq!(link(&from, "http://backend:8080/1/calendars/").as_str(), "https://caldav.icloud.com/1/calendars/");
        assert_eq!(link(&from, "/1/calendars/").as_str(), "https://caldav.icloud.com/1/calendars/");
    }

    #[test]
    fn own_addresses_are_the_mail_addresses() {
        assert_eq!(mail_address("mailto:Me@Example.org").as_deref(), Some("me@example.org"));
        assert_eq!(mail_address("/principals/users/me/"), None);
        assert_eq!(mail_address("urn:uuid:1"), None);
    }
}
