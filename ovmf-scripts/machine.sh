# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# machine.sh - builds the machine of handover and runs it: command lines, initramfs, disk, firmware,
# QEMU. To be sourced by handover after lib.sh; the variables of the options are set there.
#
# Sets: logs       directory of serial.log and qemu.err
#       work       directory of all images, below $logs
#       log        verdict.sh cuts the serial log into the files $log.a and $log.b
#       qemu       QEMU and its arguments
#       qemu_end, qemu_status   how it ended, see qemu_watch in lib.sh

# shellcheck disable=SC2154 # kho_... and ktap_... are lib.sh's, the options handover's
# shellcheck disable=SC2034 # verdict.sh reads log

# ---- directories ---------------------------------------------------------------------------

# Makes the directory of the logs, and in it an empty one for the images.
make_directories() {
	made_logs=0
	if [ -z "$logs" ]; then
		mkdir -p "$kho_build/logs" && logs=$(mktemp -d "$kho_build/logs/handover.XXXXXX")
		made_logs=1
	fi
	mkdir -p "$logs" || exit 2
	logs=$(cd "$logs" && pwd)
	work=$logs/work log=$logs/work/log
	rm -rf "$work"
	mkdir -p "$work"
}

# Stops QEMU and removes the images. If all points passed, logs in a directory made here are removed, too.
# --keep keeps everything.
# shellcheck disable=SC2317 # called by trap
clean_up() {
	qemu_stop
	[ "$keep" -eq 1 ] || rm -rf "$work"
	[ "$made_logs" -eq 0 ] || [ "$keep" -eq 1 ] || [ "${ktap_failed:-1}" -gt 0 ] || rm -rf "$logs"
}

# ---- command lines -------------------------------------------------------------------------

# Sets luo_words: what A preserves and B checks. The seed differs from run to run; the log shows it, with
# the command line. Sets host_words, for hosts of guests.
choose_data() {
	host_words=''
	[ -z "$guest" ] || host_words=" $(host_words)"
	luo_words=''
	[ "$luo" -eq 0 ] && [ -z "$place" ] || luo_words=" khotest.luo=$luo${place:+ khotest.place=$place}"
	luo_words+=${luo_set:+ khotest.set=$luo_set}${guest:+ khotest.guest=$guest}
	if [ -n "$reserve" ]; then
		[[ $reserve = *:* ]] || reserve+=:$reserve
		luo_words+=" reserve_mem=$reserve:guests khotest.reserve=1"
	fi
	[ -z "$crash" ] || luo_words=" khotest.crash=1"
	luo_words+="${luo_words:+ khotest.seed=$RANDOM$RANDOM}${selftest:+ khotest.selftest=1}"
}

# For all kernels: they report to the serial port, and a panic ends the machine at once.
cmdline_common() { echo "$kho_words panic=-1 printk.devkmsg=on liveupdate=on$host_words"; }

# How the machine's init names the loader.
init_loader() {
	case $via,$loader in
	plain,*) echo plain ;;
	*,raw) echo uki ;;
	*,kexec-tools) echo kexec ;;
	*) echo "$loader" ;;
	esac
}

# What khoboot and khoctl are told at the load, on one line.
load_options() {
	local all="${zone:+khoboot.zone=$zone }$options"
	echo "${all% }"
}

# The command line of A.
cmdline_a() {
	local words
	words="$(cmdline_common) kho=$kho khotest.load=$(init_loader)$luo_words"
	[ "$via" != firmware ] || words+=' khotest.via=firmware khotest.boot_file=\EFI\khoboot\next.efi'
	[ -z "$(load_options)" ] || words+=' khotest.cmdline=/next/options'
	[ -z "$place" ] || words+=' transparent_hugepage=never'
	[ "$fence" -eq 0 ] || words+=" khoboot.fence=on${zone:+ khoboot.zone=$zone}"
	words+="${max_mem:+ test_kho.max_mem=$max_mem}${scratch:+ kho_scratch=$scratch}"
	words+="${crash:+ crashkernel=$crash}${append_from:+ $append_from}"
	echo "$words"
}

