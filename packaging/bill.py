"""What others wrote that is in the program: their licences, as they want it, and a bill of materials (SBOM)."""

import json
import time
import tomllib
import uuid

from common import output


def licences(project, targets):
    """One text with all licences, by cargo-about: about.toml says which will do, about.hbs what it looks like."""
    folder = project.root / "packaging"
    # cargo-about asks nobody, and wants all crates to be on this machine: those of other systems, too.
    output("cargo", "fetch", "--locked", cwd=project.root)
    options = [f"--target={target}" for target in targets]
    said = output(
        *["cargo-about", "generate", "--offline", "--locked", "--fail", *options],
        *["--config", folder / "about.toml", folder / "about.hbs"],
        cwd=project.root,
    )
    return said.encode() + project.read("packaging/notices.txt")


def bill_of_materials(project, targets):
    """All crates in the program, and what helped to build it, in CycloneDX (https://cyclonedx.org), version 1.5."""
    said = json.loads(output("cargo", "metadata", "--format-version=1", "--locked", cwd=project.root))
    crates = {crate["id"]: crate for crate in said["packages"]}
    used = set().union(*(crates_in(project, target, "normal,build") for target in targets))
    linked = set().union(*(crates_in(project, target, "normal") for target in targets))
    sums = {
        (crate["name"], crate["version"]): crate.get("checksum")
        for crate in tomllib.loads((project.root / "Cargo.lock").read_text())["package"]
    }
    names = {key: reference(crate) for key, crate in crates.items() if (crate["name"], crate["version"]) in used}

    def component(key):
        crate = crates[key]
        name = (crate["name"], crate["version"])
        made = {
            "type": "library",
            "bom-ref": reference(crate),
            "name": crate["name"],
            "version": crate["version"],
            # What only runs while it is built is not in the program.
            "scope": "required" if name in linked else "excluded",
            "purl": reference(crate),
        }
        if sums.get(name):
            made["hashes"] = [{"alg": "SHA-256", "content": sums[name]}]
        if crate["license"]:
            made["licenses"] = [{"expression": crate["license"].replace("/", " OR ")}]
        return made

    [us] = said["workspace_members"]
    program = component(us) | {"type": "application"}
    del program["scope"]
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{project.repository}#{project.time}')}",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(project.time)),
            "component": program,
        },
        "components": sorted((component(key) for key in names if key != us), key=lambda made: made["bom-ref"]),
        "dependencies": sorted(
            (
                {
                    "ref": names[node["id"]],
                    "dependsOn": sorted({names[key] for key in needs(node) if key in names}),
                }
                for node in said["resolve"]["nodes"]
                if node["id"] in names
            ),
            key=lambda made: made["ref"],
        ),
    }
    return (json.dumps(bill, indent=1) + "\n").encode()


def reference(crate):
    return f"pkg:cargo/{crate['name']}@{crate['version']}"


def crates_in(project, target, kinds):
    """Names and versions of the crates of that kind that Cargo builds for a target."""
    said = output(
        *["cargo", "tree", "--locked", f"--target={target}", f"--edges={kinds}"],
        *["--prefix=none", "--format={p}"],
        cwd=project.root,
    )
    found = (line.split() for line in said.splitlines() if line)
    return {(words[0], words[1].removeprefix("v")) for words in found}


def needs(node):
    """Crates that a crate needs, but not for its tests."""
    return [other["pkg"] for other in node["deps"] if any(kind["kind"] != "dev" for kind in other["dep_kinds"])]
