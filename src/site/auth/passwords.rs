//! The hashes of passwords in `--auth-file`, and how `--hash` makes one.
//!
//! ```text
//! # A line for each user. "glasshttp --hash bob" prints one, and so does "htpasswd -nB alice".
//! alice:$2y$10$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOydoHjSwxcHev5LRn.
//! bob:$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$...
//! ```
//!
//! Both kinds of hash are slow on purpose: somebody who steals the file has to spend that time on each guess, too.
//! Quick hashes (MD5, SHA-1, crypt) are refused: they would protect nobody.

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::collections::HashMap;
use std::str::FromStr;
use subtle::ConstantTimeEq;

/// What a hash may cost. While one is verified, every other login waits, and its memory is taken from other programs.
/// On a usual machine these limits allow about a second.
const MAX_BCRYPT_COST: u32 = 14;
const MAX_ARGON2_MEMORY: u64 = 256 * 1024;
const MAX_ARGON2_WORK: u64 = 4 * MAX_ARGON2_MEMORY;
const MAX_ARGON2_LANES: u32 = 16;

/// From this size on an allocation is a mapping of its own, whatever came before it, and goes back to the system as
/// soon as it is freed (mallopt(3), `M_MMAP_THRESHOLD`: at most 32 MiB). Pages that nobody touches take no memory. A
/// smaller allocation is part of a heap, where a small one behind it can keep it from being given back for ever.
const MAPPED: usize = 33 * 1024 * 1024 / Block::SIZE;

/// The memory that argon2 fills, 19 MiB with the parameters of `--hash`: one for all attempts, one after another.
#[derive(Debug, Default)]
pub(super) struct Memory(Vec<Block>);

impl Memory {
    fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.0.len() < count {
            self.give_back();
            self.0.reserve_exact(count.max(MAPPED));
            self.0.resize(count, Block::new());
        }
        &mut self.0[..count]
    }

    /// Gives it back to the system.
    fn give_back(&mut self) {
        self.0 = Vec::new();
    }
}

/// The users of a file: a hash for each name.
pub(super) type Users = HashMap<Vec<u8>, Hash>;

/// What a password is verified against.
#[derive(Debug, PartialEq)]
pub(super) enum Hash {
    Bcrypt(String),
    Argon2(Box<PasswordHash>),
}

impl Hash {
    /// Reads a hash; the error says what is wrong with it.
    fn parse(text: &str) -> Result<Hash, String> {
        if ["$2y$", "$2b$", "$2a$"].iter().any(|start| text.starts_with(start)) {
            let parts = bcrypt::HashParts::from_str(text).map_err(|_| "the bcrypt hash is malformed")?;
            return match parts.get_cost() {
                4..=MAX_BCRYPT_COST => Ok(Hash::Bcrypt(text.to_owned())),
                cost => Err(format!("a bcrypt hash of cost {cost}: it must be 4 to {MAX_BCRYPT_COST}")),
            };
        }
        if text.starts_with("$argon2id$") {
            let malformed = "the argon2id hash is malformed";
            let hash = PasswordHash::new(text).map_err(|_| malformed)?;
            let params = Params::try_from(&hash).map_err(|_| malformed)?;
            if hash.salt.is_none() || hash.hash.is_none() {
                return Err(malformed.to_owned());
            }
            let memory = u64::from(params.m_cost());
            let is_payable = memory <= MAX_ARGON2_MEMORY
                && memory.saturating_mul(u64::from(params.t_cost())) <= MAX_ARGON2_WORK
                && params.p_cost() <= MAX_ARGON2_LANES;
            if !is_payable {
                return Err(format!(
                    "an argon2id hash that costs too much: at most m={MAX_ARGON2_MEMORY}, \
                     m times t {MAX_ARGON2_WORK}, p={MAX_ARGON2_LANES}"
                ));
            }
            return Ok(Hash::Argon2(Box::new(hash)));
        }
        Err("it must be user:hash, with a bcrypt ($2y$) or argon2id hash; glasshttp --hash USER prints one"
            .to_owned())
    }

    /// Whether it is the hash of this password. This is slow on purpose.
    pub(super) fn verify(&self, password: &[u8], memory: &mut Memory) -> bool {
        match self {
            // bcrypt uses 72 bytes of a password, in htpasswd, too.
            Hash::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
            Hash::Argon2(hash) => verify_argon2(hash, password, memory).unwrap_or(false),
        }
    }
}

/// Whether it is the hash of this password; `None` if that cannot be computed.
fn verify_argon2(hash: &PasswordHash, password: &[u8], memory: &mut Memory) -> Option<bool> {
    let version = hash.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
    let (salt, expected) = (hash.salt.as_ref()?, hash.hash.as_ref()?.as_bytes());
    let params = Params::try_from(hash).ok()?;
    let blocks = memory.blocks(params.block_count());
    let mut found = vec![0; expected.len()];
    Argon2::new(Algorithm::Argon2id, version, params)
        .hash_password_into_with_memory(password, salt, &mut found, blocks)
        .ok()?;
    Some(found.ct_eq(expected).into())
}

