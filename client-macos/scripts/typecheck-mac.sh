#!/usr/bin/env bash
# Usage, in the package's folder after `swift build`: scripts/typecheck-mac.sh
# Syntax of the files that only a Mac can compile, then their types against the stand-ins for Apple's modules.
set -euo pipefail
cd "$(dirname "$0")/.."
out=.build/stand-in
mkdir -p "$out"

swiftc -parse Sources/DesksideMac/*.swift Sources/Deskside/*.swift

# In the order of their imports.
for module in AppKit SwiftUI Accessibility AuthenticationServices Security CryptoKit ApplicationServices Network; do
    swiftc -emit-module -parse-as-library -swift-version 6 -module-name "$module" -suppress-warnings \
        -I "$out" "tools/stand-in/$module.swift" -emit-module-path "$out/$module.swiftmodule"
done
check=(swiftc -parse-as-library -swift-version 6 -warnings-as-errors -I "$out" -I .build/debug/Modules)
"${check[@]}" -emit-module -module-name DesksideMac Sources/DesksideMac/*.swift \
    -emit-module-path "$out/DesksideMac.swiftmodule"
"${check[@]}" -typecheck -module-name Deskside Sources/Deskside/*.swift
