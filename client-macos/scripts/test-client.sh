#!/usr/bin/env bash
# Usage: test-client.sh
# All that can be proven of the client without a Mac. The Swift toolchain is kept in DESKSIDE_CACHE (~/.cache/deskside).
set -euo pipefail
cd "$(dirname "$0")/.."

swift() { scripts/with-swift.sh "${DESKSIDE_CACHE:-$HOME/.cache/deskside}" . "$@"; }
step() { printf -- '--- client: %s\n' "$1"; }

step 'Swift toolchain (the first time 1.5 GB and about a minute)'
swift swift --version || {
    code=$?
    echo "No Swift 6 toolchain, and none could be set up: the client's tests were NOT run." >&2
    exit "$code"
}

flags=(-Xswiftc -warnings-as-errors)
# Swift 6.0's own libraries lack a symbol on Linux (swiftlang/swift#75670).
[[ $(uname -s) == Linux ]] && flags+=(-Xlinker --allow-shlib-undefined)
# The golden messages, where a build that sees only the package finds them.
mkdir -p .build
rm -rf .build/protocol
cp -R ../protocol .build/protocol
export DESKSIDE_PROTOCOL=.build/protocol

step 'format'
swift swift format lint --strict --recursive --parallel Sources Tests Package.swift
step 'build, warnings are errors'
swift swift build --build-tests "${flags[@]}"
step 'unit tests'
swift swift test "${flags[@]}"
if [[ $(uname -s) == Linux ]]; then
    step 'files only a Mac compiles: syntax, and types against the stand-ins'
    swift scripts/typecheck-mac.sh
fi
