//! Bytes on their way to a registry: sent in small pieces, and watched while the registry reads them.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::registry::checked::{Progress, Stopped};
use crate::registry::wire::{Fault, Patience, seconds};

/// The answer to a finished upload may take a second longer for each this many bytes.
const BYTES_A_SECOND: u64 = 64 * 1024 * 1024;

/// This much is handed to the connection at once. It queues up to sixteen pieces, whatever their size, and a download
/// may deliver hundreds of KiB in one go.
const PIECE: usize = 16 * 1024;

/// Splits bytes into pieces. If there is more than one, they are copied: a piece waiting to be sent then does not keep
/// the whole alive. Why they stopped is stored for the caller, not in the body.
pub(super) fn pieces(bytes: Result<Bytes, Stopped>) -> impl Iterator<Item = std::io::Result<Bytes>> {
    let small = matches!(&bytes, Ok(bytes) if bytes.len() <= PIECE);
    let mut left = bytes.map(Some).map_err(|_| std::io::Error::other("stopped"));
    std::iter::from_fn(move || match std::mem::replace(&mut left, Ok(None)) {
        Err(error) => Some(Err(error)),
        Ok(rest) => rest.filter(|rest| !rest.is_empty()).map(|mut rest| {
            let piece = rest.split_to(rest.len().min(PIECE));
            left = Ok(Some(rest));
            Ok(if small { piece } else { Bytes::copy_from_slice(&piece) })
        }),
    })
}

/// Ends if the registry reads too slowly or, after the last byte, does not answer. Time the source takes does not
/// count.
pub(super) async fn watch(patience: &Patience, progress: &Progress, size: u64) -> Fault {
    let answer = patience.answer + Duration::from_secs(size / BYTES_A_SECOND);
    let (mut since, mut sent) = (Instant::now(), 0);
    let mut finished = None;
    loop {
        tokio::time::sleep(patience.idle / 10).await;
        if progress.is_finished() {
            if finished.get_or_insert_with(Instant::now).elapsed() >= answer {
                return Fault::stalled(&format!(
                    "no response to a finished upload within {} s (`timeout`)",
                    seconds(answer)
                ));
            }
        } else if progress.waits() {
            (since, sent) = (Instant::now(), progress.sent());
        } else if since.elapsed() >= patience.idle {
            if progress.sent() - sent < patience.least() {
                let (floor, over) = (patience.floor, seconds(patience.idle));
                let read = format!("the upload ran at less than {floor} bytes per second over {over} s (`timeout`)");
                return Fault::stalled(&read);
            }
            (since, sent) = (Instant::now(), progress.sent());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::sync::Arc;

    use futures_util::StreamExt as _;

    use super::*;
    use crate::image::{Descriptor, Digest};
    use crate::registry::checked::Checked;
    use crate::registry::wire::Cure;

    #[test]
    fn pieces_are_the_bytes_and_small() {
        let whole: Bytes = (0..=255).cycle().take(3 * PIECE + 7).collect();
        let all: Vec<Bytes> = pieces(Ok(whole.clone())).map(Result::unwrap).collect();
        assert_eq!(all.iter().map(Bytes::len).collect::<Vec<_>>(), [PIECE, PIECE, PIECE, 7]);
        assert_eq!(all.concat(), whole);
        assert_eq!(pieces(Ok(Bytes::new())).count(), 0);
        let stopped: Vec<_> = pieces(Err(Stopped::Wrong("other bytes".to_owned()))).collect();
        assert!(matches!(&stopped[..], [Err(_)]), "{stopped:?}");
    }

    /// An upload of this many pieces, of which the registry reads one after each pause, watched until either ends.
    async fn taken(pieces: usize, size: usize, pause: Duration) -> (Fault, Duration) {
        let whole = Bytes::from(vec![7; pieces * size]);
        let blob = Descriptor::new("application/octet-stream".to_owned(), Digest::sha256(&whole), whole.len() as u64);
        let source: Vec<_> = whole.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let progress = Arc::new(Progress::default());
        let source = futures_util::stream::iter(source).boxed();
        let bytes = Checked::new(source, &blob, Arc::clone(&progress)).into_stream();
        let registry = async {
            let mut bytes = std::pin::pin!(bytes);
            while let Some(piece) = bytes.next().await {
                piece.unwrap();
                tokio::time::sleep(pause).await;
            }
            std::future::pending::<()>().await;
        };
        let (patience, start) = (Patience::default(), Instant::now());
        tokio::select! {
            fault = watch(&patience, &progress, blob.size) => (fault, start.elapsed()),
            () = registry => unreachable!("it never answers"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_registry_that_reads_under_the_floor_is_given_up() {
        let (fault, after) = taken(1_000, 1_000, Duration::from_secs(1)).await;
        assert_eq!(
            fault.kind.to_string(),
            "no answer: the upload ran at less than 8192 bytes per second over 60 s (`timeout`)"
        );
        assert_eq!((fault.cure, after), (Cure::AgainOnce, Duration::from_secs(60)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_finished_upload_is_waited_for_and_not_for_ever() {
        let (fault, after) = taken(60, 16 * 1024, Duration::from_secs(1)).await;
        assert_eq!(fault.kind.to_string(), "no answer: no response to a finished upload within 60 s (`timeout`)");
        assert!((Duration::from_secs(114)..=Duration::from_secs(132)).contains(&after), "{after:?}");
    }
}
