//! Providers that people have, with their address and what they have to know: pure data.

/// A provider to choose, which fills in the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// The word in the page's address.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What stands in the address field; empty where it depends on the user.
    pub address: &'static str,
    /// An example of an address.
    pub example: &'static str,
    /// An example of a user name.
    pub username: &'static str,
    /// What to know, in a sentence or two.
    pub hint: &'static str,
    /// Where to make an app password.
    pub link: Option<(&'static str, &'static str)>,
}

/// Any CalDAV server.
pub const ANY: Preset = Preset {
    id: "",
    name: "Another server",
    address: "",
    example: "https://cal.example.com, example.com or you@example.com",
    username: "you@example.com",
    hint: "Type the server's address, its domain or your e-mail address: Syncline finds the calendars by itself.",
    link: None,
};

/// The providers, in the order in which they are shown.
pub const PRESETS: [Preset; 5] = [
    Preset {
        id: "icloud",
        name: "iCloud",
        address: "https://caldav.icloud.com",
        example: "https://caldav.icloud.com",
        username: "you@icloud.com",
        hint: "Apple does not take your normal password here. Make an app-specific password and use it with your Apple Account's e-mail address.",
        link: Some(("Make an app-specific password", "https://account.apple.com/account/manage")),
    },
    Preset {
        id: "fastmail",
        name: "Fastmail",
        address: "https://caldav.fastmail.com",
        example: "https://caldav.fastmail.com",
        username: "you@fastmail.com",
        hint: "Fastmail needs an app password with access to calendars. Your user name is your whole e-mail address.",
        link: Some(("Make an app password", "https://app.fastmail.com/settings/security/apps")),
    },
    Preset {
        id: "nextcloud",
        name: "Nextcloud",
        address: "",
        example: "https://cloud.example.com",
        username: "your Nextcloud user name",
        hint: "Type the address of your Nextcloud. With two-factor sign-in make an app password under Settings, Security, Devices & sessions.",
        link: None,
    },
    Preset {
        id: "google",
        name: "Google",
        address: "",
        example: "https://www.google.com/calendar/dav/you@gmail.com/user",
        username: "you@gmail.com",
        hint: "Google takes an app password only on the address in the example, and only with two-step sign-in. To read one calendar, its \"Secret address in iCal format\" as an ICS feed is simpler.",
        link: Some(("Make an app password", "https://myaccount.google.com/apppasswords")),
    },
    ANY,
];

/// The provider that the page's address names.
#[must_use]
pub fn preset(id: &str) -> Preset {
    PRESETS.into_iter().find(|preset| preset.id == id).unwrap_or(ANY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_provider_is_any_server() {
        assert_eq!(preset("icloud").address, "https://caldav.icloud.com");
        assert_eq!(preset("nobody"), ANY);
        assert_eq!(preset(""), ANY);
    }
}
