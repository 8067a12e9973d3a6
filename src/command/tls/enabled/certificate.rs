//! The certificate by which the server proves its identity, and the private key by which it proves that the
//! certificate is its own.
//!
//! ```text
//! -----BEGIN CERTIFICATE-----      the server's names, its public key, a validity period, and the signature of an
//! MIIBxTCCAWugAwIBAgIUV...          issuer; then the issuers' certificates, up to one that clients know
//! -----END CERTIFICATE-----
//! -----BEGIN PRIVATE KEY-----      in a file of its own or after the certificate; everybody who has it can claim
//! MIGHAgEAMBMGByqGSM49AgE...        to be this server
//! -----END PRIVATE KEY-----
//! ```
//!
//! Certificates are renewed every few weeks, and a server runs for longer: [`Certificate::reload`] reads the files
//! again. Connections that are open keep the certificate that they began with; new connections get the new one.

use super::options::{Files, Source};
use crate::base::helpers::Helpers;
use crate::base::human::{OneLine, reason};
use crate::base::text_file;
use crate::command::private_files::ServedFolder;
use crate::command::terminal::report;
use crate::server::tls::{Acceptor, SlowKeys};
use rustls::client::verify_server_cert_signed_by_trust_anchor as verify;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::{ClientHello, NoServerSessionStorage, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, RootCertStore, ServerConfig, SignatureAlgorithm, SignatureScheme};
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// For how many days a self-signed certificate is valid.
const SELF_SIGNED_DAYS: i64 = 30;

/// The keys that ring can sign with.
const USABLE_KEYS: &str = "ECDSA on P-256 or P-384, Ed25519, or RSA with 2048 to 4096 bits";

/// A certificate that can be replaced while the server uses it.
#[derive(Debug)]
pub struct Certificate {
    /// The files that it was read from; `None` if it is self-signed.
    files: Option<Files>,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
}

/// The certificate and key that new connections get.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl Certificate {
    /// Reads the certificate that the options name, or makes one and prints its fingerprint.
    ///
    /// # Errors
    /// One line that says what is wrong, such as a key that clients could ask for.
    pub(crate) fn open(source: &Source, served: &ServedFolder) -> Result<Certificate, String> {
        match source {
            Source::Files(files) => {
                served.must_not_serve("the key", &files.key)?;
                Certificate::from_files(files.clone())
            }
            Source::SelfSigned => {
                let certificate = Certificate::self_signed()?;
                report(&format!(
                    "glasshttp: nobody vouches for this certificate; its SHA-256 fingerprint is {}",
                    certificate.fingerprint()
                ));
                Ok(certificate)
            }
        }
    }

    /// What makes a server speak TLS, with this certificate.
    pub(crate) fn acceptor(&self, helpers: &Arc<Helpers>) -> Acceptor {
        let current = Arc::clone(&self.current);
        let slow_keys =
            SlowKeys { helpers: Arc::clone(helpers), is_slow: Arc::new(move || current.is_slow()) };
        Acceptor::new(self.config(), Some(slow_keys))
    }

    /// The certificate in these files.
    ///
    /// # Errors
    /// One line that names the file and says what is wrong with it.
    fn from_files(files: Files) -> Result<Certificate, String> {
        let read = read(&files)?;
        Ok(Certificate::new(read, Some(files)))
    }

    /// A new self-signed certificate for this machine's names and addresses, with a new key that exists only in
    /// memory.
    ///
    /// # Errors
    /// One line, when the cryptography fails.
    pub fn self_signed() -> Result<Certificate, String> {
        let failed = |error: &dyn std::fmt::Display| format!("cannot make a certificate: {error}");
        let mut names = vec!["localhost".to_owned()];
        names.extend(crate::base::platform::process::host_name());
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        names.extend(interfaces.iter().map(|interface| interface.ip().to_string()));
        let mut params = rcgen::CertificateParams::new(names).map_err(|error| failed(&error))?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, "glasshttp, for a try");
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        // It is valid from yesterday on, since the clocks of clients differ from ours.
        let day = |from_now: i64| {
            let time = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * from_now);
            let date = jiff::tz::TimeZone::UTC.to_datetime(time).date();
            rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
        };
        (params.not_before, params.not_after) = (day(-1), day(SELF_SIGNED_DAYS));
        let key = rcgen::KeyPair::generate().map_err(|error| failed(&error))?;
        let certificate = params.self_signed(&key).map_err(|error| failed(&error))?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|error| failed(&error))?;
        let pair = CertifiedKey::from_der(vec![certificate.der().clone()], key, &ring::default_provider())
            .map_err(|error| failed(&error))?;
        Ok(Certificate::new(pair, None))
    }

    fn new(pair: CertifiedKey, files: Option<Files>) -> Certificate {
        let current = Arc::new(Current(RwLock::new(Arc::new(pair))));
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder =
            builder.with_safe_default_protocol_versions().expect("the provider has TLS 1.2 and 1.3");
        let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::clone(&current) as _);
        // ALPN (RFC 7301): a client that speaks only HTTP/2 learns in the handshake that it cannot go on.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A client that connects again brings a session ticket (RFC 8446 section 4.6.1). It is encrypted with a
        // key that only this process has and that changes every few hours, so the server stores no sessions.
        if let Ok(ticketer) = ring::Ticketer::new() {
            config.ticketer = ticketer;
        }
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Certificate { files, current, config: Arc::new(config) }
    }

    /// The configuration of rustls that uses this certificate, also after it was read again.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Whether there are files to read it from again.
    pub(crate) fn is_from_files(&self) -> bool {
        self.files.is_some()
    }

    /// Reads the files again. If something is wrong with them, the certificate from before stays in use.
    ///
    /// # Errors
    /// One line, as for [`Certificate::open`].
    pub(crate) fn reload(&self, served: &ServedFolder) -> Result<(), String> {
        let Some(files) = &self.files else { return Ok(()) };
        served.must_not_serve("the key", &files.key)?;
        for path in [&files.certificate, &files.key] {
            text_file::can_be_read_again(path).map_err(|error| cannot_read(path, &error))?;
        }
        let read = Arc::new(read(files)?);
        *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    /// The server's own certificate in DER, without those of its issuers.
    pub fn own(&self) -> CertificateDer<'static> {
        self.current.get().cert[0].clone()
    }

    /// Its SHA-256, as `openssl x509 -fingerprint -sha256` writes it. A user who gets the fingerprint in another way
    /// than through the connection can compare, and so verify that the connection is with this server.
    pub fn fingerprint(&self) -> String {
        let digest = ::ring::digest::digest(&::ring::digest::SHA256, &self.own());
        digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    }
}

