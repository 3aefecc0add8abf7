# shellcheck shell=bash
# What the scripts share: strict mode, folders, and the tools that are built once. Sourced, never run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # for the scripts
product=$root/src/migrate-mp2p
e2e=$root/src/e2e
cache=${XDG_CACHE_HOME:-$HOME/.cache}/nsx-mp2p
golangci_lint_version=v2.15.0
export GOFLAGS=-buildvcs=false
mkdir -p "$cache"

# say tells the reader what comes next.
say() { printf '\n== %s\n' "$*"; }

# die ends the script with a reason.
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# need COMMAND [PACKAGE] makes sure that COMMAND exists, and installs Debian's PACKAGE if it does not.
need() {
  command -v "$1" >/dev/null && return
  local package=${2:-$1}
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    die "$1 is missing: install the package $package, or run this as root on Debian"
  fi
  echo "installing $package"
  {
    [ -n "$(ls /var/lib/apt/lists/*_Packages 2>/dev/null)" ] || apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "$package"
  } >"$cache/apt.log" 2>&1 || die "installing $package failed: see $cache/apt.log"
}

# tool NAME prints the path of a tool. It is built by Go the first time, and again when what it is made from changes.
tool() {
  local name=$1 key file
  if [ "$name" = golangci-lint ]; then key=$golangci_lint_version; else key=$(sha256sum "$e2e/go.sum" | cut -c1-16); fi
  key=$key-$(go env GOVERSION)
  file=$cache/tools/$key/$name
  if [ ! -x "$file" ]; then
    mkdir -p "$(dirname "$file")"
    (
      flock 9
      [ -x "$file" ] || {
        echo "building $name (once; a minute or two)" >&2
        build_tool "$name" "$file.new" 2>"$file.log" || { cat "$file.log" >&2; exit 1; }
        mv "$file.new" "$file"
      }
    ) 9>"$file.lock" || die "building $name failed"
  fi
  echo "$file"
}

build_tool() {
  case $1 in
    bosh)
      go -C "$e2e" build -trimpath -o "$2" \
        -ldflags "-s -w -X github.com/cloudfoundry/bosh-cli/v7/cmd.VersionLabel=7.8.6" github.com/cloudfoundry/bosh-cli/v7 ;;
    bosh-agent) go -C "$e2e" build -trimpath -ldflags "-s -w" -o "$2" github.com/cloudfoundry/bosh-agent/v2/main ;;
    ginkgo) go -C "$e2e" build -o "$2" github.com/onsi/ginkgo/v2/ginkgo ;;
    golangci-lint)
      GOBIN=$2.bin go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$golangci_lint_version"
      mv "$2.bin/golangci-lint" "$2" && rmdir "$2.bin" ;;
    *) die "no tool is called $1" ;;
  esac
}

# program NAME MODULE PACKAGE builds a program of this repository, links it only when it changed, and prints its path. Each
# copy of the repository has its own, so that none runs what another one builds meanwhile.
program() {
  local folder
  folder=$cache/programs/$(sha256sum <<<"$root" | cut -c1-16)
  mkdir -p "$folder"
  flock "$folder/lock" go -C "$2" build -o "$folder/$1" "$3"
  echo "$folder/$1"
}

# kubernetes_world PODS prints the path of a saved etcd folder that holds so many pods, for benchmarks. 50,000 take half a
# minute the first time.
kubernetes_world() {
  local tools file
  tools=$("$root/scripts/kubernetes-tools")
  file=$cache/worlds/pods-$1-$(cat "$e2e/apiserver/crowd.go" <(basename "$tools") | sha256sum | cut -c1-16).tar.gz
  mkdir -p "$cache/worlds"
  (
    flock 9
    [ -e "$file" ] || "$(program apiserver "$e2e" ./cmd/apiserver)" save --programs "$tools" --pods "$1" --output "$file"
  ) 9>"$file.lock" || die "making a world of $1 pods failed"
  echo "$file"
}
