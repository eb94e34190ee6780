//! How requests reach registries, their token services and Amazon's API: one HTTP client, how long it waits, and the
//! secrets that no error may show.

use reqwest::{RequestBuilder, Response};

use super::error::ErrorKind;
use crate::net::{Http, causes};

mod error_body;
mod fault;
mod flow;
mod gzip;
mod patience;
mod secrets;

pub(crate) use error_body::ErrorBody;
pub(crate) use fault::{Cure, Fault, Tries};
pub(crate) use flow::{Flow, SMALL_LIMIT, read, read_error};
pub(crate) use gzip::{Gunzip, MAGIC as GZIP_MAGIC, begins_packed, is_called_gzip};
pub use patience::Patience;
pub(crate) use patience::seconds;
pub(crate) use secrets::Derived;
pub(crate) use secrets::Secrets;

/// What every request of a run is sent with.
pub(crate) struct Wire {
    pub(crate) http: Http,
    pub(crate) patience: Patience,
    pub(crate) secrets: Secrets,
}

impl Wire {
    /// Sends one request and waits for the head of its response.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, Fault> {
        let (_, request) = request.build_split();
        let request = request.map_err(|e| Fault::protocol(causes::causes(&e)))?;
        self.http.admit(request.url())?;
        let sent = self.http.client_for(request.url()).execute(request);
        match tokio::time::timeout(self.patience.idle, sent).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(e)) => Err(if refused_address(&e) {
                Fault::fatal(ErrorKind::Forbidden(causes::causes(&e)))
            } else {
                Fault::broken(&e)
            }),
            Err(_) => Err(Fault::stalled(&format!("no response within {} s (`timeout`)", seconds(self.patience.idle)))),
        }
    }
}

/// Whether the resolver refused what the name resolves to; trying again would not help.
fn refused_address(error: &reqwest::Error) -> bool {
    causes::causes(error).contains("is not a public address")
}
