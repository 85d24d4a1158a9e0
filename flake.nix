{
  description = "Yoi: an embeddable Rust runtime for LLM Workers";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;

      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "aarch64-darwin"
      ];

      # One set of outputs for each system, from its packages and the program built of them.
      perSystem =
        outputsFor:
        lib.genAttrs systems (
          system:
          outputsFor {
            pkgs = nixpkgs.legacyPackages.${system};
            yoi = self.packages.${system}.yoi;
          }
        );

      workspace = (lib.importTOML ./Cargo.toml).workspace.package;

      # What a build or a test reads; a file that is not here does not exist for them.
      src = lib.fileset.toSource {
        root = ./.;
        fileset = lib.fileset.unions [
          ./Cargo.lock
          ./Cargo.toml
          ./README.md
          # The store of `yoi`. It brings SQLite's source, which the C compiler of `stdenv` builds.
          ./adapters/sqlite
          ./crates
          ./docs/profiles.md
          ./rustfmt.toml
          ./schema
        ];
      };
    in
    {
      packages = perSystem (
        { pkgs, ... }:
        rec {
          default = yoi;
          yoi = pkgs.rustPlatform.buildRustPackage {
            pname = "yoi";
            inherit (workspace) version;
            inherit src;

            # The lock file is the one list of hashes: nothing here has to follow it.
            cargoLock.lockFile = ./Cargo.lock;

            # The program alone; `checks.test` runs the tests of the whole workspace.
            cargoBuildFlags = [
              "-p"
              "yoi"
            ];
            cargoTestFlags = [
              "-p"
              "yoi"
            ];

            meta = {
              description = "Run LLM Workers at a terminal, or speak their API as JSON-RPC";
              license = with lib.licenses; [
                mit
                asl20
              ];
              mainProgram = "yoi";
            };
          };
        }
      );

      apps = perSystem (
        { yoi, ... }:
        let
          app = {
            type = "app";
            program = lib.getExe yoi;
            meta.description = yoi.meta.description;
          };
        in
        {
          default = app;
          yoi = app;
        }
      );

      checks = perSystem (
        { pkgs, yoi }:
        let
          # The package's own environment, with another command in place of its build.
          check =
            name: tools: command:
            yoi.overrideAttrs (package: {
              pname = "yoi-${name}";
              nativeBuildInputs = package.nativeBuildInputs ++ tools;
              buildPhase = command;
              doCheck = false;
              installPhase = "touch $out";
            });
        in
        {
          package = yoi;
          test = check "test" [ ] "cargo test --workspace --offline";
          clippy = check "clippy" [
            pkgs.clippy
          ] "cargo clippy --workspace --all-targets --offline -- -D warnings";
          fmt = check "fmt" [ pkgs.rustfmt ] "cargo fmt --all --check";
        }
      );

      devShells = perSystem (
        { pkgs, yoi }:
        {
          default = pkgs.mkShell {
            inputsFrom = [ yoi ];
            packages = with pkgs; [
              cargo-deny
              cargo-nextest
              clippy
              just
              python3
              rust-analyzer
              rustfmt
            ];
          };
        }
      );

      formatter = perSystem ({ pkgs, ... }: pkgs.nixfmt-tree);
    };
}
