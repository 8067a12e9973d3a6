//! How a site is served: what the options of the command line say of it.

use super::{CacheControl, Codings, Cors, Etags, Hosts, Reach, TrustedHosts, Upload};
use crate::http::base_path::BasePath;

/// How a folder is served. The defaults of the command line are in [`crate::command::cli`].
#[derive(Debug, Clone)]
pub struct Options {
    /// Where all of the site is.
    pub base: BasePath,
    /// File names that stand for their directory, the first that exists.
    pub index: Vec<String>,
    /// Whether a directory without an index is shown as a list.
    pub listing: bool,
    /// Whether names that start with a dot are served.
    pub hidden: bool,
    /// How long browsers may use files without asking.
    pub cache_control: CacheControl,
    /// What their entity tags are made of.
    pub etags: Etags,
    /// Which hosts may be asked for.
    pub hosts: Hosts,
    /// Which ones to add files, and to look in.
    pub trusted_hosts: TrustedHosts,
    /// By which addresses others reach the site.
    pub reach: Reach,
    /// How many bytes of small files are kept in memory; 0 for none.
    pub cache_size: usize,
    /// Whether it is counted how often they are of use.
    pub count_cache: bool,
    /// The page that browsers get in place of one that is not there: the application's, which
    /// decides itself what the target means.
    pub fallback: Option<String>,
    /// Whether `/about` names `about.html`.
    pub clean_urls: bool,
    /// Which other origins may read answers.
    pub cors: Cors,
    /// Whether pages get the script for live reload.
    pub script: bool,
    /// Which files may be uploaded, if any may.
    pub upload: Option<Upload>,
    /// In which codings files may go out.
    pub codings: Codings,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            base: BasePath::default(),
            index: vec!["index.html".to_owned()],
            listing: true,
            hidden: false,
            cache_control: "no-cache".into(),
            etags: Etags::default(),
            hosts: Hosts::LoopbackAnd(Vec::new()),
            trusted_hosts: TrustedHosts::with(Vec::new()),
            reach: Reach::default(),
            cache_size: 0,
            count_cache: false,
            fallback: None,
            clean_urls: false,
            cors: Cors::Nobody,
            script: false,
            upload: None,
            codings: Codings::default(),
        }
    }
}