/// Reads a file; the error says in which line, counted from 1, something is wrong, and what.
pub(super) fn parse_file(text: &[u8]) -> Result<Users, (usize, String)> {
    let mut users = Users::new();
    for (line, number) in text.split(|&byte| byte == b'\n').zip(1..) {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let colon = memchr::memchr(b':', line).unwrap_or(0);
        let (user, hash) = line.split_at(colon);
        if user.is_empty() || user.iter().any(u8::is_ascii_control) {
            return Err((number, "it must be user:hash".to_owned()));
        }
        let hash = Hash::parse(std::str::from_utf8(&hash[1..]).unwrap_or_default());
        if users.insert(user.to_vec(), hash.map_err(|wrong| (number, wrong))?).is_some() {
            return Err((number, "this user has a line already".to_owned()));
        }
    }
    if users.is_empty() { Err((1, "there is no user in it".to_owned())) } else { Ok(users) }
}

/// A new line for the file: argon2id with the costs that OWASP recommends, and a random salt.
///
/// # Errors
/// What is wrong with the name or the password, or that the system has no randomness to give.
pub fn line_for(user: &str, password: &str) -> Result<String, String> {
    if user.is_empty() || user.contains(':') || user.starts_with('#') || user.trim() != user {
        return Err("a user's name must not be empty, hold a colon or begin with #".to_owned());
    }
    if password.is_empty() {
        return Err("the password is empty".to_owned());
    }
    if [user, password].iter().any(|text| text.bytes().any(|byte| byte.is_ascii_control())) {
        return Err("control characters cannot be sent (RFC 7617 section 2)".to_owned());
    }
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| format!("the password cannot be hashed: {error}"))?;
    Ok(format!("{user}:{hash}"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// "secret" in bcrypt at its lowest cost.
    pub(in super::super) const BCRYPT: &str = "$2y$04$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOydoHjSwxcHev5LRn.";

    /// "geheim" in argon2id with the least memory.
    pub(in super::super) const ARGON2: &str = "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$\
        N+GRuINa4s/GOi3rBlFH9/+TweY3A1susnO3TVBVtmU";

    #[test]
    fn both_kinds_of_hashes_know_their_password_and_no_other() {
        let table = [
            (BCRYPT, "secret", true),
            (BCRYPT, "Secret", false),
            (BCRYPT, "secret\0", false),
            (BCRYPT, "", false),
            (ARGON2, "geheim", true),
            (ARGON2, "geheim ", false),
            (ARGON2, "", false),
        ];
        for (hash, password, expected) in table {
            let hash = Hash::parse(hash).expect("a good hash");
            assert_eq!(hash.verify(password.as_bytes(), &mut Memory::default()), expected, "{password:?}");
        }
    }

    #[test]
    fn a_file_has_a_user_a_line() {
        let file = format!("# who may come in\r\n\n  \nalice:{BCRYPT} \t\r\nb\u{e4}r:{ARGON2}  \n");
        let users = parse_file(file.as_bytes()).expect("a good file");
        assert_eq!(users.len(), 2);
        assert!(users[&b"alice"[..]].verify(b"secret", &mut Memory::default()));
        assert!(users["b\u{e4}r".as_bytes()].verify(b"geheim", &mut Memory::default()));
    }

    #[test]
    fn a_bad_line_is_named_with_what_is_wrong() {
        let good = format!("a:{BCRYPT}\n");
        let cost = BCRYPT.replace("$04$", "$15$");
        let memory = ARGON2.replace("m=8,", "m=262145,");
        let work = ARGON2.replace("m=8,t=1", "m=262144,t=5");
        let table = [
            (String::new(), 1, "no user"),
            ("# nobody\n".to_owned(), 1, "no user"),
            ("alice\n".to_owned(), 1, "user:hash"),
            (format!("{good}:{BCRYPT}\n"), 2, "user:hash"),
            (format!("{good}\nb:plain\n"), 3, "--hash"),
            (format!("{good}b:$apr1$x$y\n"), 2, "bcrypt"),
            (format!("{good}b:{{SHA}}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"), 2, "bcrypt"),
            (format!("{good}b:$2y$10$short\n"), 2, "malformed"),
            (format!("{good}b:$2x$04${}\n", &BCRYPT[7..]), 2, "bcrypt"),
            (format!("{good}b:{cost}\n"), 2, "4 to 14"),
            (format!("{good}b:$argon2id$v=19$m=8\n"), 2, "malformed"),
            (format!("{good}b:$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ\n"), 2, "malformed"),
            (format!("{good}b:$argon2i{}\n", &ARGON2[9..]), 2, "argon2id"),
            (format!("{good}b:{memory}\n"), 2, "too much"),
            (format!("{good}b:{work}\n"), 2, "too much"),
            (format!("{good}{good}"), 2, "already"),
        ];
        for (file, line, part) in table {
            let (found, why) = parse_file(file.as_bytes()).expect_err("must be refused");
            assert_eq!(found, line, "{file}");
            assert!(why.contains(part) && !why.contains('\n'), "{file}: {why}");
        }
    }

    #[test]
    fn a_line_that_is_printed_can_be_read() {
        let line = line_for("b\u{e4}r", "a:b").expect("it can be hashed");
        let users = parse_file(line.as_bytes()).expect("a good line");
        assert!(users["b\u{e4}r".as_bytes()].verify(b"a:b", &mut Memory::default()));
        assert_ne!(line, line_for("b\u{e4}r", "a:b").expect("hashed again"), "each has a salt of its own");
        for (user, password) in [("", "x"), ("a:b", "x"), ("#a", "x"), ("a", ""), ("a", "x\n"), ("a\t", "x")]
        {
            assert!(line_for(user, password).is_err(), "{user:?} {password:?}");
        }
    }
}
