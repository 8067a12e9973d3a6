# Untried: a draft, by somebody without Nix. In a checkout:
#
#   nix-build -E '(import <nixpkgs> { }).callPackage ./contrib/nix/package.nix { }'
{
  lib,
  rustPlatform,
  installShellFiles,
}:

let
  # Name, version, description and address stand in Cargo.toml alone.
  said = (lib.importTOML ../../Cargo.toml).package;
in
rustPlatform.buildRustPackage {
  pname = said.name;
  inherit (said) version;

  src = lib.cleanSource ../..;
  cargoLock.lockFile = ../../Cargo.lock;

  nativeBuildInputs = [ installShellFiles ];

  # The tests of the library; those in tests/ start browsers, proxies and clients.
  cargoTestFlags = [ "--lib" ];

  postInstall = ''
    $out/bin/glasshttp --man > glasshttp.1
    installManPage glasshttp.1
    for shell in bash fish zsh; do
      $out/bin/glasshttp --completions $shell > glasshttp.$shell
    done
    installShellCompletion glasshttp.{bash,fish,zsh}
  '';

  meta = {
    inherit (said) description;
    homepage = said.repository;
    license = with lib.licenses; [ mit asl20 ];
    mainProgram = said.name;
    platforms = lib.platforms.unix;
  };
}
