#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# schema_editor.sh ISTHMUS MODULES: the JSON Schema of scenarios in a language server of the folder of node modules.
# Exit code 77: it is not there.
set -euo pipefail
program=$1 server=$2/yaml-language-server/bin/yaml-language-server
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[[ -e $server ]] || { echo "yaml-language-server is not installed: skipped" >&2; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$program" describe --schema >"$folder/schema.json"
mapfile -t scenarios < <(find "$root/scenarios" -name '*.yaml' | sort)
node "$root/sim/tests/schema_editor.js" "$server" "$folder/schema.json" "${scenarios[@]}"
