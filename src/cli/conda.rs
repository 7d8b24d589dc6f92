//! Finds conda, mamba or micromamba, and the environment named MyVenv.
//!
//! In: environment variables and folders. Out: the installation and the command that activates the environment. No
//! program is run: an installation is recognised by its files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The environment that `environment.yml` creates.
pub const ENVIRONMENT: &str = "MyVenv";

const PROGRAMS: [&str; 3] = ["conda", "mamba", "micromamba"];
const FOLDERS: [&str; 7] =
    ["miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba", "Miniconda3", "Anaconda3"];

/// The installation found; all fields are empty if there is no conda.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conda {
    pub program: Option<PathBuf>,
    /// The installation's folder, whose `envs` contains the environments.
    pub root: Option<PathBuf>,
    /// (name, folder), `base` first.
    pub environments: Vec<(String, PathBuf)>,
    /// The one that is active in this shell.
    pub active: Option<String>,
}

impl Conda {
    /// On this machine, in this shell.
    pub fn here() -> Self {
        let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
        let mut folders = Vec::new();
        for home in ["HOME", "USERPROFILE", "LOCALAPPDATA"].into_iter().filter_map(variable) {
            folders.extend(FOLDERS.iter().map(|f| Path::new(&home).join(f)));
            folders.push(Path::new(&home).join(".local/share/mamba"));
        }
        let shared = ["/opt", "/usr/local", "/opt/homebrew", "C:\\ProgramData", "/opt/homebrew/Caskroom"];
        folders.extend(shared.iter().flat_map(|s| FOLDERS.iter().map(|f| Path::new(s).join(f))));
        folders.extend(
            ["/opt/conda", "/opt/homebrew/Caskroom/miniconda/base", "/usr/local/Caskroom/miniconda/base"]
                .map(PathBuf::from),
        );
        Conda::find(&variable, &folders)
    }

    /// With given environment variables and the usual `folders` of installations.
    pub fn find(variable: &dyn Fn(&str) -> Option<OsString>, folders: &[PathBuf]) -> Self {
        let path = variable("PATH").unwrap_or_default();
        let named = ["CONDA_EXE", "MAMBA_EXE"].into_iter().filter_map(variable).map(PathBuf::from);
        let on_path = std::env::split_paths(&path).flat_map(|dir| PROGRAMS.map(|p| dir.join(executable(p))));
        let usual = folders.iter().flat_map(|root| programs_of(root));
        let program = named.chain(on_path).chain(usual).find(|p| p.is_file());
        let prefix = variable("CONDA_PREFIX").map(PathBuf::from);
        let root = variable("MAMBA_ROOT_PREFIX")
            .map(PathBuf::from)
            .or_else(|| program.as_deref().and_then(root_of))
            .or_else(|| prefix.as_deref().map(root_of_environment))
            .filter(|r| r.is_dir());
        let mut conda = Conda { program, ..Conda::default() };
        conda
            .environments
            .extend(root.iter().filter(|r| r.join("conda-meta").is_dir()).map(|r| ("base".into(), r.clone())));
        let homes = root.iter().map(|r| r.join("envs"));
        let more = variable("CONDA_ENVS_PATH").or_else(|| variable("CONDA_ENVS_DIRS")).unwrap_or_default();
        for home in homes.chain(std::env::split_paths(&more)) {
            conda.add_environments(&home);
        }
        conda.active = variable("CONDA_DEFAULT_ENV").map(|v| v.to_string_lossy().into_owned()).or_else(|| {
            let prefix = prefix?;
            let known = conda.environments.iter().find(|(_, p)| *p == prefix).map(|(n, _)| n.clone());
            Some(known.unwrap_or_else(|| prefix.display().to_string()))
        });
        conda.root = root;
        conda
    }

    fn add_environments(&mut self, home: &Path) {
        let Ok(entries) = std::fs::read_dir(home) else { return };
        let mut found: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        found.sort();
        for path in found.into_iter().filter(|p| p.join("conda-meta").is_dir()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !self.environments.iter().any(|(_, p)| *p == path) {
                self.environments.push((name, path));
            }
        }
    }

    fn found(&self) -> bool {
        self.program.is_some() || self.root.is_some()
    }

    fn my_venv(&self) -> Option<&Path> {
        self.environments.iter().find(|(name, _)| name == ENVIRONMENT).map(|(_, path)| path.as_path())
    }

    /// The command that activates MyVenv; it also works in a shell in which conda is not initialised.
    pub fn activate(&self) -> Option<String> {
        let path = self.my_venv()?;
        let program = self.program.as_deref();
        let kind = program.and_then(Path::file_stem).map_or("conda".into(), |s| s.to_string_lossy().into_owned());
        if kind == "micromamba" {
            let program = program.unwrap_or(Path::new("micromamba")).display();
            return Some(format!(
                "eval \"$('{program}' shell hook --shell bash)\" && micromamba activate '{}'",
                path.display()
            ));
        }
        let root = self.root.as_deref()?;
        if root.join("Scripts/activate.bat").is_file() {
            return Some(format!("call \"{}\\Scripts\\activate.bat\" {ENVIRONMENT}", root.display()));
        }
        Some(format!("source '{}/bin/activate' {ENVIRONMENT}", root.display()))
    }

