#!/bin/busybox sh
# The guest's first process. The host's root file system comes over 9p, read-only; what is written goes to a tmpfs over it.
PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
echo 'rig: booted' >/dev/console
! grep -q rig.probe /proc/cmdline || poweroff -f

finish() {
  echo "$1" >/dev/vport0p2
  sync
  poweroff -f
}

while read -r module; do insmod "/modules/$module"; done </modules/order
# The ports come a moment after their driver.
tries=0
while [ ! -e /dev/vport0p3 ] && [ $tries -lt 200 ]; do
  tries=$((tries + 1))
  usleep 50000
done

mkdir -p /mnt/host /mnt/tmpfs /mnt/root
mount -t 9p -o ro,cache=loose,trans=virtio,version=9p2000.L,msize=512000 root /mnt/host || finish 125
mount -t tmpfs -o mode=755 tmpfs /mnt/tmpfs
mkdir /mnt/tmpfs/upper /mnt/tmpfs/work
mount -t overlay -o lowerdir=/mnt/host,upperdir=/mnt/tmpfs/upper,workdir=/mnt/tmpfs/work overlay /mnt/root || finish 125
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /dev/shm
mount -t tmpfs tmpfs /dev/shm
for folder in proc sys dev; do mount -o move /$folder /mnt/root/$folder; done
mount -t tmpfs tmpfs /mnt/root/run
cp /bin/busybox /command /mnt/root/run/
cat >/mnt/root/run/init <<'END'
#!/run/busybox sh
/run/busybox ip link set lo up
/bin/sh /run/command </dev/null >/dev/vport0p1 2>&1
echo $? >/dev/vport0p2
/run/busybox sync
/run/busybox poweroff -f
END
chmod +x /mnt/root/run/init
# No chroot: a process in one cannot make user namespaces.
exec switch_root /mnt/root /run/init
