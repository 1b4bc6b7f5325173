# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2034
# Sourced by the other scripts: the root folder, the packages that the build needs, and functions to configure and build.
#
# On Debian 12 missing packages are installed; root is needed only if one is missing. On other systems a package counts as
# installed if the program that it provides is found; cmake reports the rest.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build_packages=(gcc libc6-dev cmake ninja-build pkg-config libgsl-dev libsqlite3-dev libfyaml-dev
    libcjson-dev libncurses-dev librandom123-dev libcmocka-dev libjs-dygraphs)

say() {
    printf '%s\n' "== $*" >&2
}

fail() {
    printf '%s: error: %s\n' "$(basename "$0")" "$*" >&2
    exit 4
}

# Whether the package is installed, or its program is provided by another one.
have_package() {
    case $1 in
    gnuplot-nox) command -v gnuplot >/dev/null && return ;;
    pkg-config) command -v pkg-config >/dev/null && return ;;
    gcc | clang | valgrind | python3) command -v "$1" >/dev/null && return ;;
    esac
    command -v dpkg-query >/dev/null || return 0 # not Debian: cmake reports what is missing
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# need_packages NAME...: install the missing ones.
need_packages() {
    local missing=() as_root=() package
    for package in "$@"; do
        have_package "$package" || missing+=("$package")
    done
    ((${#missing[@]} == 0)) && return
    command -v apt-get >/dev/null || fail "these Debian packages are missing: ${missing[*]}"
    if ((EUID != 0)); then
        command -v sudo >/dev/null ||
            fail "please install as root: apt-get install --no-install-recommends ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing: ${missing[*]}"
    # The list of packages may be absent or out of date: update it and try again.
    install_packages "${missing[@]}" 2>/dev/null && return
    "${as_root[@]}" apt-get update -qq >&2 || fail "apt-get update failed; is there a network?"
    install_packages "${missing[@]}" ||
        fail "could not install: ${missing[*]}"
}

# Uses `as_root` of the caller.
install_packages() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# configure FOLDER [CMAKE-OPTION...]
configure() {
    local folder=$1
    shift
    cmake -S "$root" -B "$folder" -G Ninja "$@" >"$folder.log" 2>&1 ||
        { cat "$folder.log" >&2; fail "cmake could not configure $folder"; }
    rm -f "$folder.log"
}

# build FOLDER [TARGET...]: prints nothing unless it fails.
build() {
    local folder=$1 log
    shift
    log=$(mktemp)
    if ! ninja -C "$folder" "$@" >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        fail "the build in $folder failed"
    fi
    rm -f "$log"
}
