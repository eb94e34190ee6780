//! A small blob, read whole.

use futures_util::StreamExt;

use crate::image::Descriptor;
use crate::registry::{Error, Store};

/// For how many bytes of a blob room is made before they come.
const LARGEST_RESERVED: usize = 10_000_000;

/// The bytes of a blob no larger than its descriptor says; `None` if it does not exist or is larger.
pub(super) async fn small_blob(store: &dyn Store, blob: &Descriptor) -> Result<Option<Vec<u8>>, Error> {
    let Some(mut stream) = store.blob(blob, 0).await? else { return Ok(None) };
    let mut bytes = Vec::with_capacity(usize::try_from(blob.size).unwrap_or_default().min(LARGEST_RESERVED));
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece?);
        if bytes.len() as u64 > blob.size {
            return Ok(None);
        }
    }
    Ok(Some(bytes))
}
