#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Check the Debian package: what `cmake --install` puts in place is whole, and it works from another folder.
#
#   scripts/check_package.sh BUILD-FOLDER [--bare]
#
# --bare: also install it with apt-get on a bare Debian 12 in a folder (needs root, debootstrap and Debian's packages).
# Called by ctest (label `long`); exit code 77 if dpkg-deb is missing.
set -euo pipefail
build=$(realpath "$1")
command -v dpkg-deb >/dev/null || { echo "no dpkg-deb: skipped"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
fail() { printf 'check_package: error: %s\n' "$*" >&2 && exit 1; }

(cd "$build" && cpack -G DEB -B "$work/package" >"$work/log" 2>&1) || { cat "$work/log" >&2; fail "cpack failed"; }
package=("$work"/package/*.deb)
dpkg-deb -x "${package[0]}" "$work/unpacked"
dpkg-deb -f "${package[0]}" Depends | grep -q 'gnuplot.*libgsl' || dpkg-deb -f "${package[0]}" Depends | grep -q 'libgsl.*gnuplot' ||
    fail "the package does not depend on its libraries and gnuplot"
for file in bin/isthmus share/isthmus/scenarios/10-peering-brownout.yaml share/isthmus/scenarios/reference/global-datastore.yaml \
    share/isthmus/scenario.schema.json share/man/man1/isthmus.1 share/man/man1/isthmus-run.1 \
    share/bash-completion/completions/isthmus share/zsh/vendor-completions/_isthmus share/doc/isthmus/copyright; do
    [[ -s $work/unpacked/usr/$file ]] || fail "/usr/$file is missing"
done

# The demo, from a folder without the sources.
mkdir "$work/elsewhere" && cd "$work/elsewhere"
share=$work/unpacked/usr/share
PATH=$work/unpacked/usr/bin:$PATH
isthmus run "$share/isthmus/scenarios/10-peering-brownout.yaml" --set duration=2min --set warmup=30s --set 'faults=[]' \
    --set 'expect=[]' --replications 2 --quiet --plot || fail "the demo ended with exit code $?"
[[ -s results/10-peering-brownout.db && -s results/peering-brownout-timeline.png ]] || fail "the demo left no results"

# Every page is without an error of roff; completion knows verbs, options and choices.
if command -v groff >/dev/null; then
    for page in "$share"/man/man1/*; do
        [[ -z $(groff -man -Tutf8 -ww -z "$page" 2>&1) ]] || fail "$(groff -man -Tutf8 -ww -z "$page" 2>&1)"
    done
fi
completes() { # the line so far: what it completes to
    bash -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _isthmus; printf "%s " "${COMPREPLY[@]}"' \
        - "$share/bash-completion/completions/isthmus" "$@"
}
[[ $(completes isthmus swe) == 'sweep ' ]] || fail "bash completes no verb"
[[ $(completes isthmus run --repl) == *--replications* ]] || fail "bash completes no option"
[[ $(completes isthmus plot --format s) == 'svg ' ]] || fail "bash completes no choice"
[[ $(completes isthmus compare --pre) != *--precision* ]] || fail "bash completes an option that is refused"
! command -v zsh >/dev/null || zsh -n "$share/zsh/vendor-completions/_isthmus"

if [[ ${2:-} == --bare ]]; then
    debootstrap --variant=minbase bookworm "$work/bare" >"$work/log" 2>&1 || { tail -5 "$work/log" >&2; fail "debootstrap"; }
    cp "${package[0]}" "$work/bare/isthmus.deb"
    cp /etc/resolv.conf "$work/bare/etc/" 2>/dev/null || true
    cp -r /etc/apt/. "$work/bare/etc/apt/"
    chroot "$work/bare" sh -ec 'apt-get update -qq; apt-get install -y -qq --no-install-recommends /isthmus.deb >/dev/null
        cd /tmp; isthmus run /usr/share/isthmus/scenarios/00-baseline.yaml --set duration=1min --set warmup=20s --set "expect=[]" \
            --replications 2 --quiet --plot; ls results' || fail "the package does not work on a bare Debian 12"
fi
echo "the package is whole and works"
