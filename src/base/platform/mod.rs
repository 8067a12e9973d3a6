//! What only one kind of system has: each call a small function, with its other ways beside it.
//!
//! The rest of the program names no system. It asks for what it needs in its own words, and this folder says how each
//! system does that: the best that Linux has, what all Unixes have (POSIX), and for some things that there is no way.
//! Whoever brings the program to another system reads and writes here.
//!
//! | file | what it does | Linux | other Unixes |
//! |---|---|---|---|
//! | [`failure`] | says why a call failed | error numbers | error numbers |
//! | [`names`] | makes names of bytes, and bytes of names | any bytes | any bytes |
//! | [`status`] | says what is known of a file | `fstatat` | `fstatat` |
//! | [`open`] | opens a folder only as a place | `O_PATH` | `O_RDONLY`, so it must be readable |
//! | | looks at a file beneath a folder without opening it | `O_PATH`, `fstat` | `fstatat`, step by step |
//! | | opens a file so that this does nothing else | `O_NONBLOCK`, `O_NOCTTY` | the same |
//! | | reads at a position | `pread` | `pread` |
//! | [`directory`] | reads names, some at a time | `getdents64` | `readdir` |
//! | [`new_file`] | makes a file without a name | `O_TMPFILE`, `linkat` | no way: it has a name at once |
//! | | renames without replacing | `renameat2`, else as there | `linkat`, or a claim (`O_EXCL`) |
//! | | locks a file or a folder | `flock` | `flock` |
//! | [`new_folder`] | makes a folder, and removes it while it is empty | `mkdirat`, `unlinkat` | the same |
//! | [`private_folder`] | makes a folder for this process alone | `mkdirat`, `flock` | the same |
//! | [`pipe`] | makes a named pipe | `mknodat` | no way |
//! | [`file_system`] | knows which file systems do not tell of changes | `statfs` | no way: `--reload=poll` |
//! | | watches a folder with all below it at once | no way: each folder | FSEvents on macOS |
//! | [`socket`] | writes what is followed by more | `MSG_MORE` | plain `write` |
//! | | sends a file | `sendfile` | no way: it is read and written |
//! | | wakes one worker for a new connection | `EPOLLEXCLUSIVE` | all are woken |
//! | [`local`] | sockets by a name within this machine | `AF_UNIX` | `AF_UNIX` |
//! | | names that are in no file system | abstract names | no way |
//! | [`sandbox`] | keeps threads from opening other files | Landlock | no way |
//! | [`process`] | raises the limit of open files | `setrlimit` | `setrlimit` |
//! | | lowers a thread's priority | `setpriority` | no way: it is the process's there |
//! | | asks how long a thread was on a core | `CLOCK_THREAD_CPUTIME_ID` | the same |
//! | | gives a process a group of its own, asks the machine's name | `setpgid`, `uname` | the same |
//! | [`terminal`] | asks a terminal how large it is, and whether it is there | `ioctl` | `ioctl` |
//!
//! That all of it compiles for macOS and FreeBSD is checked with each change. It runs on Linux; on others nobody has
//! tried it.

#[cfg(not(unix))]
compile_error!("glasshttp needs a Unix: it opens files by their descriptors and serves names as bytes");

pub mod directory;
pub mod failure;
pub mod file_system;
pub mod local;
pub mod names;
pub mod new_file;
pub mod new_folder;
pub mod open;
pub mod pipe;
pub mod private_folder;
pub mod process;
pub mod sandbox;
pub mod socket;
pub mod status;
pub mod terminal;
