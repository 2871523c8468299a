# What a container runtime does with an image, by the system's own tools. Runs as root in a mount and
# a process namespace of its own (container.ts): with its last process the mounts are gone.
#
# Usage: sh container.sh ROOT (tmpfs PATH OPTIONS | secret PATH DIR)... -- COMMAND...
set -eu
root=$1
shift
mount --bind "$root" "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o nosuid,noexec,mode=755,size=64k tmpfs "$root/dev"
for device in null zero random urandom; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
while [ "$1" != -- ]; do
  case $1 in
    tmpfs) mount -t tmpfs -o "nosuid,nodev,$3" tmpfs "$root$2" ;;
    secret)
      mount --bind "$3" "$root$2"
      mount -o remount,bind,ro,nosuid,nodev,noexec "$root$2"
      ;;
  esac
  shift 3
done
shift
mount -o remount,bind,ro,nosuid,nodev "$root"
# What chroot itself needs is left: it goes with root, and nothing gets it back.
exec setpriv --no-new-privs --inh-caps=-all --ambient-caps=-all \
  --bounding-set=-all,+sys_chroot,+setuid,+setgid "$@"
