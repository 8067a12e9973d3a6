//! What is compressed, how, and that a client gets the same bytes back.

use super::*;
use crate::answer::Source;
use crate::site::media_type;
use std::io::{Read, Write};

const ALL: [Compressor; 3] = [Compressor::Brotli, Compressor::Zstd, Compressor::Gzip];

fn decode(by: Compressor, bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    match by {
        Compressor::Brotli => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut decoded),
        Compressor::Zstd => {
            zstd::stream::read::Decoder::new(bytes).and_then(|mut coder| coder.read_to_end(&mut decoded))
        }
        Compressor::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut decoded),
    }
    .expect("it can be decoded");
    decoded
}

/// Words, as many bytes of them.
fn words(length: usize) -> Arc<[u8]> {
    let words = (0u64..).flat_map(|n| format!("{} ", n.wrapping_mul(n) % 9973).into_bytes());
    words.take(length).collect()
}

/// Bytes that no coding makes fewer.
fn noise(length: usize) -> Arc<[u8]> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

/// The pieces of a stream, and whether it ended as it should.
fn pieces(mut stream: Box<dyn Stream>) -> (Vec<Vec<u8>>, bool) {
    let mut pieces = Vec::new();
    loop {
        match stream.next() {
            Next::Piece(piece) => pieces.push(piece),
            Next::NotYet => panic!("it never waits"),
            end => {
                assert_eq!(stream.next(), end, "it stays so");
                return (pieces, end == Next::End);
            }
        }
    }
}

#[test]
fn what_is_compressed_decodes_to_the_same_bytes_at_once_or_by_pieces() {
    let pending = |by| PendingCompression::new(by, &Budget::new(1), None).expect("a place");
    let bodies = [0, 1, 1000, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 1_000_000].map(words);
    let zeros: Arc<[u8]> = vec![0; 5_000_000].into();
    for bytes in bodies.iter().chain([&zeros, &noise(300_000)]) {
        for by in ALL {
            let (pieces, whole) = pieces(pending(by).start(FilePart::of_bytes(Arc::clone(bytes))));
            assert!(whole && pieces.iter().all(|piece| !piece.is_empty()));
            let largest = pieces.iter().map(Vec::len).max().unwrap_or_default();
            assert!(largest <= 8 * PIECE, "{by:?}: a piece of {largest} bytes");
            let streamed = pieces.concat();
            assert!(decode(by, &streamed) == **bytes, "{by:?}, {} bytes", bytes.len());
            // One tag is for both ways.
            match by.compress(Arc::clone(bytes)) {
                Some(at_once) => assert!(at_once == streamed && at_once.len() < bytes.len()),
                None => assert!(streamed.len() >= bytes.len()),
            }
        }
    }
}

#[test]
fn what_would_not_be_smaller_is_not_compressed() {
    for by in ALL {
        assert_eq!(by.compress(noise(100_000)), None);
        assert_eq!(by.compress(Arc::default()), None);
    }
}

#[test]
fn noise_looks_compressed_and_words_and_numbers_do_not() {
    let numbers: Arc<[u8]> = noise(100_000).iter().map(|byte| byte % 64).collect();
    let table = [(noise(100_000), true), (words(100_000), false), (numbers, false)];
    for (bytes, expected) in table {
        assert_eq!(look_compressed(&bytes), expected);
    }
}

#[test]
fn a_file_that_is_cut_short_breaks_the_body_off() {
    let file = tempfile::tempfile().expect("a file");
    (&file).write_all(&words(200_000)).expect("written");
    let source = Source::Disk(Arc::new(file.try_clone().expect("a descriptor")));
    for by in ALL {
        file.set_len(200_000).expect("made longer");
        let pending = PendingCompression::new(by, &Budget::new(1), None).expect("a place");
        let mut stream = pending.start(FilePart { source: source.clone(), range: 0..200_000 });
        assert!(matches!(stream.next(), Next::Piece(_)));
        file.set_len(150_000).expect("cut short");
        assert!(!pieces(stream).1, "{by:?}");
    }
}

#[test]
fn there_is_a_place_for_so_many_and_then_for_none_until_one_is_done() {
    let places = Budget::new(MAX_AT_ONCE);
    let mut held: Vec<_> =
        (0..MAX_AT_ONCE).map_while(|_| PendingCompression::new(Compressor::Gzip, &places, None)).collect();
    assert_eq!(held.len(), MAX_AT_ONCE);
    assert!(PendingCompression::new(Compressor::Gzip, &places, None).is_none());
    let body = held.pop().expect("one").start(FilePart::of_bytes(words(10)));
    assert!(PendingCompression::new(Compressor::Gzip, &places, None).is_none(), "the body has it now");
    drop(body);
    assert!(PendingCompression::new(Compressor::Gzip, &places, None).is_some());
}

#[test]
fn types_that_are_made_of_words_are_worth_it() {
    let table = [
        ("a.html", true),
        ("a.css", true),
        ("a.js", true),
        ("a.mjs", true),
        ("a.json", true),
        ("a.map", true),
        ("a.geojson", true),
        ("a.webmanifest", true),
        ("a.xml", true),
        ("a.svg", true),
        ("a.wasm", true),
        ("a.txt", true),
        ("a.md", true),
        ("a.csv", true),
        ("a.yaml", true),
        ("a.ttf", true),
        ("a.ico", true),
        ("a.png", false),
        ("a.jpeg", false),
        ("a.webp", false),
        ("a.woff2", false),
        ("a.woff", false),
        ("a.mp4", false),
        ("a.ts", true),
        ("a.m2ts", false),
        ("a.pdf", false),
        ("a.zip", false),
        ("a.txt.gz", false),
        ("a.js.br", false),
        ("a.js.zst", false),
        ("a.unheard-of", false),
    ];
    for (name, expected) in table {
        let content = media_type::of(name.as_bytes(), media_type::Look::at(b"a", true));
        assert_eq!(is_worth_it(&content.content_type), expected, "{name}");
    }
}
