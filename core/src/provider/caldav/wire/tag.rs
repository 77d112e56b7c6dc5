//! The elements that matter, named by namespace and local name. Prefixes mean nothing: servers choose them freely.

/// WebDAV.
const DAV: &str = "DAV:";
/// CalDAV (RFC 4791).
const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
/// Calendar server extensions: CTag and subscriptions.
const CS: &str = "http://calendarserver.org/ns/";
/// Colour and order of a calendar.
const APPLE: &str = "http://apple.com/ns/ical/";

/// An element; everything that is not needed is [`Tag::Other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Multistatus,
    Response,
    Href,
    Propstat,
    Prop,
    Status,
    Error,
    SyncToken,
    Etag,
    ContentType,
    DisplayName,
    ResourceType,
    Collection,
    Principal,
    HomeSet,
    AddressSet,
    PrivilegeSet,
    Privilege,
    Write,
    Calendar,
    CalendarData,
    Inbox,
    Outbox,
    Components,
    Comp,
    Timezone,
    TimezoneId,
    Ctag,
    Subscribed,
    Color,
    Order,
    Html,
    Other,
}

impl Tag {
    /// Looks an element up.
    pub(super) fn of(namespace: Option<&str>, local: &str) -> Self {
        match namespace {
            Some(DAV) => match local {
                "multistatus" => Self::Multistatus,
                "response" => Self::Response,
                "href" => Self::Href,
                "propstat" => Self::Propstat,
                "prop" => Self::Prop,
                "status" => Self::Status,
                "error" => Self::Error,
                "sync-token" => Self::SyncToken,
                "getetag" => Self::Etag,
                "getcontenttype" => Self::ContentType,
                "displayname" => Self::DisplayName,
                "resourcetype" => Self::ResourceType,
                "collection" => Self::Collection,
                "current-user-principal" => Self::Principal,
                "current-user-privilege-set" => Self::PrivilegeSet,
                "privilege" => Self::Privilege,
                "write" | "write-content" | "bind" | "all" => Self::Write,
                _ => Self::Other,
            },
            Some(CALDAV) => match local {
                "calendar-data" => Self::CalendarData,
                "calendar" => Self::Calendar,
                "calendar-home-set" => Self::HomeSet,
                "calendar-user-address-set" => Self::AddressSet,
                "supported-calendar-component-set" => Self::Components,
                "comp" => Self::Comp,
                "calendar-timezone" => Self::Timezone,
                "calendar-timezone-id" => Self::TimezoneId,
                "schedule-inbox" => Self::Inbox,
                "schedule-outbox" => Self::Outbox,
                _ => Self::Other,
            },
            Some(CS) => match local {
                "getctag" => Self::Ctag,
                "subscribed" => Self::Subscribed,
                _ => Self::Other,
            },
            Some(APPLE) => match local {
                "calendar-color" => Self::Color,
                "calendar-order" => Self::Order,
                _ => Self::Other,
            },
            _ if local.eq_ignore_ascii_case("html") => Self::Html,
            _ => Self::Other,
        }
    }

    /// Whether the text between its tags is wanted.
    pub(super) fn has_text(self) -> bool {
        matches!(
            self,
            Self::Href
                | Self::Status
                | Self::SyncToken
                | Self::Etag
                | Self::ContentType
                | Self::DisplayName
                | Self::CalendarData
                | Self::Timezone
                | Self::TimezoneId
                | Self::Ctag
                | Self::Color
                | Self::Order
        )
    }
}
