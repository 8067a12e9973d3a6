//! `--tls-cert`, `--tls-key` and `--tls-self-signed`: which certificate the server uses, if any.
//!
//! ```text
//! (nothing)                             None: plain http
//! --tls-cert a.pem                      Source::Files, with the key in the same file
//! --tls-cert a.pem --tls-key b.pem      Source::Files
//! --tls-self-signed                     Source::SelfSigned
//! ```

use crate::command::values::yes_or_no;
use std::path::PathBuf;

/// The options below "Encryption".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Encryption")]
pub struct TlsOptions {
    /// Speak https, with the certificate in this file (PEM)
    #[arg(long = "tls-cert", value_name = "FILE", env = "GLASSHTTP_TLS_CERT", hide_env = true)]
    certificate: Option<PathBuf>,

    /// The certificate's key (PEM) [default: in the same file]
    #[arg(
        long = "tls-key",
        value_name = "FILE",
        requires = "certificate",
        env = "GLASSHTTP_TLS_KEY",
        hide_env = true
    )]
    key: Option<PathBuf>,

    /// Speak https with a new certificate that nobody knows, for a try; browsers warn of it
    #[arg(long = "tls-self-signed", env = "GLASSHTTP_TLS_SELF_SIGNED", value_parser = yes_or_no, hide_env = true,
          conflicts_with = "certificate")]
    self_signed: bool,
}

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// It is read from these files.
    Files(Files),
    /// It is made at the start.
    SelfSigned,
}

/// The files of a certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Certificates in PEM, the server's own first.
    pub certificate: PathBuf,
    /// Its key in PEM.
    pub key: PathBuf,
}

impl TlsOptions {
    /// Where the certificate comes from; `None` if the server is to speak plain http.
    pub fn source(self) -> Option<Source> {
        match self.certificate {
            Some(certificate) => {
                let key = self.key.unwrap_or_else(|| certificate.clone());
                Some(Source::Files(Files { certificate, key }))
            }
            None => self.self_signed.then_some(Source::SelfSigned),
        }
    }
}
