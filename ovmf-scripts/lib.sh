# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# lib.sh - what the boot scripts share: KTAP, initramfs, QEMU. To be sourced.
#
# Environment: KHO_BUILD   where khoboot was built (default: build/ of this tree)
#              KHO_ARCH    x86_64 (default) or arm64
#              KHO_ACCEL   QEMU accelerator (default: tcg with one thread; KVM often exists but cannot
#                          run OVMF)
#              KHO_OVMF    directory of OVMF_CODE_4M.fd and OVMF_VARS_4M.fd, or of AAVMF_CODE.fd and
#                          AAVMF_VARS.fd
#              KHO_QEMU    QEMU to use

export LC_ALL=C
kho_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
kho_build=${KHO_BUILD:-$kho_root/build}

die() { echo "${0##*/}: $*" >&2; exit 2; }

# set_arch ARCH: sets the variables that depend on it
# shellcheck disable=SC2034 # kho_words is for the scripts
set_arch() {
	kho_arch=$1
	case $1 in
	x86_64)
		kho_qemu=qemu-system-x86_64 kho_ovmf=/usr/share/OVMF
		kho_boot_file=BOOTX64.EFI
		# The kernel does not spend time on calibrating clocks, and skips a check of the timer that
		# panics when the host is busy.
		kho_words="console=ttyS0 tsc=reliable lpj=5000000 no_timer_check"
		;;
	arm64)
		kho_qemu=qemu-system-aarch64 kho_ovmf=/usr/share/AAVMF
		kho_boot_file=BOOTAA64.EFI
		kho_words="console=ttyAMA0 earlycon=pl011,mmio32,0x9000000"
		;;
	*) die "$1: must be x86_64 or arm64" ;;
	esac
	kho_qemu=${KHO_QEMU:-$kho_qemu} kho_ovmf=${KHO_OVMF:-$kho_ovmf}
	export KHO_ARCH=$1
}
set_arch "${KHO_ARCH:-x86_64}"

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || die "$tool is missing; 'make deps' installs it"
	done
}

# ---- KTAP ----------------------------------------------------------------------------------

ktap_n=0 ktap_passed=0 ktap_failed=0 ktap_skipped=0

ktap_start() { printf 'KTAP version 1\n1..%d\n' "$1"; }
ktap_diag() { sed 's/^/# /'; }

ktap_pass() {
	ktap_n=$((ktap_n + 1)) ktap_passed=$((ktap_passed + 1))
	echo "ok $ktap_n $1"
}

ktap_fail() {
	ktap_n=$((ktap_n + 1)) ktap_failed=$((ktap_failed + 1))
	echo "not ok $ktap_n $1"
}

ktap_skip() {
	ktap_n=$((ktap_n + 1)) ktap_skipped=$((ktap_skipped + 1))
	echo "ok $ktap_n $1 # SKIP $2"
}

# ktap_test NAME COMMAND...: one test point, decided by the command
ktap_test() {
	local name=$1
	shift
	if "$@"; then ktap_pass "$name"; else ktap_fail "$name"; fi
}

# ---- what runs in the machine ---------------------------------------------------------------

# test_compiler: for programs of the machine
test_compiler() {
	local machine=${kho_arch/arm64/aarch64}
	if [ "$(uname -m)" = "$machine" ]; then echo "${CC:-gcc}"; else echo "$machine-linux-gnu-gcc"; fi
}

