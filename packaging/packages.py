"""What each package holds. All are made of the same programs and the same texts."""

import hashlib
import json
import re
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import urlsplit

from archives import File, deb, gz, tar_gz, wheel, zipped

# What npm and Debian call a machine that Rust calls so.
NPM = {"x86_64": "x64", "aarch64": "arm64"}
DEBIAN = {"x86_64": "amd64", "aarch64": "arm64"}
# And Python, for Windows.
PYTHON_WINDOWS = {"x86_64": "win_amd64"}


@dataclass(frozen=True)
class Texts:
    """What goes along with each program."""

    manual: bytes
    completion_bash: bytes
    completion_zsh: bytes
    completion_fish: bytes
    completion_powershell: bytes
    # Of all that others wrote.
    licences: bytes
    bill: bytes


def all_packages(project, programs, texts):
    made = {f"{project.name}-{project.version}.cdx.json": texts.bill}
    made |= npm_package(project, programs)
    for program in programs:
        made |= npm_package_of(project, program, texts) | python_wheel(project, program, texts)
        if program.is_for_windows:
            made |= windows_archive(project, program, texts)
        elif program.is_static:
            made |= archive(project, program, texts)
        else:
            made |= debian_package(project, program, texts)
    return made


def archive(project, program, texts):
    """To be unpacked in /usr/local, or anywhere."""
    name = f"{project.name}-{project.version}-{program.machine}-linux"
    files = {
        f"bin/{project.name}": File(program.path.read_bytes(), is_program=True),
        f"share/man/man1/{project.name}.1": File(texts.manual),
        f"share/bash-completion/completions/{project.name}": File(texts.completion_bash),
        f"share/zsh/site-functions/_{project.name}": File(texts.completion_zsh),
        f"share/fish/vendor_completions.d/{project.name}.fish": File(texts.completion_fish),
    }
    files |= {f"share/doc/{project.name}/{path}": file for path, file in documents(project, texts).items()}
    return {f"{name}.tar.gz": tar_gz(files, project.time, above=name)}


def windows_archive(project, program, texts):
    """To be unpacked anywhere, by hand, or by winget and Scoop: what they want to know of it comes along."""
    name = f"{project.name}-{project.version}-{program.machine}-windows"
    file = program.named(project.name)
    # Windows has no folder for completions: the profile of PowerShell calls this one, for who wants it.
    files = documents(project, texts) | {
        file: File(program.path.read_bytes(), is_program=True),
        f"{project.name}-completion.ps1": File(texts.completion_powershell),
    }
    content = zipped(files, project.time, above=name)
    digest = hashlib.sha256(content).hexdigest()
    manifests = winget_manifests(project, name, file, digest) | scoop_manifest(project, program, file, digest)
    return {f"{name}.zip": content} | manifests


def release_address(project, version, name):
    """Where a file of a release is going to be. Nothing is published yet, so this is a guess, as `repository` is."""
    return f"{project.repository}/releases/download/v{version}/{name}"


def winget_manifests(project, name, file, digest):
    """A draft. winget wants three files, of which the names are fixed."""
    identifier = f"{project.name}.{project.name}"
    facts = {
        "identifier": identifier,
        "address": release_address(project, project.version, f"{name}.zip"),
        "digest": digest.upper(),
        "path": f"{name}\\{file}",
    }
    parts = {"version": "", "installer": ".installer", "locale": ".locale.en-US"}
    return {
        f"{identifier}{end}.yaml": filled_in(project, f"winget/{part}.yaml", facts, written=json.dumps)
        for part, end in parts.items()
    }


def scoop_manifest(project, program, file, digest):
    """A draft, too. `$version` is for Scoop to fill in, when it looks for a newer one."""

    def of(version):
        name = f"{project.name}-{version}-{program.machine}-windows"
        return {"url": release_address(project, version, f"{name}.zip"), "extract_dir": name}

    manifest = {
        # A comment, as JSON has none of its own.
        "##": "A draft that nobody has tried: not with Scoop, and not on Windows. The addresses are guesses.",
        "version": project.version,
        "description": synopsis(project),
        "homepage": project.repository,
        "license": project.licence.replace(" OR ", "|"),
        "architecture": {"64bit": of(project.version) | {"hash": digest}},
        "bin": file,
        "checkver": {"url": f"{project.repository}/releases", "regex": r"/releases/tag/v([\d.]+)"},
        "autoupdate": {"architecture": {"64bit": of("$version")}, "hash": {"url": "$baseurl/SHA256SUMS"}},
    }
    return {f"{project.name}.json": (json.dumps(manifest, indent=4) + "\n").encode()}


