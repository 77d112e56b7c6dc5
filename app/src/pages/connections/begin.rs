//! What follows when a connection was added or mended: its first sync. Only on the server.

use super::upload::Upload;
use crate::context::redirect_plain_form;
use crate::error::WireError;
use syncline_core::Hub;
use syncline_core::error::Error;
use syncline_core::hub::{NewIcs, Reconnect, Scope, SyncOptions};
use syncline_domain::ids::{ConnectionId, UserId};
use syncline_domain::sync::{Mode, Trigger};
use syncline_domain::view::Connection;

/// A text that may be left empty.
pub(super) fn given(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Adds the uploaded file, or puts it in the place of the one of the connection that the form names.
pub(super) async fn take(hub: &Hub, user: &UserId, mut upload: Upload) -> Result<Connection, WireError> {
    let (file_name, bytes) = upload.take_file()?;
    let name = upload.text("name").map(ToOwned::to_owned);
    Ok(match upload.text("id") {
        None => hub.add_ics(user, NewIcs::File { file_name, bytes, name }).await?,
        Some(id) => {
            let id = ConnectionId::parse(id).map_err(|_| Error::NotFound("connection"))?;
            hub.reconnect(user, &id, Reconnect::File { file_name, bytes }).await?
        }
    })
}

/// Starts the first sync and sends a form that was posted plainly to the page that shows it. A sync that does not start (one is at
/// work already) does not undo the connection: the card says how it stands.
pub(super) async fn first_sync(hub: &Hub, user: &UserId, connection: Connection) -> ConnectionId {
    let id = connection.id;
    let options = SyncOptions { mode: Mode::Auto, trigger: Trigger::Manual };
    if let Err(error) = hub.start_sync(user, Scope::Connections(vec![id.clone()]), options).await {
        tracing::info!(connection = %id, error = %error, "the first sync did not start");
    }
    redirect_plain_form(&super::after(&id));
    id
}