# cmdline_to WORDS: the command line of B, or of the kernel after B. A crash kernel does not start processors
# that its predecessor has stopped in the middle of something.
cmdline_to() {
	local reports=''
	[ "$report" -eq 0 ] || reports=' khotest.report=1'
	echo "$(cmdline_common) kho=$kho $1$luo_words$reports${crash:+ nr_cpus=1}${append_to:+ $append_to}"
}

# ---- initramfs -----------------------------------------------------------------------------

# add_next DIR INITRD CMDLINE [KERNEL]: adds to the initramfs in DIR what its kernel loads next (B, or KERNEL),
# and the tool for that
add_next() {
	local to=${4:-$to}
	mkdir -p "$1/next"
	if [ "$via" = plain ]; then
		cp "$to" "$1/next/linux"
		cp "$2" "$1/next/initrd"
		echo "$3" >"$1/next/cmdline"
		return
	fi
	if [ "$beside" -eq 1 ]; then
		mkdir -p "$work/beside/beside"
		pack "$work/beside" >"$work/beside.cpio"
		cp "$2" "$1/next/beside"
		set -- "$1" "$work/beside.cpio" "$3"
	fi
	make_uki "$1/next/uki.efi" "$to" "$2" "$3" ${fallback:+--fallback "$fallback"} \
		${ready:+"--ready=$ready"}
	# shellcheck disable=SC2086 # several words
	[ -z "$edit_uki" ] || $edit_uki "$1/next/uki.efi" || die "$edit_uki failed"
	[ -z "$(load_options)" ] || load_options >"$1/next/options"
	case $loader in
	khoctl) install "$kho_build/$kho_arch/khoctl" "$1/khoctl" ||
		die "khoctl is not built; run 'make' first" ;;
	kexec-tools) copy_with_libs "$(command -v kexec || echo /sbin/kexec)" "$1" /sbin/kexec ;;
	esac
}

# add_parts DIR: adds to the initramfs in DIR the parts from which B itself makes the next image (--hops)
add_parts() {
	mkdir -p "$1/next"
	install "$kho_build/$kho_arch/khoctl" "$1/khoctl"
	cp "${KHO_STUB:-$kho_build/$kho_arch/khoboot.efi}" "$1/next/stub.efi"
	cp "$to" "$1/next/linux"
}

