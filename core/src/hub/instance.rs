//! What the administrator sets for the whole instance: our clients at the providers.
//!
//! The environment goes before the page, field by field: what it sets is shown as set there and can not be changed here. Secrets are
//! sealed with their name and never shown again. What is saved counts at once in this process, and within half a minute in others on
//! the same database.

use super::Hub;
use crate::error::Error;
use crate::oauth::guide::{self, Finding};
use crate::oauth::{GrantSettings, OAuthSettings, ServiceSettings, problems};
use crate::store::instance::{self, SettingRow};
use crate::store::users;
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use syncline_domain::failure::Problem;
use syncline_domain::ids::UserId;
use syncline_domain::sync::ProviderKind;

/// The providers that can be set up.
pub const PROVIDERS: [ProviderKind; 3] = [ProviderKind::Google, ProviderKind::Microsoft, ProviderKind::Calendly];
/// The longest text that is taken.
const LONGEST: usize = 512;

/// A field of a provider's set-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The client id.
    ClientId,
    /// Its secret.
    ClientSecret,
    /// Microsoft: the directory whose accounts may sign in.
    Tenant,
    /// Calendly: what the application's webhooks are signed with.
    WebhookKey,
}

impl Field {
    /// Its name in forms and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientId => "client_id",
            Self::ClientSecret => "client_secret",
            Self::Tenant => "tenant",
            Self::WebhookKey => "webhook_key",
        }
    }

    /// It is never shown.
    #[must_use]
    pub fn is_secret(self) -> bool {
        matches!(self, Self::ClientSecret | Self::WebhookKey)
    }

    /// The variable of the environment that sets it.
    #[must_use]
    pub fn variable(self, provider: ProviderKind) -> String {
        match self {
            Self::WebhookKey => "CALENDLY_WEBHOOK_SIGNING_KEY".to_owned(),
            _ => format!("SYNCLINE_{}_{}", provider.as_str().to_uppercase(), self.name().to_uppercase()),
        }
    }

    fn id(self, provider: ProviderKind) -> String {
        format!("{}.{}", provider.as_str(), self.name())
    }

    fn get(self, of: &ServiceSettings) -> Option<String> {
        match self {
            Self::ClientId => of.client_id.clone(),
            Self::ClientSecret => of.client_secret.as_ref().map(|secret| secret.expose_secret().to_owned()),
            Self::Tenant => of.tenant.clone(),
            Self::WebhookKey => of.webhook_key.as_ref().map(|secret| secret.expose_secret().to_owned()),
        }
    }

    fn set(self, of: &mut ServiceSettings, text: String) {
        match self {
            Self::ClientId => of.client_id = Some(text),
            Self::ClientSecret => of.client_secret = Some(text.into()),
            Self::Tenant => of.tenant = Some(text),
            Self::WebhookKey => of.webhook_key = Some(text.into()),
        }
    }
}

/// The fields of a provider.
#[must_use]
pub fn fields(provider: ProviderKind) -> &'static [Field] {
    match provider {
        ProviderKind::Google => &[Field::ClientId, Field::ClientSecret],
        ProviderKind::Microsoft => &[Field::ClientId, Field::ClientSecret, Field::Tenant],
        ProviderKind::Calendly => &[Field::ClientId, Field::ClientSecret, Field::WebhookKey],
        ProviderKind::Caldav | ProviderKind::Ics => &[],
    }
}

/// Who set a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetBy {
    /// The environment, or an argument: not to be changed on the page.
    Environment,
    /// The administrator.
    Page,
    /// Nobody.
    Nobody,
}

/// A field as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldState {
    /// Which.
    pub field: Field,
    /// Who set it.
    pub set_by: SetBy,
    /// What it is; never that of a secret.
    pub shown: Option<String>,
}

/// What counts now: the environment over what is stored.
#[derive(Default)]
pub(crate) struct Effective(RwLock<Arc<OAuthSettings>>);

impl Effective {
    fn replace(&self, settings: OAuthSettings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }
}

