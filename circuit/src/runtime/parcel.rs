//! What travels between workers: messages, grouped by the worker they go to.

use std::io::Write;

use arrow_buffer::Buffer;
use bytes::Bytes;
use timely::Accountable;
use timely::communication::Push;
use timely::dataflow::channels::pushers::exchange::Distributor;
use timely::dataflow::channels::{ContainerBytes, Message as Envelope};

use crate::codec;
use crate::executor::Message;
use crate::graph::NodeId;

/// Messages of one stratum. Timely counts messages, not rows: a batch of no rows would still be accounted for.
#[derive(Clone, Debug, Default)]
pub(super) struct Parcel(pub Vec<Message>);

impl Accountable for Parcel {
    fn record_count(&self) -> i64 {
        self.0.len() as i64
    }
}

/// Below this size the bytes of a parcel are copied out of timely's buffer: a batch that is kept would hold a
/// megabyte of buffer for a few rows.
const COPIED_BYTES_MAX: usize = 64 * 1024;

/// Bytes of the count, and before each batch: target, before, node, length.
const HEAD_BYTES: usize = 16;

/// `count: u128`, then for each message `target: u16, before: u16, node: u32, length: u64` and the batch, `length` bytes;
/// little-endian.
impl ContainerBytes for Parcel {
    fn from_bytes(bytes: timely::bytes::arc::Bytes) -> Parcel {
        let bytes = if bytes.len() <= COPIED_BYTES_MAX {
            Buffer::from(&bytes[..])
        } else {
            Buffer::from(Bytes::from_owner(Owner(bytes)))
        };
        let number = |at: usize, len: usize| {
            let mut word = [0; 8];
            word[..len].copy_from_slice(&bytes.as_slice()[at..at + len]);
            u64::from_le_bytes(word) as usize
        };
        let mut at = HEAD_BYTES;
        let messages = (0..number(0, 8)).map(|_| {
            let (target, before) = (number(at, 2), number(at + 2, 2) == 1);
            let (node, length) = (number(at + 4, 4), number(at + 8, 8));
            let batch = bytes.slice_with_length(at + HEAD_BYTES, length);
            at += HEAD_BYTES + length;
            let batch = codec::decode(&batch).unwrap_or_else(|error| panic!("a message from a peer: {error}"));
            Message { target, node: NodeId(node as u32), rows: batch.into(), before }
        });
        Parcel(messages.collect())
    }

    fn length_in_bytes(&self) -> usize {
        HEAD_BYTES + self.0.iter().map(|m| HEAD_BYTES + codec::encoded_len(&m.rows.gathered())).sum::<usize>()
    }

    fn into_bytes<W: Write>(&self, writer: &mut W) {
        let mut write = |bytes: &[u8]| {
            writer.write_all(bytes).unwrap_or_else(|error| panic!("a buffer of the announced length is full: {error}"));
        };
        write(&(self.0.len() as u128).to_le_bytes());
        for message in &self.0 {
            write(&(message.target as u16).to_le_bytes());
            write(&u16::from(message.before).to_le_bytes());
            write(&message.node.0.to_le_bytes());
            let batch = message.rows.gathered();
            write(&(codec::encoded_len(&batch) as u64).to_le_bytes());
            codec::encode(&batch, &mut write);
        }
    }
}

/// Timely's shared bytes as an owner for ours.
struct Owner(timely::bytes::arc::Bytes);

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Sends each message to its target; keeps the count.
pub(super) struct Router;

impl Distributor<Parcel> for Router {
    fn partition<T: Clone, P: Push<Envelope<T, Parcel>>>(&mut self, parcel: &mut Parcel, time: &T, pushers: &mut [P]) {
        let mut parts: Vec<Parcel> = pushers.iter().map(|_| Parcel::default()).collect();
        for message in parcel.0.drain(..) {
            parts[message.target].0.push(message);
        }
        for (mut part, pusher) in parts.into_iter().zip(pushers) {
            if !part.0.is_empty() {
                Envelope::push_at(&mut part, time.clone(), pusher);
            }
        }
    }

    fn flush<T: Clone, P: Push<Envelope<T, Parcel>>>(&mut self, _time: &T, _pushers: &mut [P]) {}
}