# test_init: path of the machine's init, compiled when it is older than its source
test_init() {
	local dir=$kho_root/tests/init out=$kho_build/$kho_arch/init
	if [ ! -x "$out" ] || [ -n "$(find "$dir" -newer "$out" -name '*.[ch]')" ]; then
		mkdir -p "${out%/*}"
		"$(test_compiler)" -std=gnu11 -D_GNU_SOURCE -Os -static -s -Wall -Wextra -Werror \
			-o "$out.$$" "$dir"/*.c || die "the init of the test machines does not compile"
		mv "$out.$$" "$out"
	fi
	echo "$out"
}

# host_words: for the command line of kernels of x86_64 that run guests.
#
# The processors of QEMU 7.2 do not say that their time stamp counter is even, and then KVM adjusts its guests' by
# what the kernel measured. And now and then a timer's interrupt that comes while a guest runs stays pending in QEMU
# while the processor is halted: with one timer for each event the kernel then sleeps for ever, with a periodic one
# until the next tick. How fast the clock is, is this machine's, which nobody can know if it is another one
# (tests/tsc.c).
host_words() {
	local tool=$kho_build/host/tsc words="setcpuid=constant_tsc highres=off"
	if [ "$kho_arch,$(uname -m)" != x86_64,x86_64 ]; then echo "$words"; return; fi
	if [ ! "$tool" -nt "$kho_root/tests/tsc.c" ]; then
		mkdir -p "${tool%/*}"
		"${CC:-gcc}" -O2 -o "$tool.$$" "$kho_root/tests/tsc.c" && mv "$tool.$$" "$tool" || return
	fi
	echo "$words tsc_early_khz=$("$tool")"
}

# pack DIR: DIR as a newc archive on stdout, owned by root. The kernel takes several in a row.
pack() { (cd "$1" && find . -mindepth 1 | sort | cpio -o -H newc -R 0:0 --quiet); }

# copy_with_libs PROGRAM DIR PATH: a dynamically linked program and what it needs, below DIR
copy_with_libs() {
	local lib
	install -D "$1" "$2$3"
	ldd "$1" | grep -o '/[^ ]*' | while read -r lib; do
		install -D "$lib" "$2$lib"
	done
}

# khoctl_host: khoctl of this machine
khoctl_host() {
	local tool
	for tool in "$kho_build/host/khoctl" "$kho_build/$kho_arch/khoctl"; do
		[ -x "$tool" ] && { echo "$tool"; return; }
	done
	die "khoctl is not built; run 'make' first"
}

# make_uki OUT LINUX INITRD CMDLINE [OPTION...]: by khoctl uki, with its options
make_uki() {
	local stub=${KHO_STUB:-$kho_build/$kho_arch/khoboot.efi}
	[ -s "$stub" ] || die "$stub is not built; run 'make' first"
	"$(khoctl_host)" uki --stub "$stub" --linux "$2" --initrd "$3" --cmdline "$4" -o "$1" "${@:5}" \
		>&2 || die "khoctl uki failed"
}

# make_esp IMAGE PROGRAM [NEXT]: a FAT file system that firmware starts PROGRAM from; NEXT becomes
# EFI/khoboot/next.efi
make_esp() {
	local image=$1 program=$2 size=8
	shift
	size=$((size + $(cat "$@" | wc -c) / 1048576))
	rm -f "$image"
	truncate -s "${size}M" "$image"
	# 1 MiB cylinders of 32 heads and 64 sectors; mtools needs a geometry for a bare file
	mformat -i "$image" -t "$size" -h 32 -s 64 -v KHOBOOT ::
	mmd -i "$image" ::/EFI ::/EFI/BOOT ::/EFI/khoboot
	mcopy -i "$image" "$program" "::/EFI/BOOT/$kho_boot_file"
	[ $# -lt 2 ] || mcopy -i "$image" "$2" ::/EFI/khoboot/next.efi
}

# on_gpt IMAGE: that file system becomes a partition, $kho_partition, of a disk with a GPT
kho_partition=00112233-4455-6677-8899-aabbccddeeff
on_gpt() {
	local image=$1 size
	size=$(($(stat -c %s "$image") >> 20))
	mv "$image" "$image.fat"
	truncate -s $((size + 4))M "$image"
	printf 'label: gpt\nstart=1M, size=%sM, type=uefi, uuid=%s\n' "$size" "$kho_partition" | /sbin/sfdisk -q "$image" &&
		dd if="$image.fat" of="$image" bs=1M seek=1 conv=notrunc status=none
	rm "$image.fat"
}

# ---- QEMU ----------------------------------------------------------------------------------

# qemu_base MEM SMP CPU: sets the array qemu to what every machine of the tests has. It ends at a
# reset, unless `-action reboot=reset` follows.
#
# All processors share one thread of QEMU: with a thread for each, QEMU 7.2 now and then runs a breakpoint that
# Linux has taken out again while it patches its code ("Oops: int3", or silence).
qemu_base() {
	local machine=q35
	[ "$kho_arch" = x86_64 ] || machine=virt,gic-version=3
	qemu=("$kho_qemu" -machine "$machine" -accel "${KHO_ACCEL:-tcg,thread=single}" -cpu "$3" -m "$1" -smp "$2"
		-display none -vga none -nic none -no-reboot -nodefaults)
}

# firmware_code: path of the installed UEFI firmware
firmware_code() {
	if [ "$kho_arch" = x86_64 ]; then echo "$kho_ovmf/OVMF_CODE_4M.fd"; else echo "$kho_ovmf/AAVMF_CODE.fd"; fi
}

# qemu_firmware DIR [CODE [OPTIONS]]: UEFI, with a variable store of its own in DIR: a copy of the one that
# has the name of the code image, or else of the empty one. Builds for Secure Boot need SMM. OPTIONS are
# added to the drive of the store. A u-boot.bin starts as it is.
qemu_firmware() {
	local code=${2:-$(firmware_code)} vars
	[ -r "$code" ] || die "no firmware at $code; 'make deps' installs it"
	case $code in
	*u-boot*) qemu+=(-bios "$code"); return ;;
	esac
	vars=${code%/*}/$(basename "$code" | sed 's/CODE/VARS/')
	[ -r "$vars" ] || vars=${code%/*}/$(basename "$(firmware_code)" | sed 's/CODE/VARS/')
	cp "$vars" "$1/vars.fd" || die "no variable store beside $code"
	chmod u+w "$1/vars.fd"
	case $(readlink -f "$code") in
	*AAVMF*) ;;
	*secboot*) qemu+=(-machine "q35,smm=on" -global "driver=cfi.pflash01,property=secure,value=on") ;;
	esac
	qemu+=(-drive "if=pflash,unit=0,format=raw,readonly=on,file=$code"
		-drive "if=pflash,unit=1,format=raw,file=$1/vars.fd${3:+,$3}")
}

# qemu_stop: for the traps of scripts, so that no machine outlives them
qemu_stop() { [ -z "${qemu_pid:-}" ] || kill -KILL "$qemu_pid"; }

# screen_shows DIR TEXT: can TEXT be read on the device "screen" of the machine that qemu_watch runs? For its HOOK.
# Asks again for up to ten seconds, and leaves the picture and its text in DIR/screen.ppm and screen.txt.
screen_shows() {
	local dir=$1 end=$((EPOCHSECONDS + 10))
	while [ $EPOCHSECONDS -lt $end ]; do
		echo "screendump $dir/screen.ppm screen" >&7
		# The monitor's prompt, once it has done that.
		IFS= read -r -t 1 -d ')' -u 8 _
		"$kho_build/host/readscreen" "$dir/screen.ppm" >"$dir/screen.txt" 2>/dev/null &&
			grep -qF -e "$2" "$dir/screen.txt" && return 0
	done
	echo "not on the screen: $2"
	return 1
}

# qemu_watch DIR SECONDS HOOK [FIRST]: runs the array qemu with its first serial port on DIR/serial.log.
# HOOK is called with every line of it; if it returns 1, the machine is told to quit. With FIRST it is
# also ended when HOOK has not set qemu_spoke to 1 within so many seconds. Sets qemu_end (self, asked,
# silent or timeout) and qemu_status.
qemu_watch() {
	local dir=$1 end=$((EPOCHSECONDS + $2)) hook=$3 line until
	local first=$((EPOCHSECONDS + ${4:-$2}))
	# Appended to: a wrapper may start QEMU more than once.
	: >"$dir/serial.log"
	rm -f "$dir"/mon.in "$dir"/mon.out "$dir"/qemu.out
	mkfifo "$dir/mon.in" "$dir/mon.out" "$dir/qemu.out"
	"${qemu[@]}" -chardev "stdio,id=serial,signal=off,logfile=$dir/serial.log,logappend=on" \
		-serial chardev:serial -chardev "pipe,id=mon,path=$dir/mon" -mon chardev=mon \
		</dev/null >"$dir/qemu.out" 2>"$dir/qemu.err" &
	qemu_pid=$!
	exec 7<>"$dir/mon.in" 8<>"$dir/mon.out" 6<"$dir/qemu.out"
	qemu_end=self qemu_status=0 qemu_spoke=0 until=$((first < end ? first : end))
	while [ $EPOCHSECONDS -lt $until ]; do
		if IFS= read -r -t $((until - EPOCHSECONDS + 1)) -u 6 line; then
			"$hook" "${line%$'\r'}" || { qemu_end=asked; break; }
			[ $qemu_spoke -eq 0 ] || until=$end
		elif [ $EPOCHSECONDS -lt $until ]; then
			break
		fi
	done
	# It quits within seconds of being asked; otherwise it is killed.
	[ $EPOCHSECONDS -lt $until ] || qemu_end=$([ $EPOCHSECONDS -lt $end ] && echo silent || echo timeout)
	[ $qemu_end = self ] || echo quit >&7
	timeout 10 cat <&6 >/dev/null || kill -KILL "$qemu_pid"
	# shellcheck disable=SC2034 # the caller reads it
	wait "$qemu_pid" || qemu_status=$?
	qemu_pid=''
	exec 6<&- 7>&- 8>&-
	rm -f "$dir"/mon.in "$dir"/mon.out "$dir"/qemu.out
}
