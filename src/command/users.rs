//! `--auth`, `--auth-file` and `--hash`: the file of users is read here.
//!
//! The plain case, `glasshttp folder`, has no users, and `open` gives `None`. How a password is verified is in
//! [`crate::site::auth`].

use super::private_files::ServedFolder;
use super::terminal::report;
use crate::base::platform::status;
use crate::base::{human, text_file};
use crate::command::cli::Config;
use crate::site::Site;
use crate::site::auth::{Auth, Login, line_for};
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::Path;
use std::sync::Arc;

/// How many bytes of a line of standard input are read.
const MAX_LINE: u64 = 64 * 1024;

/// What asks clients for a password; `None` if everybody may ask. An error is one line that says what to do.
pub(crate) fn open(config: &Config, site: &Arc<Site>) -> Result<Option<Arc<Login>>, String> {
    let options = &config.auth;
    if !options.has_users() {
        return Ok(None);
    }
    let asked_for = options.asked_for.unwrap_or_default();
    let file = options.file.as_deref().map(|path| read(path, &config.served_folder())).transpose()?;
    let auth = Auth::new(&options.plain, file.as_deref())
        .map_err(|wrong| wrong_line(options.file.as_deref().unwrap_or(Path::new("")), &wrong))?;
    Ok(Some(Arc::new(Login::new(Arc::clone(site), auth, asked_for))))
}

fn wrong_line(path: &Path, (line, why): &(usize, String)) -> String {
    format!("{}:{line}: {why}", human::OneLine(path))
}

/// Reads the file of users again. If something is wrong with it, the users from before stay.
pub(crate) fn reload(login: &Login, path: &Path, served: &ServedFolder) -> Result<(), String> {
    text_file::can_be_read_again(path).map_err(|error| cannot_read(path, &error))?;
    let content = read(path, served)?;
    login.auth().replace_file(&content).map_err(|wrong| wrong_line(path, &wrong))
}

fn cannot_read(path: &Path, error: &io::Error) -> String {
    format!("cannot read the users in \"{}\": {}", human::OneLine(path), human::reason(error))
}

/// The content of the file of users.
fn read(path: &Path, served: &ServedFolder) -> Result<Vec<u8>, String> {
    let shown = human::OneLine(path);
    let failed = |error: io::Error| cannot_read(path, &error);
    served.must_not_serve("the file of users", path)?;
    let file = text_file::open(path).map_err(failed)?;
    if status::of_open(&file).map_err(failed)?.is_open_to_others {
        report(&format!(
            "glasshttp: \"{shown}\" is open to all users of this machine; keep it to yourself (chmod 600)"
        ));
    }
    let content = text_file::read(file).map_err(failed)?;
    text_file::text(path, &content).map(<[u8]>::to_vec)
}

/// Reads a password and prints the line of this user for the file.
pub(crate) fn print_line(user: &str) -> Result<(), String> {
    let line = line_for(user, &ask_for_password(user)?)?;
    let mut out = io::stdout();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| format!("cannot print the line: {}", human::reason(&error)))
}

/// Reads a password: from a terminal without echo and twice, since the user cannot see what is typed; from anything
/// else one line.
fn ask_for_password(user: &str) -> Result<String, String> {
    let failed = |error: io::Error| format!("cannot read the password: {}", human::reason(&error));
    if io::stdin().is_terminal() {
        let ask = |prompt: &str| rpassword::prompt_password(prompt).map_err(failed);
        let password = ask(&format!("Password for {}: ", human::OneLine(Path::new(user))))?;
        if password != ask("The same again: ")? {
            return Err("the two are not the same".to_owned());
        }
        return Ok(password);
    }
    let mut line = String::new();
    io::stdin().lock().take(MAX_LINE).read_line(&mut line).map_err(failed)?;
    let password = line.strip_suffix('\n').unwrap_or(&line);
    Ok(password.strip_suffix('\r').unwrap_or(password).to_owned())
}
