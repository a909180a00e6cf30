#!/bin/sh
# Makes a fresh clone ready to run: installs packages, then compiles, each only where needed.
#
# The first thing behind `npm start` and `npm test`, on a machine that may hold nothing but an older
# Node and npm. It decides by file times alone, so that the second run costs nothing. Progress goes
# to stderr: stdout belongs to the command that follows.
set -eu
cd "$(dirname "$0")/.."

say() {
  printf 'holdfast: %s\n' "$1" >&2
}

# One installer or compiler at a time: the kernel drops this lock with the process that holds it.
exec 9<package.json
if command -v flock >/dev/null && ! flock -n 9; then
  say 'waiting for another build of this folder'
  flock 9
fi

installed=node_modules/.package-lock.json
if [ ! -f "$installed" ] || [ package-lock.json -nt "$installed" ]; then
  say 'installing packages (npm ci)'
  npm ci --include=dev --include=optional --loglevel=error --no-update-notifier >/dev/null
fi

if [ ! -x node_modules/.bin/node ]; then
  say 'the pinned runtime is not among the packages (it exists for Linux on x64 and arm64)'
  say 'mend it with: npm ci --include=optional'
  exit 1
fi
PATH=$PWD/node_modules/.bin:$PATH
export PATH

# Any source, declaration or setting newer than the last good build; folders count as well, so that
# a removed or renamed file is noticed.
changed() {
  find . \( -name node_modules -o -name dist -o -name '.?*' \) -prune -o \
    \( -name '*.ts' -o -name '*.tsx' -o -name tsconfig.json \
      -o -type d ! -name . \) \
    -newer dist/.built -print
}

if [ ! -f dist/.built ] || [ -n "$(changed)" ]; then
  [ -f dist/.built ] || say 'compiling'
  mkdir -p dist
  : >dist/.building # stamped before the compiler reads: what changes meanwhile is compiled next time
  tsc -p tsconfig.json || {
    say 'the sources do not compile'
    exit 1
  }
  node bin/bundle.mjs || say 'not bundled: a daemon starts slower'
  mv dist/.building dist/.built
fi
