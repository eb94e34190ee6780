//! Bodies as they arrive, watched: what hangs, trickles or has no end counts as broken.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use tokio::time::Instant;

use super::fault::{Cure, Fault};
use super::gzip::{decoded, is_called_gzip};
use super::patience::{Patience, seconds};

/// The most bytes that are read of an error or a token service's answer.
pub(crate) const SMALL_LIMIT: usize = 64 * 1024;

/// A body as it arrives, and how much came lately.
#[derive(Default)]
pub(crate) struct Flow {
    waited: Duration,
    received: u64,
}

impl Flow {
    /// The next bytes; `None` at the end. Only time spent waiting for the sender counts, not what the reader took.
    pub(crate) async fn next(&mut self, response: &mut Response, patience: &Patience) -> Result<Option<Bytes>, Fault> {
        let asked = Instant::now();
        let chunk = match tokio::time::timeout(patience.idle, response.chunk()).await {
            Ok(chunk) => chunk.map_err(|e| Fault::broken(&e))?,
            Err(_) => return Err(Fault::stalled(&format!("no data for {} s (`timeout`)", seconds(patience.idle)))),
        };
        self.waited += asked.elapsed();
        self.received += chunk.as_ref().map_or(0, |c| c.len() as u64);
        if self.waited >= patience.idle {
            if self.received < patience.least() && chunk.is_some() {
                let over = seconds(patience.idle);
                return Err(Fault::stalled(&format!(
                    "less than {} bytes per second over {over} s (`timeout`)",
                    patience.floor
                )));
            }
            *self = Self::default();
        }
        Ok(chunk)
    }
}

/// The whole body, at most `limit` bytes, decoded if it comes compressed although that was not requested.
pub(crate) async fn read(mut response: Response, limit: usize, patience: &Patience) -> Result<Bytes, Fault> {
    let over = || Fault::protocol(format!("a response of more than {limit} bytes, the limit"));
    if response.content_length().is_some_and(|n| n > limit as u64) {
        return Err(over());
    }
    let compressed = is_called_gzip(response.headers());
    let mut flow = Flow::default();
    let mut body = BytesMut::new();
    while let Some(chunk) = flow.next(&mut response, patience).await? {
        if body.len() + chunk.len() > limit {
            return Err(over());
        }
        body.extend_from_slice(&chunk);
    }
    if !compressed {
        return Ok(body.freeze());
    }
    match decoded(body.freeze(), limit) {
        Ok(body) if body.len() <= limit => Ok(body),
        Ok(_) => Err(over()),
        Err(e) => Err(Fault {
            cure: Cure::AgainOnce,
            ..Fault::protocol(format!("a response whose `Content-Encoding: gzip` is broken: {e}"))
        }),
    }
}

/// As much of an error's body as its message needs; a body that breaks counts as empty.
pub(crate) async fn read_error(mut response: Response, patience: &Patience) -> Bytes {
    let compressed = is_called_gzip(response.headers());
    let mut flow = Flow::default();
    let mut body = BytesMut::new();
    while body.len() < SMALL_LIMIT {
        match flow.next(&mut response, patience).await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    let body = body.freeze();
    if compressed { decoded(body, SMALL_LIMIT).unwrap_or_default() } else { body }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::fault::Cure;
    use super::*;

    /// A response whose body comes in this many pieces of that size, each after a pause.
    fn trickle(pieces: usize, size: usize, pause: Duration) -> Response {
        let body = futures_util::stream::unfold(pieces, move |left| async move {
            let next = left.checked_sub(1)?;
            tokio::time::sleep(pause).await;
            Some((Ok::<_, std::io::Error>(Bytes::from(vec![0; size])), next))
        });
        hyper::Response::new(reqwest::Body::wrap_stream(body)).into()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_under_the_floor_is_broken_off() {
        let patience = Patience::default();
        let start = Instant::now();
        let fault = read(trickle(1_000, 8 * 1024 - 1, Duration::from_secs(1)), 1 << 30, &patience).await.unwrap_err();
        assert_eq!(
            (fault.cure, fault.kind.to_string()),
            (Cure::AgainOnce, "no answer: less than 8192 bytes per second over 60 s (`timeout`)".into())
        );
        assert_eq!(start.elapsed(), patience.idle, "after one window, not at the end");
        let body = read(trickle(200, 8 * 1024, Duration::from_secs(1)), 1 << 30, &patience).await.unwrap();
        assert_eq!(body.len(), 200 * 8 * 1024, "at the floor it may take as long as it takes");
        let fault = read(trickle(2, 1, Duration::from_secs(61)), 1 << 30, &patience).await.unwrap_err();
        assert_eq!(fault.kind.to_string(), "no answer: no data for 60 s (`timeout`)");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_is_not_taken_for_a_slow_sender() {
        let patience = Patience::default();
        let (mut response, mut flow) = (trickle(20, 1, Duration::ZERO), Flow::default());
        let mut received = 0;
        while let Some(bytes) = flow.next(&mut response, &patience).await.unwrap() {
            received += bytes.len();
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
        assert_eq!(received, 20);
    }
}
