//! A small blob, read whole.

use futures_util::StreamExt;

use crate::image::Descriptor;
use crate::registry::{Error, Store};

/// The bytes of a blob no larger than its descriptor says; `None` if it does not exist or is larger.
pub(super) async fn small_blob(store: &dyn Store, blob: &Descriptor) -> Result<Option<Vec<u8>>, Error> {
    let Some(mut stream) = store.blob(blob, 0).await? else { return Ok(None) };
    let mut bytes = Vec::new();
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece?);
        if bytes.len() as u64 > blob.size {
            return Ok(None);
        }
    }
    Ok(Some(bytes))
}