impl Hub {
    /// What is configured for the providers with OAuth now.
    #[must_use]
    pub fn oauth(&self) -> Arc<OAuthSettings> {
        self.0.oauth.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads what is stored, which another process may have changed.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn reload_instance(&self) -> Result<(), Error> {
        let rows = instance::all(self.db()).await?;
        let mut settings = self.config().oauth.clone();
        for provider in PROVIDERS {
            for field in fields(provider) {
                let Some(text) = rows.iter().find(|row| row.id == field.id(provider)).and_then(|row| self.text(row)) else { continue };
                if let Some(of) = settings.of_mut(provider).filter(|of| field.get(of).is_none()) {
                    field.set(of, text);
                }
            }
        }
        self.0.oauth.replace(settings);
        Ok(())
    }

    fn text(&self, row: &SettingRow) -> Option<String> {
        match &row.secret {
            // One that was sealed with a key that is gone is as good as none: the page asks for it again.
            Some(sealed) => self.0.secrets.open(sealed, &row.id).ok().map(|secret| secret.expose_secret().to_owned()),
            None => row.value.clone(),
        }
    }

    /// How a provider is set up, field by field.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for everybody but administrators.
    pub async fn instance_fields(&self, user: &UserId, provider: ProviderKind) -> Result<Vec<FieldState>, Error> {
        self.require_admin(user).await?;
        let (now, fixed) = (self.oauth(), &self.config().oauth);
        let state = |field: &Field| {
            let value = now.of(provider).and_then(|of| field.get(of));
            let is_fixed = fixed.of(provider).and_then(|of| field.get(of)).is_some();
            let set_by = match (is_fixed, &value) {
                (true, _) => SetBy::Environment,
                (false, Some(_)) => SetBy::Page,
                (false, None) => SetBy::Nobody,
            };
            FieldState { field: *field, set_by, shown: value.filter(|_| !field.is_secret()) }
        };
        Ok(fields(provider).iter().map(state).collect())
    }

    /// Stores what was typed for a provider. An empty secret leaves the stored one; an empty plain field takes its value away. What the
    /// environment sets is left alone.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for everybody but administrators; `bad_client_id`, `bad_client_secret`, `bad_tenant` or `bad_webhook_key` for
    /// what can not be one.
    pub async fn set_instance(&self, user: &UserId, provider: ProviderKind, typed: &[(Field, SecretString)]) -> Result<(), Error> {
        self.require_admin(user).await?;
        let fixed = self.config().oauth.clone();
        let mut tx = self.db().begin().await?;
        for (field, text) in typed {
            let text = text.expose_secret().trim();
            let is_fixed = fixed.of(provider).and_then(|of| field.get(of)).is_some();
            if is_fixed || !fields(provider).contains(field) || (text.is_empty() && field.is_secret()) {
                continue;
            }
            check(*field, text)?;
            let id = field.id(provider);
            if text.is_empty() {
                instance::delete(&mut tx, &id).await?;
                continue;
            }
            let secret = field.is_secret().then(|| self.0.secrets.seal(&SecretString::from(text), &id));
            let value = (!field.is_secret()).then(|| text.to_owned());
            instance::put(&mut tx, &SettingRow { id, value, secret }, self.now()).await?;
        }
        tx.commit().await?;
        tracing::info!(provider = provider.as_str(), "the set-up of a provider was changed on the page");
        self.reload_instance().await
    }

    /// Forgets everything that was stored for a provider. What the environment sets stays.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for everybody but administrators.
    pub async fn clear_instance(&self, user: &UserId, provider: ProviderKind) -> Result<(), Error> {
        self.require_admin(user).await?;
        let mut tx = self.db().begin().await?;
        for field in fields(provider) {
            instance::delete(&mut tx, &field.id(provider)).await?;
        }
        tx.commit().await?;
        self.reload_instance().await
    }

    /// [`Hub::check_provider`] for all providers at once.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for everybody but administrators.
    pub async fn check_providers(&self, user: &UserId, base: Option<&str>, seen: &str) -> Result<Vec<(ProviderKind, Vec<Finding>)>, Error> {
        let one = async |provider| Ok((provider, self.check_provider(user, provider, base, seen).await?));
        futures::future::try_join_all(PROVIDERS.map(one)).await
    }

    /// Looks at the set-up of a provider, asks the provider, and reads what its connections and the last refusal say about it. `base` is
    /// the configured address that browsers use, if there is one; `seen` the one that this browser uses.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for everybody but administrators.
    pub async fn check_provider(
        &self,
        user: &UserId,
        provider: ProviderKind,
        base: Option<&str>,
        seen: &str,
    ) -> Result<Vec<Finding>, Error> {
        self.require_admin(user).await?;
        let Some(guide) = guide::of(provider) else { return Ok(Vec::new()) };
        let oauth = self.oauth();
        let mut found = guide.check(self.config(), &oauth, base, seen).await;
        if provider == ProviderKind::Calendly {
            found.extend(guide::calendly_webhooks(&oauth, base));
        }
        let rows = instance::symptoms(self.db(), provider.as_str()).await?;
        found.extend(symptoms(provider, &rows));
        if let Some((code, at)) = self.0.refusals.of(provider) {
            let problem = problems::of(provider, &code);
            let minutes = (self.now() - at).max(0) / 60_000;
            let when = if minutes == 0 { "A moment ago".to_owned() } else { format!("{minutes} minutes ago") };
            found.push(Finding::bad(format!("{when} somebody could not connect: {}", problem.message), problem.action));
        }
        Ok(found)
    }

    /// Somebody came back from a provider without a connection: what [`Hub::check_provider`] tells the administrator, until somebody
    /// connects.
    pub fn note_consent(&self, provider: ProviderKind, refused: Option<&str>) {
        self.0.refusals.note(provider, refused.map(|code| (code.to_owned(), self.now())));
    }

    /// # Errors
    /// [`Error::Forbidden`] for everybody but administrators.
    pub(super) async fn require_admin(&self, user: &UserId) -> Result<(), Error> {
        if users::is_admin(self.db(), user).await? {
            return Ok(());
        }
        let problem = Problem::new("not_admin", "Only the administrator of this Syncline may see this.", "Ask whoever runs this server.");
        Err(Error::Forbidden(Box::new(problem)))
    }
}

/// The last refusal of each provider, in this process.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashMap<ProviderKind, (String, i64)>>);

impl Refusals {
    fn of(&self, provider: ProviderKind) -> Option<(String, i64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&provider).cloned()
    }

