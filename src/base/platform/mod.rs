//! What only one kind of system has: each call a small function, with its other ways beside it.
//!
//! The rest of the program names no system. It asks for what it needs in its own words, and this folder says how each
//! system does that: the best that Linux has, what all Unixes have (POSIX), and for some things that there is no way.
//! Whoever brings the program to another system reads and writes here.
//!
//! | file | what it does | Linux | other Unixes | Windows |
//! |---|---|---|---|---|
//! | [`failure`] | says why a call failed | error numbers | error numbers | error numbers |
//! | [`names`] | makes names of bytes, and bytes of names | any bytes | any bytes | UTF-8; some names are refused |
//! | [`status`] | says what is known of a file | `fstatat` | `fstatat` | `GetFileInformationByHandle` |
//! | [`open`] | opens a folder only as a place | `O_PATH` | `O_RDONLY`, so it must be readable | the same |
//! | | looks at a file beneath a folder without opening it | `O_PATH`, `fstat` | `fstatat`, step by step | opened for its attributes |
//! | | opens a file so that this does nothing else | `O_NONBLOCK`, `O_NOCTTY` | the same | devices have names of their own |
//! | | reads at a position | `pread` | `pread` | `ReadFile` with an offset |
//! | [`directory`] | reads names, some at a time | `getdents64` | `readdir` | `FindNextFileW` |
//! | [`new_file`] | makes a file without a name | `O_TMPFILE`, `linkat` | no way: it has a name at once | the same |
//! | | renames without replacing | `renameat2`, else as there | `linkat`, or a claim (`O_EXCL`) | a second name, or a claim |
//! | | locks a file or a folder | `flock` | `flock` | share modes |
//! | [`new_folder`] | makes a folder, and removes it while it is empty | `mkdirat`, `unlinkat` | the same | `CreateDirectoryW` |
//! | [`private_folder`] | makes a folder for this process alone | `mkdirat`, `flock` | the same | in the user's own `%TEMP%` |
//! | [`pipe`], [`link`] | make a named pipe, a link | `mknodat`, `symlinkat` | no way; `symlinkat` | no way; if the user may |
//! | [`file_system`] | knows which file systems do not tell of changes | `statfs` | no way: `--reload=poll` | the same |
//! | | watches a folder with all below it at once | no way: each folder | FSEvents on macOS | it could: each folder |
//! | [`socket`] | writes what is followed by more | `MSG_MORE` | plain `write` | the same |
//! | | sends a file | `sendfile` | no way: it is read and written | the same |
//! | | wakes one worker for a new connection | `EPOLLEXCLUSIVE` | all are woken | the same |
//! | | reports what comes after all was read | `EPOLLET` | `EV_CLEAR` | if it is told to |
//! | [`local`] | sockets by a name within this machine | `AF_UNIX` | `AF_UNIX` | no way |
//! | | names that are in no file system | abstract names | no way | no way |
//! | [`sandbox`] | keeps threads from opening other files | Landlock | no way | no way |
//! | [`signals`] | hears what ends the program | signals | signals | Ctrl-C and Ctrl-Break |
//! | [`process`] | raises the limit of open files | `setrlimit` | `setrlimit` | there is none |
//! | | lowers a thread's priority | `setpriority` | no way: it is the process's there | no way |
//! | | asks how long a thread was on a core | `CLOCK_THREAD_CPUTIME_ID` | the same | `GetThreadTimes` |
//! | | gives a process a group of its own, asks the machine's name | `setpgid`, `uname` | the same | a flag, a variable |
//! | [`large_folders`] | knows which folders hold more than one thinks | `/etc`, `/var` and so on | the same | by variables |
//! | [`terminal`] | asks a terminal how large it is, and whether it is there | `ioctl` | `ioctl` | the console's size |
//!
//! Where a system's way takes more than some lines, it has a file of its own: `status/unix.rs`, `status/windows.rs`.
//!
//! With each change it is tried on Linux and, for Windows, under Wine; that it compiles for macOS and FreeBSD is
//! checked. On Windows itself, macOS and FreeBSD nobody has tried it.

#[cfg(not(any(unix, windows)))]
compile_error!("glasshttp needs a Unix or Windows: each function here is to be written for another system");

pub mod directory;
pub mod failure;
pub mod file_system;
pub mod large_folders;
pub mod link;
pub mod local;
pub mod names;
pub mod new_file;
pub mod new_folder;
pub mod open;
pub mod pipe;
pub mod private_folder;
pub mod process;
pub mod sandbox;
pub mod signals;
pub mod socket;
pub mod status;
pub mod terminal;
