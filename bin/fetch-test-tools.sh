#!/bin/sh
# Installs the software TPM that tests try the TPM layer on, where that is welcome: as root, on a
# machine with apt-get, and only in CI or when asked for with HOLDFAST_FETCH=1.
#
# Without it nothing fails: the tests that need it are skipped by name. So this never fails either.
set -u

tools='swtpm swtpm_setup swtpm_cert tpm2_quote'
packages='swtpm swtpm-tools tpm2-tools'

missing=
for tool in $tools; do
  command -v "$tool" >/dev/null || missing="$missing $tool"
done
[ -n "$missing" ] || exit 0

[ "${CI:-}" = true ] || [ "${HOLDFAST_FETCH:-}" = 1 ] || exit 0
[ "$(id -u)" = 0 ] || exit 0
command -v apt-get >/dev/null || exit 0

fetch() {
  DEBIAN_FRONTEND=noninteractive apt-get "$@" >/dev/null 2>&1
}

# shellcheck disable=SC2086 # a list of words
if ! { fetch update -q && fetch install -y -q --no-install-recommends $packages; }; then
  printf 'holdfast: %s could not be installed; the tests that need them are skipped\n' \
    "$packages" >&2
fi
