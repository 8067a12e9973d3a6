//! `--auth` from the command's side: the file of users, the thread that verifies, and `--hash`.

use crate::{complain, would_be_served};
use glasshttp::cli::Config;
use glasshttp::site::Site;
use glasshttp::site::auth::{Auth, Door, line_for};
use glasshttp::{human, start_lines};
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

/// How long a line of standard input may be.
const MAX_LINE: u64 = 64 * 1024;

/// Who may come in; `None` for everybody. An error is one line that says what to do.
pub(crate) fn open(config: &Config, site: &Arc<Site>) -> Result<Option<Arc<Door>>, String> {
    let options = &config.auth;
    if options.plain.is_empty() && options.file.is_none() {
        return Ok(None);
    }
    let file = options.file.as_deref().map(|path| read(path, config)).transpose()?;
    let auth = Auth::new(&options.plain, file.as_deref()).map_err(|(line, why)| {
        let shown = options.file.as_deref().unwrap_or(Path::new(""));
        format!("{}:{line}: {why}", human::OneLine(shown))
    })?;
    Ok(Some(Arc::new(Door::new(Arc::clone(site), auth))))
}

/// Starts the thread that verifies passwords, if that takes long.
pub(crate) fn start(door: &Arc<Door>) -> Result<(), String> {
    if door.auth().is_slow() {
        let verifier = Arc::clone(door);
        std::thread::Builder::new()
            .name("passwords".to_owned())
            .spawn(move || {
                loop {
                    verifier.auth().verify_next();
                }
            })
            .map_err(|error| format!("cannot start: {}", start_lines::reason(&error)))?;
    }
    Ok(())
}

/// The content of the file of users.
fn read(path: &Path, config: &Config) -> Result<Vec<u8>, String> {
    let shown = human::OneLine(path);
    let failed = |error| format!("cannot read the users in \"{shown}\": {}", start_lines::reason(&error));
    if would_be_served(path, config) {
        return Err(format!(
            "\"{shown}\" is in the folder that is served, where all users could read it: put it elsewhere"
        ));
    }
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    if mode & 0o007 != 0 {
        complain(&format!(
            "glasshttp: \"{shown}\" is open to all users of this machine; keep it to yourself (chmod 600)"
        ));
    }
    let mut content = Vec::new();
    file.read_to_end(&mut content).map_err(failed)?;
    Ok(content)
}

/// Reads a password and prints the line of this user for the file.
pub(crate) fn print_line(user: &str) -> Result<(), String> {
    let line = line_for(user, &ask_for_password(user)?)?;
    let mut out = io::stdout();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| format!("cannot print the line: {}", start_lines::reason(&error)))
}

/// From a terminal without echo, and twice, since nobody can see what is typed; from anything else
/// one line.
fn ask_for_password(user: &str) -> Result<String, String> {
    let failed = |error: io::Error| format!("cannot read the password: {}", start_lines::reason(&error));
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
