//! What several fuzz targets use: repetitions in an input, and places at which to cut it.

/// In an input, this byte followed by `b` and `n` stands for 2^n bytes `b`. So an input of a few bytes, which
/// is what fuzzers are good at, can reach a limit of many kilobytes. For HTTP the byte is one control
/// character among many, so the others still test how it treats them.
pub const REPEAT: u8 = 0x1f;

/// The longest repetition is 2 to this power, which is twice the longest head.
const LONGEST: u8 = 16;

/// The longest unfolded input, so that none takes long.
const MAX_LENGTH: usize = 256 * 1024;

/// Replaces each repetition in an input by the bytes that it stands for.
pub fn unfold(mut input: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(input.len());
    while let [first, behind @ ..] = input {
        let (byte, count, behind) = match (*first, behind) {
            (REPEAT, [byte, n, behind @ ..]) => (*byte, 1 << (n % (LONGEST + 1)), behind),
            (byte, behind) => (byte, 1, behind),
        };
        bytes.resize((bytes.len() + count).min(MAX_LENGTH), byte);
        input = behind;
    }
    bytes
}

/// The places at which to cut bytes of this length in two: all of them, or 64 at even distances at most.
pub fn cuts(length: usize) -> impl Iterator<Item = usize> {
    const MOST: usize = 64;
    (0..=length).step_by(length / MOST + 1)
}
