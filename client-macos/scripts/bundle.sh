#!/usr/bin/env bash
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: scripts/bundle.sh [--config FILE] [--identity NAME] [--notary PROFILE]

Makes Deskside.app (universal, hardened runtime) in this package's folder. Needs a Mac with Xcode 16.

  --config FILE      put this deskside.json (from make client-config) into the app
  --identity NAME    sign with this, such as "Developer ID Application: Example (TEAMID)"; without it the signature
                     is ad hoc, for this Mac only, and permissions are lost with each new build
  --notary PROFILE   notarise and staple; PROFILE is a keychain profile of xcrun notarytool store-credentials
TEXT
}

fail() {
    echo "bundle.sh: $1" >&2
    exit 64
}

config='' identity='-' notary=''
while (($#)); do
    case $1 in
        -h | --help) usage && exit 0 ;;
        --config | --identity | --notary)
            [[ -n ${2:-} ]] || fail "$1 needs a value"
            case $1 in
                --config) config=$2 ;;
                --identity) identity=$2 ;;
                --notary) notary=$2 ;;
            esac
            shift 2
            ;;
        *) usage >&2 && fail "unknown argument $1" ;;
    esac
done
[[ -z $notary || $identity != '-' ]] || fail '--notary needs --identity: Apple notarises Developer ID signatures only'
[[ -z $config || -f $config ]] || fail "there is no file $config"
[[ $(uname -s) == Darwin ]] || fail 'needs a Mac'
# Before the change of folder.
[[ -z $config ]] || config=$(cd "$(dirname "$config")" && pwd)/$(basename "$config")
cd "$(dirname "$0")/.."

build=(swift build --configuration release --product Deskside --arch arm64 --arch x86_64)
"${build[@]}"
bin=$("${build[@]}" --show-bin-path)

app=Deskside.app
rm -rf "$app"
mkdir -p "$app/Contents/MacOS" "$app/Contents/Resources"
cp "$bin/Deskside" "$app/Contents/MacOS/Deskside"
cp Packaging/Info.plist "$app/Contents/Info.plist"
plutil -lint -s "$app/Contents/Info.plist" Packaging/Deskside.entitlements
[[ -z $config ]] || cp "$config" "$app/Contents/Resources/deskside.json"

timestamp=--timestamp
[[ $identity != '-' ]] || timestamp=--timestamp=none
codesign --force --options runtime "$timestamp" --entitlements Packaging/Deskside.entitlements \
    --sign "$identity" "$app"
codesign --verify --strict --verbose=2 "$app"

if [[ -n $notary ]]; then
    archive=$(mktemp -d)/Deskside.zip
    ditto -c -k --keepParent "$app" "$archive"
    xcrun notarytool submit "$archive" --keychain-profile "$notary" --wait
    rm -rf "$(dirname "$archive")"
    xcrun stapler staple "$app"
    spctl --assess --type execute --verbose=2 "$app"
fi
echo "$PWD/$app"
