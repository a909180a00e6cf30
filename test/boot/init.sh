#!/bin/busybox sh
# The first process of the guest. It mounts what Linux offers, and then does what it is told over
# the second serial port: a command a line, its output, and a line with its exit code.
export PATH=/bin:/usr/bin HOME=/root
/bin/busybox mkdir -p /bin /usr/bin /dev /proc /sys /run /tmp /root /var/lib
/bin/busybox --install -s /bin
ln -sf /bin/busybox /usr/bin/env
mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t securityfs securityfs /sys/kernel/security
mount -t ext4 /dev/nvme0n1 /var/lib
ip link set lo up

exec 3<>/dev/ttyS1
stty -F /dev/ttyS1 raw -echo
echo '== ready ==' >&3
while read -r line <&3; do
  eval "$line" >&3 2>&1 </dev/null
  echo "== exit $? ==" >&3
done
