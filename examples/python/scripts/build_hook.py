"""Generates the types before the package is built."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GenerateTypes(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        sys.path.insert(0, str(Path(self.root) / "scripts"))
        from generate import GENERATED, SCHEMAS, generate

        # A source distribution has no schemas, but what was generated from them.
        if SCHEMAS.is_dir() or not GENERATED.is_dir():
            generate(SCHEMAS)