def documents(project, texts):
    return our_licences(project) | licences_of_others(texts) | {"README.md": File(project.read("README.md"))}


def our_licences(project):
    return {name: File(project.read(name)) for name in ["LICENSE-APACHE", "LICENSE-MIT"]}


def licences_of_others(texts):
    return {"THIRD-PARTY.txt": File(texts.licences)}


def python_wheel(project, program, texts):
    """`pip install` puts the program beside python; the module is for `python -m`."""
    name = f"{project.name}-{project.version}"
    info = f"{name}.dist-info"
    if program.is_for_windows:
        platform = PYTHON_WINDOWS[program.machine]
    elif program.is_static:
        # It needs no musl at all; 1.1 is the oldest that there is a name for.
        platform = f"musllinux_1_1_{program.machine}"
    else:
        platform = "manylinux_{}_{}_{}".format(*program.glibc, program.machine)
    metadata = [
        "Metadata-Version: 2.4",
        f"Name: {project.name}",
        f"Version: {project.version}",
        f"Summary: {project.description}",
        f"Keywords: {','.join(project.keywords)}",
        f"License-Expression: {project.licence}",
        *(f"License-File: {file}" for file in our_licences(project) | licences_of_others(texts)),
        f"Project-URL: Repository, {project.repository}",
        "Requires-Python: >=3.8",
        "Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM",
        "",
        project.read("README.md").decode(),
    ]
    tag = f"py3-none-{platform}"
    about = ["Wheel-Version: 1.0", "Generator: packaging/release", "Root-Is-Purelib: false", f"Tag: {tag}", ""]
    files = {
        f"{project.name}/__init__.py": File(project.read("packaging/python/__init__.py")),
        f"{project.name}/__main__.py": File(project.read("packaging/python/__main__.py")),
        f"{name}.data/scripts/{program.named(project.name)}": File(program.path.read_bytes(), is_program=True),
        f"{info}/METADATA": File("\n".join(metadata).encode()),
        f"{info}/WHEEL": File("\n".join(about).encode()),
        f"{info}/sboms/{name}.cdx.json": File(texts.bill),
    }
    for path, file in (our_licences(project) | licences_of_others(texts)).items():
        files[f"{info}/licenses/{path}"] = file
    return {f"{name}-{tag}.whl": wheel(files, project.time, info)}


def npm_name(project, program):
    """As the launcher takes it apart, too."""
    if program.is_for_windows:
        return f"@{project.name}/win32-{NPM[program.machine]}"
    return f"@{project.name}/linux-{NPM[program.machine]}{'-musl' if program.is_static else ''}"


def npm_facts(project, name):
    return {
        "name": name,
        "version": project.version,
        "description": project.description,
        "license": project.licence,
        "repository": {"type": "git", "url": project.repository},
    }


def npm_archive(project, name, facts, files):
    files = files | our_licences(project) | {"package.json": File((json.dumps(facts, indent=2) + "\n").encode())}
    file_name = f"{name.removeprefix('@').replace('/', '-')}-npm-{project.version}.tgz"
    return {file_name: tar_gz(files, project.time, above="package")}


def npm_package(project, programs):
    """The launcher, which wants the package of each system; npm takes the one that fits."""
    facts = npm_facts(project, project.name) | {
        "keywords": project.keywords,
        "bin": {project.name: "launcher.js"},
        "engines": {"node": ">=18"},
        "optionalDependencies": {npm_name(project, program): project.version for program in programs},
    }
    files = {
        "launcher.js": File(project.read("packaging/npm/launcher.js"), is_program=True),
        "README.md": File(project.read("README.md")),
    }
    return npm_archive(project, project.name, facts, files)


