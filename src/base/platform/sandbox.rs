//! A sandbox that the kernel puts around a thread: of all files it can open those of one folder and no others.
//!
//! On Linux that is Landlock (5.13 and later). A process asks for it itself, needs no rights for that, and has no way
//! back. What is open stays open. Older kernels know less of it (to connect is theirs to forbid from Linux 6.7 on),
//! and then as much is forbidden as can be; [`Extent`] says what came of it. Other systems have other sandboxes, and
//! this has none of them.

use super::status::Handle;

/// What is allowed inside, beside reading the folder.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Everything may be read: links may lead anywhere.
    pub may_read_anywhere: bool,
    /// Files and folders may be added to the folder.
    pub may_add: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// All rules hold.
    Full,
    /// Those that this kernel knows.
    Partial(String),
    /// None, and why.
    None(String),
}

impl Rules {
    /// Puts this thread, and all that it will start, into the sandbox around this folder.
    #[cfg(target_os = "linux")]
    pub fn enforce(self, folder: &impl Handle) -> Extent {
        use landlock::{LandlockStatus, RulesetStatus};
        match self.restrict(folder) {
            Ok(status) => match (status.ruleset, status.landlock) {
                (RulesetStatus::FullyEnforced, _) => Extent::Full,
                (RulesetStatus::PartiallyEnforced, LandlockStatus::Available { effective_abi, .. }) => {
                    Extent::Partial(format!("as far as this kernel can (Landlock {effective_abi})"))
                }
                (RulesetStatus::PartiallyEnforced, _) => Extent::Partial("as far as this kernel can".into()),
                (RulesetStatus::NotEnforced, _) => Extent::None("this kernel has no Landlock".to_owned()),
            },
            Err(why) => Extent::None(format!("the kernel refuses it ({why})")),
        }
    }

    /// Does nothing, and says so.
    #[cfg(not(target_os = "linux"))]
    pub fn enforce(self, _folder: &impl Handle) -> Extent {
        Extent::None("only Linux has it".to_owned())
    }

    #[cfg(target_os = "linux")]
    fn restrict(
        self,
        folder: &impl Handle,
    ) -> Result<landlock::RestrictionStatus, Box<dyn std::error::Error>> {
        use landlock::{
            ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, Ruleset, RulesetAttr,
            RulesetCreatedAttr, Scope,
        };
        // The newest that this was tested with: a right that a kernel learns later might be one we need.
        const KNOWN: ABI = ABI::V7;
        let read: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
        let files = AccessFs::WriteFile | AccessFs::MakeReg | AccessFs::RemoveFile;
        let add = files | AccessFs::MakeDir | AccessFs::RemoveDir;
        // What is named here is forbidden but where a rule allows it.
        let mut forbidden = AccessFs::from_all(KNOWN);
        let mut allowed = if self.may_add { read | add } else { read };
        if self.may_read_anywhere {
            forbidden.remove(read);
            allowed.remove(read);
        }
        let ruleset = Ruleset::default()
            .handle_access(forbidden)?
            .handle_access(AccessNet::from_all(KNOWN))?
            .scope(Scope::from_all(KNOWN))?;
        let mut ruleset = ruleset.create()?;
        if !allowed.is_empty() {
            ruleset = ruleset.add_rule(PathBeneath::new(folder, allowed))?;
        }
        Ok(ruleset.restrict_self()?)
    }
}
