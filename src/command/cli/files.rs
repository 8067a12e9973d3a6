//! "What": which files of the folder are served, and how long browsers may keep copies of them.

use crate::command::values::{parse_file_name, yes_or_no};
use crate::site::Etags;
use crate::site::cache_control::Rule;
use clap::ValueEnum;
use clap::builder::PossibleValue;

/// The options below "What".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What")]
pub(crate) struct FileOptions {
    /// The file that stands for its folder, repeatable: the first that exists [default: index.html, index.htm]
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = parse_file_name,
          env = "GLASSHTTP_INDEX", hide_env = true)]
    index: Vec<String>,

    /// Do not list folders that have no index file [default: they are listed]
    #[arg(long, env = "GLASSHTTP_NO_LISTING", value_parser = yes_or_no, hide_env = true)]
    pub(super) no_listing: bool,

    /// Serve names that start with a dot, too [default: only /.well-known/]
    #[arg(long, env = "GLASSHTTP_HIDDEN", value_parser = yes_or_no, hide_env = true)]
    pub(super) hidden: bool,

    /// Follow links that lead out of the folder [default: they are refused]
    #[arg(long, env = "GLASSHTTP_FOLLOW_LINKS", value_parser = yes_or_no, hide_env = true)]
    pub(super) follow_links: bool,

    /// How long browsers may use a copy without asking: seconds, no-cache, no-store or immutable (a year), for
    /// all files or for those of a pattern, as '/assets/**=immutable' or '*.css=3600', repeatable
    #[arg(long, value_name = "[PATTERN=]VALUE", value_delimiter = '\n', default_value = "no-cache",
          value_parser = Rule::parse, env = "GLASSHTTP_CACHE", hide_env = true)]
    pub(super) cache: Vec<Rule>,

    /// What tells versions of a file apart (ETag): file, its size, times and number on the disk, or content, its
    /// bytes, for copies on several machines and trees that are deployed anew
    #[arg(long, value_name = "WHAT", default_value = "file", env = "GLASSHTTP_ETAG", hide_env = true)]
    pub(super) etag: Etags,
}

impl FileOptions {
    /// The names of files that stand for their folder.
    pub(super) fn index(&self) -> Vec<String> {
        if self.index.is_empty() { vec!["index.html".into(), "index.htm".into()] } else { self.index.clone() }
    }
}

impl ValueEnum for Etags {
    fn value_variants<'a>() -> &'a [Self] {
        &[Etags::Facts, Etags::Content]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Etags::Facts => "file",
            Etags::Content => "content",
        }))
    }
}
