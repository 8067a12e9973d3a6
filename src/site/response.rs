//! What a site answers: a status, fields and a body.
//!
//! A [`Body`] is data, not behaviour. It says what is to be sent; how that gets onto the wire
//! (copied, by sendfile, in which pieces) only the server storey knows.

use crate::http::{Headers, Status};
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

/// An answer, whole but for the fields that belong to the connection.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: Status,
    /// All fields but Date, Server, Content-Length and Connection.
    pub headers: Headers,
    /// What follows the head, unless the request was HEAD.
    pub body: Body,
}

/// What a response carries.
#[derive(Debug, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// Bytes that are in memory.
    Bytes(Vec<u8>),
    /// A file or a part of one.
    File(FilePart),
    /// Several pieces one after another: a multipart answer.
    Pieces(Vec<Piece>),
}

/// A part of a body that is sent in one manner.
#[derive(Debug)]
pub enum Piece {
    /// Bytes that are in memory.
    Bytes(Vec<u8>),
    /// A part of a file.
    File(FilePart),
}

/// A part of a file.
#[derive(Debug, Clone)]
pub struct FilePart {
    /// Where its bytes are.
    pub source: Source,
    /// Which of them, end exclusive.
    pub range: Range<u64>,
}

/// Where a file's bytes are to be had. Several parts can share it.
#[derive(Debug, Clone)]
pub enum Source {
    /// On disk. Each read says where it reads, so the file's own position does not matter.
    Disk(Arc<File>),
    /// All of them in memory.
    Memory(Arc<[u8]>),
}

impl FilePart {
    /// How many bytes it has.
    pub fn length(&self) -> u64 {
        self.range.end - self.range.start
    }
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Piece::Bytes(bytes) => bytes.len() as u64,
            Piece::File(part) => part.length(),
        }
    }
}

impl Body {
    /// How many bytes it has: what Content-Length says.
    pub fn length(&self) -> u64 {
        match self {
            Body::Empty => 0,
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::File(part) => part.length(),
            Body::Pieces(pieces) => pieces.iter().map(Piece::length).sum(),
        }
    }
}
