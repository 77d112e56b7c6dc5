//! What the administrator sets for the whole instance.

use secrecy::{ExposeSecret as _, SecretString};
use syncline_core::Hub;
use syncline_core::hub::instance::{Field, FieldState, SetBy};
use syncline_core::store_suite;
use syncline_core::testing::db::TestHub;
use syncline_domain::ids::UserId;
use syncline_domain::sync::ProviderKind;

store_suite! {
    what_is_saved_counts_at_once_and_is_sealed,
    the_environment_goes_before_the_page_field_by_field,
    an_empty_secret_keeps_the_stored_one_and_an_empty_id_takes_it_away,
    nobody_but_the_administrator_sees_or_sets_anything,
}

const GOOGLE: ProviderKind = ProviderKind::Google;

/// The first account is the administrator, the second is not.
async fn people(hub: &Hub) -> (UserId, UserId) {
    let password = SecretString::from("correct horse battery");
    (hub.add_user("ann@example.org", &password).await.unwrap(), hub.add_user("eve@example.org", &password).await.unwrap())
}

fn typed(id: &str, secret: &str) -> Vec<(Field, SecretString)> {
    vec![(Field::ClientId, id.into()), (Field::ClientSecret, secret.into())]
}

fn state(fields: &[FieldState], field: Field) -> (SetBy, Option<String>) {
    let state = fields.iter().find(|state| state.field == field).unwrap();
    (state.set_by, state.shown.clone())
}

async fn what_is_saved_counts_at_once_and_is_sealed(at: TestHub) {
    let (ann, _) = people(&at).await;
    assert!(!at.can_connect(GOOGLE));
    at.set_instance(&ann, GOOGLE, &typed(" my-id ", "s3cret-word")).await.unwrap();
    assert!(at.can_connect(GOOGLE), "without a restart");
    assert_eq!(at.oauth().google.client_secret.as_ref().unwrap().expose_secret(), "s3cret-word");
    let fields = at.instance_fields(&ann, GOOGLE).await.unwrap();
    assert_eq!(state(&fields, Field::ClientId), (SetBy::Page, Some("my-id".to_owned())));
    assert_eq!(state(&fields, Field::ClientSecret), (SetBy::Page, None), "a secret is not shown again");
    let stored = at.texts("SELECT COALESCE(value, '') || COALESCE(secret, '') FROM instance_settings").await.join("\n");
    assert!(stored.contains("my-id") && !stored.contains("s3cret-word"), "{stored}");
    at.clear_instance(&ann, GOOGLE).await.unwrap();
    assert!(!at.can_connect(GOOGLE));
    assert_eq!(at.number("SELECT COUNT(*) FROM instance_settings").await, 0);
}

async fn the_environment_goes_before_the_page_field_by_field(at: TestHub) {
    let at = at.configured(|config| config.oauth.google.client_id = Some("of-the-environment".to_owned())).await;
    let (ann, _) = people(&at).await;
    at.set_instance(&ann, GOOGLE, &typed("of-the-page", "word-of-the-page")).await.unwrap();
    let google = at.oauth().google.clone();
    assert_eq!(google.client_id.as_deref(), Some("of-the-environment"));
    assert_eq!(google.client_secret.unwrap().expose_secret(), "word-of-the-page");
    let fields = at.instance_fields(&ann, GOOGLE).await.unwrap();
    assert_eq!(state(&fields, Field::ClientId), (SetBy::Environment, Some("of-the-environment".to_owned())));
    assert_eq!(at.number("SELECT COUNT(*) FROM instance_settings WHERE id = 'google.client_id'").await, 0, "it is not even stored");
}

async fn an_empty_secret_keeps_the_stored_one_and_an_empty_id_takes_it_away(at: TestHub) {
    let (ann, _) = people(&at).await;
    at.set_instance(&ann, GOOGLE, &typed("one", "first-word")).await.unwrap();
    at.set_instance(&ann, GOOGLE, &typed("two", "")).await.unwrap();
    let google = at.oauth().google.clone();
    assert_eq!((google.client_id.as_deref(), google.client_secret.unwrap().expose_secret()), (Some("two"), "first-word"));
    at.set_instance(&ann, GOOGLE, &typed("", "")).await.unwrap();
    assert!(!at.can_connect(GOOGLE));
    let tenant = at.set_instance(&ann, ProviderKind::Microsoft, &[(Field::Tenant, "../common".into())]).await.unwrap_err();
    assert_eq!(tenant.problem().code, "bad_tenant");
    at.set_instance(&ann, GOOGLE, &[(Field::Tenant, "example.org".into())]).await.unwrap();
    assert_eq!(at.oauth().google.tenant, None, "Google has no such field");
}

async fn nobody_but_the_administrator_sees_or_sets_anything(at: TestHub) {
    let (_, eve) = people(&at).await;
    let code = |error: syncline_core::error::Error| error.problem().code;
    assert_eq!(code(at.instance_fields(&eve, GOOGLE).await.unwrap_err()), "not_admin");
    assert_eq!(code(at.set_instance(&eve, GOOGLE, &typed("id", "word")).await.unwrap_err()), "not_admin");
    assert_eq!(code(at.clear_instance(&eve, GOOGLE).await.unwrap_err()), "not_admin");
    assert_eq!(code(at.check_provider(&eve, GOOGLE, None, "http://localhost").await.unwrap_err()), "not_admin");
    assert_eq!(at.number("SELECT COUNT(*) FROM instance_settings").await, 0);
}

#[tokio::test]
async fn another_process_on_the_same_database_reads_what_was_saved_when_it_opens() {
    let at = TestHub::on_file().await;
    let (ann, _) = people(&at).await;
    at.set_instance(&ann, GOOGLE, &typed("my-id", "s3cret-word")).await.unwrap();
    let other = Hub::open(at.config.clone()).await.unwrap();
    assert_eq!(other.oauth().google.client_secret.as_ref().unwrap().expose_secret(), "s3cret-word");
    other.close().await;
}

#[tokio::test]
async fn the_check_names_what_the_last_refusal_was() {
    let at = TestHub::in_memory().await;
    let (ann, _) = people(&at).await;
    let said = async || {
        let found = at.check_provider(&ann, GOOGLE, Some("https://cal.example.org"), "http://localhost").await.unwrap();
        found.into_iter().filter(|finding| !finding.ok).map(|finding| finding.message).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(said().await, "", "nothing is wrong with what nobody uses");
    at.note_consent(GOOGLE, Some("scope_missing"));
    at.note_consent(GOOGLE, Some("consent_refused"));
    assert!(said().await.contains("not every box was ticked"), "{}", said().await);
    at.note_consent(GOOGLE, None);
    assert_eq!(said().await, "", "somebody has connected since");
}
