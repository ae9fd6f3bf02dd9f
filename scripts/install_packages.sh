#!/usr/bin/env bash
# Installs what ptpython is built and tested with on Debian 12. Does nothing when all of it is there.
set -euo pipefail
packages=(
  clang-19 lld-19 llvm-19-dev libclang-rt-19-dev clang-format-19 clang-tidy-19
  cmake ninja-build ccache make git
  libmimalloc-dev libtbb-dev libgmp-dev libicu-dev libgtest-dev libpfm4-dev
  zlib1g-dev libbz2-dev liblzma-dev libssl-dev libsqlite3-dev libexpat1-dev libffi-dev libedit-dev uuid-dev
  python3.11 libpython3.11-minimal libpython3.11-stdlib libpython3.11-testsuite pypy3
)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ "${#missing[@]}" -eq 0 ] && exit 0
sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -q
"${sudo[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}"