def npm_package_of(project, program, texts):
    name = npm_name(project, program)
    facts = npm_facts(project, name) | {
        "os": ["win32" if program.is_for_windows else "linux"],
        "cpu": [NPM[program.machine]],
        "preferUnplugged": True,
    }
    if not program.is_for_windows:
        # One that needs no library runs beside any; npm before 10 does not know the field, and takes both.
        facts["libc"] = ["musl" if program.is_static else "glibc"]
    files = licences_of_others(texts) | {
        f"bin/{program.named(project.name)}": File(program.path.read_bytes(), is_program=True),
        "sbom.cdx.json": File(texts.bill),
    }
    return npm_archive(project, name, facts, files)


def debian_package(project, program, texts):
    name, machine = project.name, DEBIAN[program.machine]
    # What a package calls its own is below /usr, and not below /usr/local.
    service = project.read("contrib/glasshttp.service").replace(b"/usr/local/bin/", b"/usr/bin/")
    share, units = "usr/share", "usr/lib/systemd/system"
    files = {
        f"usr/bin/{name}": File(program.path.read_bytes(), is_program=True),
        f"{units}/{name}.service": File(without_installing(service)),
        f"{units}/{name}.socket": File(project.read("contrib/glasshttp.socket")),
        f"etc/logrotate.d/{name}": File(project.read("contrib/logrotate")),
        f"{share}/man/man1/{name}.1.gz": File(gz(texts.manual)),
        f"{share}/bash-completion/completions/{name}": File(texts.completion_bash),
        f"{share}/zsh/vendor-completions/_{name}": File(texts.completion_zsh),
        f"{share}/fish/vendor_completions.d/{name}.fish": File(texts.completion_fish),
        f"{share}/lintian/overrides/{name}": File(project.read("packaging/deb/lintian-overrides")),
    }
    texts_of_debian = {
        "README.md": File(project.read("README.md")),
        "changelog.gz": File(gz(project.read("CHANGELOG.md"))),
        "changelog.Debian.gz": File(gz(filled_in(project, "deb/changelog"))),
        "copyright": File(filled_in(project, "deb/copyright")),
        "third-party.txt.gz": File(gz(texts.licences)),
        "sbom.cdx.json.gz": File(gz(texts.bill)),
    }
    files |= {f"{share}/doc/{name}/{path}": file for path, file in texts_of_debian.items()}
    more = {
        "architecture": machine,
        "glibc": ".".join(map(str, program.glibc)),
        # In units of 1024 bytes, as the format wants it.
        "size": str(sum(len(file.content) + 1023 for file in files.values()) // 1024),
    }
    control = {
        "control": File(filled_in(project, "deb/control", more)),
        "conffiles": File(f"/etc/logrotate.d/{name}\n".encode()),
        "prerm": File(project.read("packaging/deb/prerm"), is_program=True),
        "postrm": File(project.read("packaging/deb/postrm"), is_program=True),
    }
    return {f"{name}_{project.version}-1_{machine}.deb": deb(control, files, project.time)}


def without_installing(unit):
    """A unit without the two lines that tell how to copy it."""
    return re.sub(rb"#\n(#   (cp|systemctl enable) .*\n)+", b"", unit)


def synopsis(project):
    """The description as Debian, winget and Scoop want it: without an article."""
    return re.sub("^(An?|The) ", "", project.description)


def filled_in(project, template, more=None, written=str):
    """A file of this folder, with what Cargo.toml and the licence say in place of {words}."""
    [(year, authors)] = re.findall(r"Copyright \(c\) (\d+) (.+)", project.read("LICENSE-MIT").decode())
    facts = {
        "name": project.name,
        "version": project.version,
        "licence": project.licence,
        "synopsis": synopsis(project),
        "year": year,
        "authors": authors,
        "repository": project.repository,
        "host": urlsplit(project.repository).hostname,
        "date": formatdate(project.time),
    } | (more or {})
    facts = {key: written(value) for key, value in facts.items()}
    return project.read(f"packaging/{template}").decode().format(**facts).encode()