impl Current {
    fn get(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether to sign with the key takes longer than a worker may: RSA and P-384.
    fn is_slow(&self) -> bool {
        let key = &self.get().key;
        let is_p256 = key.choose_scheme(&[SignatureScheme::ECDSA_NISTP256_SHA256]).is_some();
        !is_p256 && key.algorithm() != SignatureAlgorithm::ED25519
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get())
    }
}

/// Reads a certificate and its key, and checks what clients would check: that they belong together, and the dates.
fn read(files: &Files) -> Result<CertifiedKey, String> {
    let certificates = read_certificates(&files.certificate)?;
    let key = read_key(&files.key)?;
    check_dates(&files.certificate, &certificates[0])?;
    let (shown, shown_key) = (OneLine(&files.certificate), OneLine(&files.key));
    CertifiedKey::from_der(certificates, key, &ring::default_provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            format!("the key in \"{shown_key}\" is not that of the certificate in \"{shown}\"")
        }
        // rustls has tried all of them, and says no more than that.
        _ => format!("cannot use the key in \"{shown_key}\": it must be one of {USABLE_KEYS}"),
    })
}

/// The content of a PEM file, without the blanks around each line: people copy PEM from files in which it is indented.
fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let bytes = text_file::open(path).and_then(text_file::read).map_err(|error| cannot_read(path, &error))?;
    let lines = text_file::text(path, &bytes)?.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    Ok(lines.collect::<Vec<_>>().join(&b'\n'))
}

fn cannot_read(path: &Path, error: &io::Error) -> String {
    format!("cannot read \"{}\": {}", OneLine(path), reason(error))
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = read_file(path)?;
    let shown = OneLine(path);
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| damaged_or_encrypted(path, &bytes, &error))?;
    if !certificates.is_empty() {
        return Ok(certificates);
    }
    Err(match PrivateKeyDer::from_pem_slice(&bytes) {
        Ok(_) => format!("\"{shown}\" holds a key and no certificate: are the two files exchanged?"),
        Err(_) => format!("\"{shown}\" holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"),
    })
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let bytes = read_file(path)?;
    let shown = OneLine(path);
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| match error {
        pem::Error::NoItemsFound if !is_encrypted(&bytes) => {
            format!(
                "\"{shown}\" holds no key in PEM (-----BEGIN PRIVATE KEY-----): name its file in --tls-key"
            )
        }
        error => damaged_or_encrypted(path, &bytes, &error),
    })
}

/// Whether this PEM holds an encrypted key: as in RFC 7468 section 11, or as in RFC 1421 section 4.6.1.1, which OpenSSL
/// used before and which has two lines of fields before the base64.
fn is_encrypted(bytes: &[u8]) -> bool {
    let marks: [&[u8]; 2] = [b"-----BEGIN ENCRYPTED PRIVATE KEY-----", b"\nProc-Type: 4,ENCRYPTED"];
    marks.iter().any(|mark| memchr::memmem::find(bytes, mark).is_some())
}

fn damaged_or_encrypted(path: &Path, bytes: &[u8], error: &pem::Error) -> String {
    let shown = OneLine(path);
    if is_encrypted(bytes) {
        return format!(
            "the key in \"{shown}\" is locked with a password: openssl pkey -in FILE -out OTHER writes it without"
        );
    }
    format!("\"{shown}\" is damaged: {}", in_words(error))
}

fn in_words(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { .. } => "an -----END line is missing".to_owned(),
        pem::Error::Base64Decode(_) => "what is between the lines is not base64".to_owned(),
        error => error.to_string(),
    }
}

/// Clients refuse a certificate before its validity period and after it (RFC 5280 section 4.1.2.5). They are asked here:
/// this is the question that rustls asks as a client. It trusts no issuer, so some answer other than yes is certain, and
/// of the reasons for a no the dates come first.
fn check_dates(path: &Path, certificate: &CertificateDer<'_>) -> Result<(), String> {
    let shown = OneLine(path);
    let parsed = ParsedCertificate::try_from(certificate)
        .map_err(|_| format!("the certificate in \"{shown}\" is damaged: it is not X.509"))?;
    let date = |time: UnixTime| {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let time = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
        time.strftime("%Y-%m-%d %H:%M UTC").to_string()
    };
    let algorithms = ring::default_provider().signature_verification_algorithms.all;
    match verify(&parsed, &RootCertStore::empty(), &[], UnixTime::now(), algorithms) {
        Err(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            Err(format!("the certificate in \"{shown}\" expired on {}: get a new one", date(not_after)))
        }
        Err(rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext {
            not_before, ..
        })) => Err(format!("the certificate in \"{shown}\" is not good before {}", date(not_before))),
        _ => Ok(()),
    }
}
