//! `bowline read`: a resource.

use super::session::{Session, decoded};
use crate::exit::{Exit, Fault};
use crate::plan::client::Read;
use crate::show::{self, Form};
use bowline::types::method::ReadResource;

/// Reads a resource and shows its contents.
///
/// # Errors
/// When there is none, or it cannot be read.
pub(crate) async fn read(read: Read, session: &Session) -> Result<Exit, Fault> {
    let Read { target, uri, common } = read;
    let link = session.connect(&target, &common).await?;
    let client = &link.client;
    let request = client.read_resource(&uri);
    let result = session.ask(&link, &uri, request).await?;
    let contents = decoded::<ReadResource>(&result)?.contents;
    let out = session.out;
    match out.form {
        Form::Json => out.json(result.as_str())?,
        Form::Raw => out.bytes(&show::raw_contents(contents.iter())?)?,
        Form::Text => {
            out.text(&show::contents(&contents.into_vec(), &session.folder, out.style)?)?
        }
    }
    Ok(Exit::Done)
}
