//! Layers, streamed from a registry and read as they come: nothing is kept but what they say.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinError;

use crate::content::media_type::is_foreign;
use crate::image::{Descriptor, Digest, Location};
use crate::layers::{self, Contents, LayerFacts, Next, Pair};
use crate::observe::sources::Sources;
use crate::packages::Listed;
use crate::registry::{ByteStream, Error};

/// How many pieces of a layer are on their way between network and reader.
const PIECES: usize = 16;

/// Reads the layers of images.
#[derive(Clone, Copy)]
pub(super) struct LayerReader<'a> {
    pub(super) sources: &'a Sources,
}

impl LayerReader<'_> {
    /// What the layers of one platform of two images say; those of the former are at `from`.
    pub(super) async fn contents(self, pair: &Pair, from: Option<&Location>, to: &Location) -> Contents {
        let mut read: BTreeMap<Digest, Result<Arc<LayerFacts>, String>> = BTreeMap::new();
        loop {
            let wanted = match pair.next(&read) {
                Next::Known(found) => {
                    drop(read);
                    return found.list();
                }
                Next::Read(wanted) => wanted,
            };
            let missing: Vec<Descriptor> =
                wanted.into_iter().filter(|layer| !read.contains_key(&layer.digest)).collect();
            if missing.is_empty() {
                return unknown("its layers could not be read".to_owned());
            }
            for layer in missing {
                let is_new = pair.to.iter().any(|other| other.digest == layer.digest);
                let location = from.filter(|_| !is_new).unwrap_or(to);
                let facts = self.facts(location, &layer).await;
                read.insert(layer.digest, facts);
            }
        }
    }

    /// What one layer says, read once in a run as long as there is room.
    async fn facts(self, location: &Location, layer: &Descriptor) -> Result<Arc<LayerFacts>, String> {
        if let Some(known) = self.sources.layers.get(&layer.digest) {
            return Ok(known);
        }
        let facts = Arc::new(read(self.sources, location, layer).await?);
        self.sources.layers.keep(&layer.digest, &facts, facts.memory());
        Ok(facts)
    }
}

fn unknown(why: String) -> Contents {
    Contents { listed: Listed::Unknown(why.clone()), files: Vec::new(), unread: Some(why) }
}

/// What one layer says.
async fn read(sources: &Sources, location: &Location, layer: &Descriptor) -> Result<LayerFacts, String> {
    let named = |why: String| format!("the layer {}: {why}", layer.digest.short());
    if is_foreign(&layer.media_type) {
        return Err(named("it may not be distributed".to_owned()));
    }
    let facts = sources.stream(location, layer, |stream| facts(stream, layer)).await;
    match facts {
        Ok(Some(facts)) => facts.map_err(named),
        Ok(None) => Err(named("it is not there".to_owned())),
        Err(error) => Err(named(error.to_string())),
    }
}

/// Reads the stream on a thread of its own, in step with the network; its digest is checked on the way. What it says
/// counts only if the bytes are those of the digest. If the reader refuses it, no more is fetched.
async fn facts(mut stream: ByteStream, layer: &Descriptor) -> Result<Result<LayerFacts, String>, Error> {
    let (sender, receiver) = channel(PIECES);
    let media_type = layer.media_type.clone();
    let mut reading =
        tokio::task::spawn_blocking(move || layers::read(&media_type, Pieces { receiver, rest: Bytes::new() }));
    let (mut hasher, mut size, mut ended) = (layer.digest.hasher(), 0_u64, None);
    while let Some(piece) = stream.next().await {
        let piece = piece?;
        size += piece.len() as u64;
        if size > layer.size {
            return Ok(Err("it is larger than its manifest says".to_owned()));
        }
        hasher.update(&piece);
        // What follows the end of the archive only counts for the digest.
        if ended.is_none() && sender.send(piece).await.is_err() {
            let facts = finished((&mut reading).await);
            if facts.is_err() {
                return Ok(facts);
            }
            ended = Some(facts);
        }
    }
    drop(sender);
    let facts = match ended {
        Some(facts) => facts,
        None => finished(reading.await),
    };
    match hasher.finish() == layer.digest {
        true => Ok(facts),
        false => Ok(Err("its bytes do not have its digest".to_owned())),
    }
}

fn finished(joined: Result<Result<LayerFacts, String>, JoinError>) -> Result<LayerFacts, String> {
    joined.unwrap_or_else(|_| Err("it could not be read".to_owned()))
}

/// The pieces of a stream, as a reader for a thread.
struct Pieces {
    receiver: Receiver<Bytes>,
    rest: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.rest = piece,
                None => return Ok(0),
            }
        }
        let length = self.rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.rest.split_to(length));
        Ok(length)
    }
}
