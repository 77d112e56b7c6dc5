//! The habits of calendar servers, each switchable. The default is a server without any (close to sabre/dav).

/// How hrefs are spelt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hrefs {
    /// `/cal/me/work/a%20b@%C3%BC.ics`
    #[default]
    Plain,
    /// As Radicale: `%40` for `@`.
    Thorough,
    /// As sabre/dav: lower-case digits, `@` as it is.
    LowerCase,
    /// Full addresses with a host name that nobody can reach, as behind a proxy.
    Absolute,
    /// Collections without the slash at their end, objects by name alone.
    Relative,
    /// Two slashes in front, as DAViCal behind some proxies.
    DoubleSlash,
}

/// How the document's namespaces are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prefixes {
    /// `d:` and `cal:`.
    #[default]
    Usual,
    /// `DAV:` is the default namespace.
    Default,
    /// `ns0:` and `ns1:`, and `d:` for something else.
    Odd,
}

/// What signs of a change the server gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signs {
    /// Sync tokens and CTags.
    #[default]
    Tokens,
    /// Only tokens.
    TokensOnly,
    /// CTags alone; `sync-collection` is answered with 403 `supported-report`.
    CtagOnly,
    /// None; as above.
    Nothing,
}

/// What happens to a token that the server does not know any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaleToken {
    /// This status with `valid-sync-token`.
    Status(u16),
    /// This status and nothing else.
    Bare(u16),
    /// A 207 with everything that there is, and a new token (DAViCal, SOGo, Stalwart).
    FullListing,
}

/// What happens to a query for everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BulkQuery {
    /// It is answered.
    #[default]
    Works,
    /// This status (Radicale: 400 above its limit).
    Refused(u16),
    /// So many objects and a 507 row.
    CutAt(usize),
}

/// How a password is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Login {
    /// Basic.
    #[default]
    Basic,
    /// Digest with SHA-256; no counter may be used twice.
    Digest,
    /// Both are offered.
    Both,
}

/// All habits of one server.
#[derive(Debug, Clone)]
pub struct Quirks {
    /// Spelling of hrefs.
    pub hrefs: Hrefs,
    /// Writing of namespaces.
    pub prefixes: Prefixes,
    /// Signs of a change.
    pub signs: Signs,
    /// Unknown tokens.
    pub stale_token: StaleToken,
    /// Queries for everything.
    pub bulk_query: BulkQuery,
    /// Authentication.
    pub login: Login,
    /// A Digest nonce is good for so many requests, then it is stale.
    pub nonce_uses: Option<usize>,
    /// `sync-collection` answers in pages of so many rows, with a 507 row.
    pub page: Option<usize>,
    /// `sync-collection` is refused with 400 unless `Depth: 1`.
    pub wants_depth_one: bool,
    /// The collection itself is listed among the changes (iCloud).
    pub lists_itself: bool,
    /// The first `sync-collection` also lists past removals (Radicale).
    pub lists_past_removals: bool,
    /// The last change is repeated with every report (DAViCal).
    pub repeats_last: bool,
    /// What is not there is left out of a multiget (sabre/dav, DAViCal) instead of answered with a 404 row.
    pub omits_missing: bool,
    /// Objects with these names are left out of every multiget, although they are there.
    pub omits: Vec<String>,
    /// Objects with these names are deleted by somebody right after the next listing named them.
    pub vanishes: Vec<String>,
    /// Objects with these names have no data in any report.
    pub empty: Vec<String>,
    /// A multiget with one of these answers 500.
    pub poison: Vec<String>,
    /// A multiget of more hrefs than this is refused with 400.
    pub max_multiget: Option<usize>,
    /// Entity tags begin with `W/`.
    pub weak_etags: bool,
    /// Colour and CTag of every calendar are forbidden (403 in their propstat).
    pub forbids_properties: bool,
    /// What `/.well-known/caldav` answers: a redirect with this status, or 404.
    pub well_known: Option<u16>,
    /// Where the redirect leads; `None` is the context path of this host.
    pub redirect_to: Option<String>,
    /// A redirect with this status from the context path to itself with a slash at its end.
    pub slash_redirect: Option<u16>,
    /// The home-set names this origin (`http://127.0.0.1:4711`) instead of a path.
    pub home_origin: Option<String>,
    /// The principal has a second home, `/shared/`, with the calendars that were put there.
    pub second_home: bool,
    /// The server knows no principals: asked for one, it says 404 in the propstat.
    pub no_principal: bool,
    /// Where the home address of the principal is looked up, the login page of something else is found.
    pub html_everywhere: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            hrefs: Hrefs::default(),
            prefixes: Prefixes::default(),
            signs: Signs::default(),
            stale_token: StaleToken::Status(403),
            bulk_query: BulkQuery::default(),
            login: Login::default(),
            nonce_uses: None,
            page: None,
            wants_depth_one: false,
            lists_itself: false,
            lists_past_removals: false,
            repeats_last: false,
            omits_missing: false,
            omits: Vec::new(),
            vanishes: Vec::new(),
            empty: Vec::new(),
            poison: Vec::new(),
            max_multiget: None,
            weak_etags: false,
            forbids_properties: false,
            well_known: Some(301),
            redirect_to: None,
            slash_redirect: None,
            home_origin: None,
            second_home: false,
            no_principal: false,
            html_everywhere: false,
        }
    }
}

/// A thing that goes wrong, armed for the next requests of one kind.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This status, with `Retry-After` when given.
    Status(u16, Option<String>),
    /// A web page with status 200.
    Html,
    /// The right answer, but the connection closes after so many bytes of it.
    CutConnection(usize),
    /// The right answer, correctly framed, but only so many bytes of it.
    CutBody(usize),
    /// The right answer up to so many bytes, then silence.
    Stall(usize),
}
