//! What was just put may take a while to become visible: it is requested again, with growing pauses, before it counts
//! as lost.

use super::endpoint::Endpoint;
use super::repository::Remote;
use super::settling::Pauses;
use crate::registry::error::Error;

impl Remote {
    /// Asks until what was just put is visible, or the time is up; returns the last answer.
    pub(super) async fn settled<T, F: Future<Output = Result<T, Error>>>(
        &self,
        endpoint: &Endpoint,
        shows: impl Fn(&T) -> bool,
        ask: impl Fn() -> F,
    ) -> Result<T, Error> {
        let mut pauses = Pauses::new(&self.client.wire.patience);
        loop {
            let answer = ask().await?;
            if shows(&answer) {
                return Ok(answer);
            }
            if !endpoint.settling.pause(&mut pauses).await {
                endpoint.settling.lose();
                return Ok(answer);
            }
        }
    }
}