    /// One line, for the head of a run.
    pub fn line(&self) -> String {
        match (self.found(), &self.active, self.activate()) {
            (false, ..) => "Conda: not found; it is not needed".into(),
            (true, Some(active), _) if active == ENVIRONMENT => format!("Conda: {ENVIRONMENT} is active"),
            (true, _, Some(line)) => format!("Conda: {ENVIRONMENT} is not active; {line}"),
            (true, _, None) => format!("Conda: found, no environment {ENVIRONMENT}"),
        }
    }

    /// All details, for `dbmocker env`.
    pub fn describe(&self) -> String {
        if !self.found() {
            return "conda             not found: no conda, mamba or micromamba; dbmocker does not need one\n".into();
        }
        let show = |p: &Option<PathBuf>| p.as_ref().map_or("not found".into(), |p| p.display().to_string());
        let mut out = format!("conda             {}\n", show(&self.program));
        out += &format!("installation      {}\n", show(&self.root));
        for (i, (name, path)) in self.environments.iter().enumerate() {
            out += &format!("{:<18}{name}  {}\n", if i == 0 { "environments" } else { "" }, path.display());
        }
        out += &format!("active            {}\n", self.active.as_deref().unwrap_or("none"));
        let mine = self.my_venv().map_or_else(
            || "is not there; make it with: conda env create -f environment.yml".into(),
            |p| p.display().to_string(),
        );
        out += &format!("{ENVIRONMENT:<18}{mine}\n");
        if let Some(line) = self.activate() {
            out += &format!("{:<18}{line}\n", "activate it with");
        }
        out
    }
}

fn executable(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

fn programs_of(root: &Path) -> Vec<PathBuf> {
    let dirs = ["bin", "condabin", "Scripts"];
    PROGRAMS.iter().flat_map(|p| dirs.map(|d| root.join(d).join(executable(p)))).collect()
}

/// `ROOT/bin/conda`, `ROOT/condabin/conda`, `ROOT/Scripts/conda.exe`.
fn root_of(program: &Path) -> Option<PathBuf> {
    let root = program.parent()?.parent()?;
    (root.join("conda-meta").is_dir() || root.join("envs").is_dir()).then(|| root.to_path_buf())
}

/// `ROOT/envs/NAME`, or the root itself.
fn root_of_environment(prefix: &Path) -> PathBuf {
    match prefix.parent() {
        Some(envs) if envs.file_name().is_some_and(|n| n == "envs") => envs.parent().unwrap_or(envs).to_path_buf(),
        _ => prefix.to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A folder that looks like an installation.
    fn installation(program: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["bin", "conda-meta", "envs/MyVenv/conda-meta", "envs/other/conda-meta", "envs/no-environment"] {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        fs::write(dir.path().join("bin").join(executable(program)), "").unwrap();
        dir
    }

    fn names(conda: &Conda) -> Vec<&str> {
        conda.environments.iter().map(|(n, _)| n.as_str()).collect()
    }

    #[test]
    fn an_installation_is_found_whatever_points_at_it() {
        let dir = installation("conda");
        let root = dir.path().to_path_buf();
        let exe = root.join("bin").join(executable("conda"));
        let cases: [(&str, PathBuf); 3] =
            [("CONDA_EXE", exe.clone()), ("PATH", root.join("bin")), ("CONDA_PREFIX", root.join("envs/MyVenv"))];
        for (variable, value) in cases {
            let found = Conda::find(&|name| (name == variable).then(|| value.clone().into()), &[]);
            assert_eq!(found.root.as_ref(), Some(&root), "{variable}");
            assert_eq!(names(&found), ["base", "MyVenv", "other"], "{variable}");
            let line = format!("source '{}/bin/activate' MyVenv", root.display());
            assert_eq!(found.activate(), Some(line), "{variable}");
            assert_eq!(found.active.as_deref(), (variable == "CONDA_PREFIX").then_some("MyVenv"));
        }
        let usual = Conda::find(&|_| None, std::slice::from_ref(&root));
        assert_eq!(usual.program, Some(exe));
        assert!(usual.describe().contains("MyVenv"));
    }

    #[test]
    fn micromamba_brings_its_own_hook() {
        let dir = installation("micromamba");
        let found = Conda::find(&|name| (name == "PATH").then(|| dir.path().join("bin").into()), &[]);
        let line = found.activate().unwrap();
        assert!(line.contains("micromamba' shell hook") && line.ends_with("envs/MyVenv'"), "{line}");
    }

    #[test]
    fn without_conda_it_says_so() {
        let none = Conda::find(&|_| None, &[]);
        assert_eq!(none, Conda::default());
        assert_eq!(none.line(), "Conda: not found; it is not needed");
        assert!(none.describe().starts_with("conda             not found"));
    }
}
