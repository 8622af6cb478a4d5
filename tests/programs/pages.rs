//! The README and the pages in `docs/`, and the code blocks in them; the links of every page of the project.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The README first, then the pages in `docs/` by name: their paths below the root, and their texts.
pub(crate) fn all() -> Vec<(String, String)> {
    let mut docs = files(&Path::new(ROOT).join("docs"), &[".md"]);
    docs.sort();
    docs.insert(0, Path::new(ROOT).join("README.md"));
    docs.iter().map(|page| (name(page), fs::read_to_string(page).unwrap())).collect()
}

/// The code blocks in a language.
pub(crate) fn blocks(language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let in_page = |text: &str| {
        text.split(&fence)
            .skip(1)
            .filter_map(|rest| rest.split("```").next())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    all().iter().flat_map(|(_, text)| in_page(text)).collect()
}

/// The shell commands that begin with this, without their comments.
pub(crate) fn commands(beginning: &str) -> Vec<String> {
    let shell = blocks("sh").join("");
    let lines = shell.lines().filter(|line| line.starts_with(beginning));
    lines.filter_map(|line| line.split(" # ").next()).map(|line| line.trim().to_owned()).collect()
}

fn name(page: &Path) -> String {
    page.strip_prefix(ROOT).unwrap().display().to_string()
}

/// The files below a folder whose names have these endings, except built and hidden files.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !path.is_symlink() {
            if name != "target" && !name.starts_with('.') {
                found.extend(files(&path, endings));
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found
}

/// A page's lines outside code blocks.
fn prose(text: &str) -> Vec<&str> {
    text.split("```").step_by(2).flat_map(str::lines).collect()
}

/// Where a page links to a file that is not packaged with it.
const REPOSITORY: &str = "https://github.com/autopilot-sync/autopilot-sync/blob/main/";

/// The targets of a page's absolute links to files of the project, as paths below the root.
fn repository_links(text: &str) -> Vec<String> {
    let targets = text.split(REPOSITORY).skip(1);
    targets.filter_map(|rest| rest.split([')', '\n', '"']).next()).map(str::to_owned).collect()
}

/// The targets of a page's relative links.
fn links(text: &str) -> Vec<String> {
    let text = prose(text).join("\n");
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://")).map(str::to_owned).collect()
}

/// A page's headings as GitHub's anchors.
fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text)
        .into_iter()
        .filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')));
    let anchor = |heading: &str| {
        let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

/// The links of a page that lead nowhere.
fn broken(page: &Path, text: &str) -> Vec<String> {
    let root = Path::new(ROOT).join("README.md");
    let from = |page: &Path, links: Vec<String>| {
        links.into_iter().filter(|link| !leads_somewhere(page, link)).collect::<Vec<_>>()
    };
    [from(page, links(text)), from(&root, repository_links(text))].concat()
}

fn leads_somewhere(page: &Path, link: &str) -> bool {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() { page.to_owned() } else { page.parent().unwrap().join(file) };
    let has_anchor =
        || fs::read_to_string(&target).is_ok_and(|text| anchors(&text).iter().any(|known| known == anchor));
    target.exists() && (anchor.is_empty() || has_anchor())
}

#[test]
fn every_link_leads_somewhere() {
    let pages = files(Path::new(ROOT), &[".md"]);
    let mut number = 0;
    for page in &pages {
        let text = fs::read_to_string(page).unwrap();
        number += links(&text).len() + repository_links(&text).len();
        assert_eq!(broken(page, &text), [""; 0], "{}", page.display());
    }
    assert!(pages.len() > 10 && number > 30, "they are found");
}

#[test]
fn a_broken_link_is_noticed() {
    let text = format!(
        "[a](no.md), [b](networks.md#no), [c](../README.md#use)\nand [d](https://example), [e]\n\n\
         [e]: {REPOSITORY}gone.md\n[f]: {REPOSITORY}README.md#use\n"
    );
    let page = Path::new(ROOT).join("docs/results.md");
    assert_eq!(broken(&page, &text), ["no.md", "networks.md#no", "gone.md"]);
}

#[test]
fn every_code_block_is_in_a_language_that_is_tried() {
    for (name, text) in all() {
        for fence in text.lines().filter(|line| line.starts_with("```")).step_by(2) {
            let language = fence.trim_start_matches('`');
            let tried = ["c", "cpp", "python", "rust,no_run", "sh", "cmake", "meson", "ini", "bat"];
            let tried_elsewhere = match name.as_str() {
                "docs/troubleshooting.md" => language == "text", // test_troubles.py
                "docs/command-line.md" => ["cron", "nagios"].contains(&language), // test_readme.py
                "docs/other-hosts.md" => ["csharp", "powershell", "go"].contains(&language), // hosts.sh
                _ => false,
            };
            assert!(tried.contains(&language) || tried_elsewhere, "{name}: a block in '{language}'");
        }
    }
}

#[test]
fn every_promise_of_security_names_tests_that_exist() {
    let security = fs::read_to_string(Path::new(ROOT).join("SECURITY.md")).unwrap();
    let is_name = |word: &&str| {
        word.matches('_').count() > 1 && word.chars().all(|c| c == '_' || c.is_ascii_lowercase())
    };
    let named: Vec<&str> = security.split('`').skip(1).step_by(2).filter(is_name).collect();
    let sources = files(Path::new(ROOT), &[".rs", ".py", "Cargo.toml"]);
    let sources: Vec<String> = sources.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let exists = |name: &str| {
        let forms = [format!("fn {name}("), format!("def {name}("), format!("\"{name}\"")];
        sources.iter().any(|source| forms.iter().any(|form| source.contains(form)))
    };
    let missing: Vec<&str> = named.iter().copied().filter(|name| !exists(name)).collect();
    assert_eq!(missing, [""; 0]);
    assert!(named.len() > 15 && !exists(&["no", "such", "test"].join("_")), "they are found");
}
