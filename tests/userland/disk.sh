# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# disk.sh - a disk with an ESP and a root, made without root rights. To be sourced after pool.sh.
#
# make_disk calls own_files DIR, which puts into DIR what is added to the root, and make_volume FILE, which makes the ESP
# of $esp_size megabytes.

disk=$pool_dir/disk.img
# Megabytes.
esp_at=1

# What nobody needs in a machine that lives for two minutes.
masked="systemd-firstboot.service systemd-hwdb-update.service ldconfig.service systemd-journal-catalog-update.service
	systemd-update-done.service systemd-logind.service systemd-logind-varlink.socket getty-static.service
	getty@tty1.service serial-getty@ttyS0.service"

# mask_units DIR
mask_units() {
	local unit
	for unit in $masked; do ln -s /dev/null "$1/etc/systemd/system/$unit"; done
}

# from_root PATH FILE: a file of the root
from_root() { debugfs -R "dump $1 $2" "$pool_dir/root.img" 2>/dev/null && [ -s "$2" ] || die "no $1 in the root"; }

# add_files DIR IMAGE: what is in DIR, to a file system
add_files() {
	local sample
	(
		cd "$1" || exit
		find . -mindepth 1 -type d -printf 'mkdir /%P\n'
		find . -type f -printf 'rm /%P\nwrite %p /%P\n'
		find . -type l -printf 'symlink /%P %l\n'
	) >"$pool_dir/debugfs.in"
	# It complains of directories that are there, and files that are not.
	(cd "$1" && debugfs -w -f "$pool_dir/debugfs.in" "$2") >"$pool_dir/debugfs.out" 2>&1
	sample=$(cd "$1" && find usr/local/bin -type f -print -quit)
	debugfs -R "stat /$sample" "$2" 2>/dev/null | grep -q 'Type: regular *Mode: *0755' ||
		die "debugfs has not written the files; see $pool_dir/debugfs.out"
}

# pack_volume DIR FILE: a FAT file system of what is in DIR
pack_volume() {
	truncate -s "${esp_size}M" "$2"
	mformat -i "$2" -t "$esp_size" -h 32 -s 64 -v ESP ::
	mcopy -s -i "$2" "$1"/* ::/
}

# onto_disk FILE MEGABYTES: FILE to this place on the disk
onto_disk() { dd if="$1" of="$disk" bs=1M seek="$2" conv=notrunc,sparse status=none && rm "$1"; }

# make_disk ROOT: from this file system
make_disk() {
	local root_at=$((esp_at + esp_size))
	cp --sparse=always "$1" "$pool_dir/root.img"
	own_files "$pool_dir/own"
	add_files "$pool_dir/own" "$pool_dir/root.img"
	make_volume "$pool_dir/esp.img"
	truncate -s $((root_at + 1 + $(stat -c %s "$1") / 1048576))M "$disk"
	printf 'label: gpt\nstart=%dM, size=%dM, type=uefi\nstart=%dM, type=linux\n' \
		$esp_at "$esp_size" $root_at | /sbin/sfdisk -q "$disk" || die "sfdisk failed"
	onto_disk "$pool_dir/esp.img" $esp_at
	onto_disk "$pool_dir/root.img" $root_at
}
