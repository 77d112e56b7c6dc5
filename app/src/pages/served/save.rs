//! What the forms of pages that the server writes post to. They are plain forms, whether scripts run or not.
#![expect(missing_docs, reason = "the macro makes an argument of a server function a field, where it can not be documented")]

use crate::error::WireError;
use crate::wire::Wire;
use leptos::prelude::*;
use syncline_domain::ids::ConnectionId;
use syncline_domain::sync::ProviderKind;

/// Stores our client at a provider.
///
/// # Errors
/// For everybody but administrators, and for what can not be used.
#[server(output = Wire)]
pub async fn save_instance(
    provider: ProviderKind,
    client_id: Option<String>,
    client_secret: Option<String>,
    tenant: Option<String>,
    webhook_key: Option<String>,
) -> Result<(), WireError> {
    use syncline_core::hub::instance::Field;
    let (hub, user) = crate::context::signed_in()?;
    let fields =
        [(Field::ClientId, client_id), (Field::ClientSecret, client_secret), (Field::Tenant, tenant), (Field::WebhookKey, webhook_key)];
    let typed: Vec<_> = fields.into_iter().filter_map(|(field, text)| Some((field, text?.into()))).collect();
    let saved = hub.set_instance(&user, provider, &typed).await;
    saved.map_err(|error| crate::ui::form::plain::refuse::<SaveInstance>("/settings/instance", &[], error.into()))?;
    crate::context::redirect_plain_form("/settings/instance?saved=1");
    Ok(())
}

/// Forgets what was stored for a provider.
///
/// # Errors
/// For everybody but administrators.
#[server(output = Wire)]
pub async fn clear_instance(provider: ProviderKind) -> Result<(), WireError> {
    let (hub, user) = crate::context::signed_in()?;
    hub.clear_instance(&user, provider).await?;
    crate::context::redirect_plain_form("/settings/instance?saved=1");
    Ok(())
}

/// Stores what a connection shows: what is ticked.
///
/// # Errors
/// When there is no such connection.
#[server(output = Wire)]
pub async fn save_shown(
    id: ConnectionId,
    declined: Option<String>,
    private: Option<String>,
    working_location: Option<String>,
    focus_time: Option<String>,
) -> Result<(), WireError> {
    let (hub, user) = crate::context::signed_in()?;
    let hidden = syncline_domain::event_type::Hidden {
        declined: declined.is_none(),
        private: private.is_none(),
        working_location: working_location.is_none(),
        focus_time: focus_time.is_none(),
    };
    hub.set_hidden(&user, &id, hidden).await?;
    crate::context::redirect_plain_form("/settings/shown?saved=1");
    Ok(())
}

/// Stores the period that is given where none is asked for.
///
/// # Errors
/// `bad_range`.
#[server(output = Wire)]
pub async fn save_range(back: u32, ahead: u32) -> Result<(), WireError> {
    let (hub, user) = crate::context::signed_in()?;
    let saved = hub.set_range(&user, back, ahead).await;
    saved.map_err(|error| crate::ui::form::plain::refuse::<SaveRange>("/settings/shown", &[], error.into()))?;
    crate::context::redirect_plain_form("/settings/shown?saved=1");
    Ok(())
}