# add_then: makes b.cpio for B and all kernels of --then. It holds the image of the first of these, which has an
# initramfs of its own with the image of the second, and so on: the last one is made first.
add_then() {
	local list i side=khotest.side=in
	IFS=, read -r -a list <<<"$then"
	for ((i = ${#list[@]} - 1; i >= 0; i--)); do
		rm -rf "$work/then"
		cp "$work/b.cpio" "$work/then.cpio"
		add_next "$work/then" "$work/then.cpio" "$(cmdline_to "$side")" "${list[i]}"
		{ cat "$work/init.cpio"; pack "$work/then"; } >"$work/b.cpio"
		side="khotest.side=both khotest.load=khoctl"
	done
	rm -rf "$work/then" "$work/then.cpio"
}

# Makes a.cpio and b.cpio. Each holds the machine's init; if the kernel hands over, it also holds what comes
# next. So the last kernel's is made first.
make_initrds() {
	local init side=khotest.side=in
	init=$(test_init) || exit 2
	mkdir -p "$work/init" "$work/a" "$work/b"
	install "$init" "$work/init/init"
	[ -z "$guest" ] || install "$kho_build/x86_64/vmm" "$work/init/vmm" || die "the VMM is not built; run 'make test-tools' first"
	pack "$work/init" >"$work/init.cpio"
	cat "$work/init.cpio" ${initrd:+"$initrd"} >"$work/b.cpio"
	if [ -n "$selftest" ]; then
		install "${selftest%,*}" "$work/a/selftest"
		install "${selftest#*,}" "$work/b/selftest"
		pack "$work/b" >>"$work/b.cpio"
	fi
	if [ "$report" -eq 1 ]; then
		install "$kho_build/$kho_arch/khoctl" "$work/b/khoctl" || die "khoctl is not built; run 'make' first"
		pack "$work/b" >>"$work/b.cpio"
	fi
	if [ "$chain" -eq 1 ]; then
		add_next "$work/b" "$work/init.cpio" "$(cmdline_to $side)"
		pack "$work/b" >>"$work/b.cpio"
		side="khotest.side=both khotest.load=$(init_loader)"
	fi
	if [ "$hops" -gt 0 ]; then
		add_parts "$work/b"
		pack "$work/b" >>"$work/b.cpio"
		side="khotest.side=both khotest.load=khoctl khotest.hops=$hops"
	fi
	if [ -n "$then" ]; then
		add_then
		side="khotest.side=both khotest.load=khoctl"
	fi
	add_next "$work/a" "$work/b.cpio" "$(cmdline_to "$side")"
	{ cat "$work/init.cpio"; pack "$work/a"; } >"$work/a.cpio"
}

# ---- QEMU ----------------------------------------------------------------------------------

# A disk from which UEFI starts khoboot, with A in its image. For the firmware route B's image is on it,
# too, and the machine continues after a reset.
add_disk() {
	make_uki "$work/a.efi" "$from" "$work/a.cpio" "$(cmdline_a)" ${ready:+"--ready=$ready"}
	if [ "$via" = firmware ]; then
		make_esp "$work/esp.img" "$work/a.efi" "$work/a/next/uki.efi"
		qemu+=(-action reboot=reset)
	else
		make_esp "$work/esp.img" "$work/a.efi"
	fi
	[ "$gpt" -eq 0 ] || on_gpt "$work/esp.img"
	# shellcheck disable=SC2054 # QEMU's own commas
	qemu+=(-drive "if=none,id=esp,format=raw,file=$work/esp.img"
		-device virtio-blk-pci,drive=esp)
}

# The command line of QEMU. A is on the disk, or QEMU loads it: with --door kernel, and for a plain run.
make_machine() {
	local words store=''
	qemu_base "$mem" "$smp" "$cpu"
	[ -z "$machine" ] || qemu+=(-machine "$machine")
	[ "$variables" = rw ] || store=readonly=on
	[ "$door" = kernel ] || qemu_firmware "$work" "$firmware" "$store"
	if [ "$door" = uefi ] && [ "$via" != plain ]; then
		add_disk
	else
		qemu+=(-kernel "$from" -initrd "$work/a.cpio" -append "$(cmdline_a)")
	fi
	# A frame buffer of a device, or one that firmware takes from RAM.
	[ "$screen" -eq 0 ] || qemu+=(-device "$([ "$kho_arch" = arm64 ] && echo ramfb || echo bochs-display),id=screen")
	read -r -a words <<<"$qemu_more"
	qemu+=("${words[@]}")
}

# Runs it until it ends, on_line (verdict.sh) has seen enough, or the time of --timeout is over.
#
# Once in some thousand starts the emulated firmware of arm64 hangs before it starts anything. That says
# nothing of khoboot: the machine is started once more, and the log of the first is kept.
run_machine() {
	local wrapper
	read -r -a wrapper <<<"$wrap"
	qemu=("${wrapper[@]}" "${qemu[@]}")
	mark start
	note 'the machine is switched on'
	qemu_watch "$logs" "$limit" on_line "$patience"
	if [ "$qemu_end" = silent ]; then
		echo "# nothing was started within $patience s: once more, see serial.silent"
		mv "$logs/serial.log" "$logs/serial.silent"
		mark start
		qemu_watch "$logs" "$limit" on_line
	fi
	mark end
}