    fn note(&self, provider: ProviderKind, refusal: Option<(String, i64)>) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match refusal {
            // Whoever changes his mind says nothing about the set-up.
            Some((code, _)) if code == "consent_refused" || code == "state_expired" || code == "other_account" => {}
            Some(refusal) => drop(last.insert(provider, refusal)),
            None => drop(last.remove(&provider)),
        }
    }
}

/// What connections say about the set-up: an API that is not enabled, permissions that end after a week, a client that is refused.
fn symptoms(provider: ProviderKind, rows: &[(Option<String>, String, Option<i64>)]) -> Vec<Finding> {
    let codes = rows.iter().filter_map(|(problem, ..)| serde_json::from_str::<Problem>(problem.as_deref()?).ok());
    let mut found: Vec<Finding> = Vec::new();
    for problem in codes.filter(|problem| TELLING.contains(&problem.code.as_str())) {
        let finding = Finding::bad(problem.message, problem.action);
        if !found.contains(&finding) {
            found.push(finding);
        }
    }
    let ends_soon = |settings: &str, end: Option<i64>| {
        let granted = serde_json::from_str::<GrantSettings>(settings).ok().map(|grant| grant.granted_at);
        granted.zip(end).is_some_and(|(granted, end)| end - granted <= TESTING_MS)
    };
    let short = rows.iter().filter(|(_, settings, end)| ends_soon(settings, *end)).count();
    if provider == ProviderKind::Google && short > 0 {
        let message = format!(
            "The consent screen is in \"Testing\": permissions end 7 days after they were given. It concerns {short} of {} connections.",
            rows.len()
        );
        found.push(Finding::bad(message, "Publish the app in the Google Cloud console, then let everybody press Reconnect once."));
    }
    found
}

/// Codes of problems that are about the set-up and not about one account.
const TELLING: [&str; 3] = ["api_not_enabled", "client_refused", "admin_policy"];
/// A permission that Google gives for so long at most is one of an app in "Testing".
const TESTING_MS: i64 = 8 * 86_400_000;

/// What goes into headers, forms and addresses has neither blanks nor line ends in it.
fn check(field: Field, text: &str) -> Result<(), Error> {
    let is_plain = text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_tenant = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    if is_plain && (field != Field::Tenant || is_tenant(text)) {
        return Ok(());
    }
    let (what, example) = match field {
        Field::ClientId => ("The client id", "Copy it from the provider's console, without blanks."),
        Field::ClientSecret => {
            ("The client secret", "Copy it from the provider's console, without blanks. At Microsoft it is the value, not the id.")
        }
        Field::Tenant => ("The directory", "Give its id, or one of its domains such as example.org."),
        Field::WebhookKey => ("The signing key", "Copy it from the application at developer.calendly.com."),
    };
    Err(Error::invalid(&format!("bad_{}", field.name()), format!("{what} can not be that."), example))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_a_client_is_refused_before_it_is_stored() {
        assert!(check(Field::ClientId, "123-abc.apps.googleusercontent.com").is_ok());
        assert!(check(Field::Tenant, "example.org").is_ok() && check(Field::Tenant, "").is_ok());
        for (field, text) in
            [(Field::ClientId, "two words"), (Field::ClientSecret, "a\nb"), (Field::Tenant, "common/../x"), (Field::ClientId, "ümlaut")]
        {
            assert_eq!(check(field, text).unwrap_err().problem().code, format!("bad_{}", field.name()), "{text}");
        }
    }

    #[test]
    fn permissions_of_a_week_tell_of_a_consent_screen_in_testing() {
        let settings = |granted_at: i64| serde_json::to_string(&GrantSettings { granted_at, scopes: Vec::new() }).unwrap();
        let week = (None, settings(0), Some(7 * 86_400_000));
        let long = (None, settings(0), Some(90 * 86_400_000));
        let found = symptoms(ProviderKind::Google, &[week.clone(), long.clone(), (None, settings(0), None)]);
        assert!(found.len() == 1 && found[0].message.contains("It concerns 1 of 3 connections"), "{found:?}");
        assert!(symptoms(ProviderKind::Google, &[long]).is_empty());
        assert!(symptoms(ProviderKind::Microsoft, &[week]).is_empty());
    }

    #[test]
    fn a_problem_of_the_set_up_is_said_once_and_one_of_an_account_not_at_all() {
        let row = |code: &str| (serde_json::to_string(&Problem::new(code, "It is off.", "Turn it on.")).ok(), "{}".to_owned(), None);
        let found = symptoms(ProviderKind::Google, &[row("api_not_enabled"), row("api_not_enabled"), row("permission_gone")]);
        assert_eq!(found, [Finding::bad("It is off.", "Turn it on.")]);
    }
}
